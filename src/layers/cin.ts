/**
 * The compressed interaction network.
 *
 * @module
 */
import { xavierNormal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { rowDot } from "../ops/dense/arithmetic.ts";
import { addBias } from "../ops/dense/bias.ts";
import { cinLayer } from "../ops/interaction/cin.ts";
import { logitOfForm } from "../ops/interaction/cin_logit.ts";
import { foldTop } from "../ops/interaction/cin_top.ts";
import { columns, concat } from "../ops/shape/concat.ts";
import { dense as product } from "../ops/dense/dense.ts";
import { fieldsOf, padDimensions } from "../ops/interaction/field_padding.ts";
import { fieldDense } from "../ops/interaction/field_dense.ts";
import { reshape } from "../ops/shape/reshape.ts";

/** Options of {@linkcode cin}. */
export interface CinOptions {
  /** Name of the layers' prefix. @default {"cin"} */
  name?: string;
  /** Applied to each layer. @default {"none"} */
  activation?: "none" | "relu";
  /** Whether half of a layer's maps go to the next layer only, and the other half to the result. @default {false} */
  splitHalf?: boolean;
}

/** Options of {@linkcode cinLogit}. */
export interface CinLogitOptions extends CinOptions {
  /** Whether a bias is added to the logit. @default {true} */
  bias?: boolean;
}

interface Layers {
  readonly x: Tensor;
  readonly pooled: readonly Tensor[];
}

function checkUnits(units: readonly number[], splitHalf: boolean): void {
  const least = splitHalf ? 2 : 1;
  if (units.length === 0 || units.some((width) => !Number.isInteger(width) || width < least)) {
    throw new RangeError(`Cannot build cin: each layer needs ${least} feature maps or more, received [${units}]`);
  }
}

function weightsOf(x: Tensor, x0: Tensor, units: number, name: string): { weight: Tensor; bias: Tensor } {
  const terms = fieldsOf("cin", x).rows * fieldsOf("cin", x0).rows;
  return {
    weight: x.graph.parameter(`${name}.weight`, [terms, units], xavierNormal()),
    bias: x.graph.parameter(`${name}.bias`, [units], zeros()),
  };
}

/** Stacks layers; `more` tells whether another layer follows the last of them. */
function stack(
  x0: Tensor,
  dim: number,
  units: readonly number[],
  prefix: string,
  more: boolean,
  options: CinOptions,
): Layers {
  const pooled: Tensor[] = [];
  const x = units.reduce((x, width, k) => {
    const { weight, bias } = weightsOf(x, x0, width, `${prefix}.${k}`);
    const layer = cinLayer(x, x0, weight, bias, { dim, relu: options.activation === "relu" });
    if (!options.splitHalf || (!more && k === units.length - 1)) {
      pooled.push(layer.pooled);
      return layer.next;
    }
    const half = Math.floor(width / 2);
    pooled.push(columns(layer.pooled, half, width - half));
    const stride = widthOf(layer.next.shape) / width;
    return reshape(columns(reshape(layer.next, ["B", width * stride]), 0, half * stride), ["B", half, stride]);
  }, x0);
  return { x, pooled };
}

/**
 * Crosses fields explicitly, one order more with each layer, and sums each feature map over the dimensions:
 * X^k[h, d] = act(b[h] + sum_{i, j} W^k[i F + j, h] X^(k-1)[i, d] X^0[j, d]), v^k[h] = sum_d X^k[h, d].
 *
 * Lian et al., KDD 2018, equations 6 to 8. No product of two fields is ever in memory.
 *
 * @param e embeddings `[B, F, D]`
 * @param units feature maps of each layer
 * @returns `[B, N]`: the v^k side by side
 * @throws {RangeError} when there is no layer, or one without feature maps
 */
export function cin(e: Tensor, units: readonly number[], options: CinOptions = {}): Tensor {
  checkUnits(units, options.splitHalf ?? false);
  const prefix = e.graph.uniqueName(options.name ?? "cin");
  return concat(...stack(padDimensions(e), fieldsOf("cin", e).dim, units, prefix, false, options).pooled);
}

/**
 * Computes the logit of a compressed interaction network: top . cin(e) + bias.
 *
 * Without an activation the last layer and the top are one bilinear form of X^(k-1) and X^0, whose weights are
 * sum_h top[h] W[i, j, h]: the same numbers for a small share of the arithmetic.
 *
 * @param e embeddings `[B, F, D]`
 * @param units feature maps of each layer
 * @returns `[B, 1]`
 * @throws {RangeError} when there is no layer, or one without feature maps
 */
export function cinLogit(e: Tensor, units: readonly number[], options: CinLogitOptions = {}): Tensor {
  const { graph } = e;
  const { name = "cin", activation = "none", splitHalf = false } = options;
  checkUnits(units, splitHalf);
  const prefix = graph.uniqueName(name);
  const { dim } = fieldsOf("cin", e);
  const width = units.reduce((sum, n, k) => sum + (splitHalf && k < units.length - 1 ? n - Math.floor(n / 2) : n), 0);
  const top = graph.parameter(`${prefix}_top.weight`, [width, 1], xavierNormal());
  const bias = options.bias === false ? undefined : graph.parameter(`${prefix}_top.bias`, [1], zeros());
  const x0 = padDimensions(e);
  if (activation !== "none") return product(concat(...stack(x0, dim, units, prefix, false, options).pooled), top, bias);
  const last = units.length - 1;
  const { x, pooled } = stack(x0, dim, units.slice(0, last), prefix, true, options);
  const { weight, bias: lastBias } = weightsOf(x, x0, units[last], `${prefix}.${last}`);
  const { form, offset, earlier } = foldTop(weight, lastBias, top, bias, dim);
  const z = fieldDense(x, reshape(form, [fieldsOf("cin", x).rows, fieldsOf("cin", x0).rows]));
  if (pooled.length === 0) return addBias(rowDot(z, x0), offset);
  return logitOfForm({ offset, z, x0, pooled: concat(...pooled), top: earlier });
}
