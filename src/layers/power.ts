/**
 * Products of powers of fields.
 *
 * @module
 */
import { ones, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { fieldsOf } from "../ops/interaction/field_padding.ts";
import { powerDense } from "../ops/interaction/power_dense.ts";

/** Options of {@linkcode logarithmicLayer}. */
export interface LogarithmicOptions {
  /** Name of the layer. @default {"neurons"} */
  name?: string;
}

/**
 * Applies logarithmic neurons, products of fields with learned powers, and a dense layer to all of their numbers:
 * y[b, h] = bias[h] + sum_n sum_d W[(n, d), h] norm_n(exp(sum_f w[f, n] l[b, f, d])).
 *
 * Products are batch-normalized neuron by neuron, as by {@linkcode channelNorm}; they are never in memory all at once.
 *
 * @param logs logarithms of the fields `[B, F, D]`
 * @param neurons neurons N
 * @param units width H of the result
 * @returns `[B, H]`
 */
export function logarithmicLayer(
  logs: Tensor,
  neurons: number,
  units: number,
  options: LogarithmicOptions = {},
): Tensor {
  const { graph } = logs;
  const name = graph.uniqueName(options.name ?? "neurons");
  const { rows, dim } = fieldsOf("logarithmic_layer", logs);
  const powers = graph.parameter(`${name}.powers`, [rows, neurons], xavierNormal());
  const norm = {
    gamma: graph.parameter(`${name}.bn.weight`, [neurons], ones()),
    beta: graph.parameter(`${name}.bn.bias`, [neurons], zeros()),
    mean: graph.statistic(`${name}.bn.mean`, [neurons], zeros()),
    variance: graph.statistic(`${name}.bn.variance`, [neurons], ones()),
  };
  const weight = graph.parameter(`${name}.weight`, [neurons * dim, units], xavierNormal());
  return powerDense(logs, powers, norm, weight, graph.parameter(`${name}.bias`, [units], zeros()));
}
