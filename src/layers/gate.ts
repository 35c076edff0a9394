/**
 * Gates and fusion of streams.
 *
 * @module
 */
import { normal, ones, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { multiply, rowDot, scale } from "../ops/dense/arithmetic.ts";
import { concat } from "../ops/shape/concat.ts";
import { crossMatrix } from "../ops/interaction/cross_matrix.ts";
import { fieldDense } from "../ops/interaction/field_dense.ts";
import { groupedMatmul } from "../ops/dense/grouped_matmul.ts";
import { regulateFields } from "../ops/interaction/regulate.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { embedding } from "./embedding.ts";
import { type Input, selectFields } from "./input.ts";
import { activation, batchNorm, dense, mlp } from "./mlp.ts";

/** Options of {@linkcode featureGate}. */
export interface FeatureGateOptions {
  /** Name of the parameters' prefix. @default {"gate"} */
  name?: string;
  /** Names of the features that the gate is computed from; a learned vector when there are none. @default {[]} */
  context?: readonly string[];
  /** Widths of the gate's hidden layers. @default {[400]} */
  hidden?: readonly number[];
  /** Width of the context's embeddings, which have a table of their own, or of the learned vector. */
  dim: number;
}

/**
 * Weights each column by what a few fields say: y = x * 2 sigmoid(MLP(context)).
 *
 * K. Mao et al.: FinalMLP. AAAI 2023, equations 9 and 10.
 *
 * @param x the batch's occurrences
 * @param e what is gated, `[B, N]`
 * @returns `[B, N]`
 * @throws {RangeError} when a context field is not a feature
 */
export function featureGate(x: Input, e: Tensor, options: FeatureGateOptions): Tensor {
  const { context = [], hidden = [400], dim } = options;
  const name = x.graph.uniqueName(options.name ?? "gate");
  const width = widthOf(e.shape);
  const source = context.length > 0
    ? flatten(embedding(selectFields(x, context), dim, { name: `${name}.context` }))
    : x.graph.parameter(`${name}.context`, [1, dim], normal(1e-4));
  const gate = activation(mlp(source, [...hidden, width], { name: `${name}.mlp` }), "sigmoid");
  x.graph.expose(`${name}.gate`, gate);
  return scale(multiply(e, context.length > 0 ? gate : reshape(gate, [width])), 2);
}

/** Options of {@linkcode bilinearFusion}. */
export interface BilinearFusionOptions {
  /** Name of the parameters' prefix. @default {"fusion"} */
  name?: string;
  /** Number of heads H; it must divide both widths. @default {1} */
  heads?: number;
}

/**
 * Fuses two streams to a logit: y = w_a . a + w_b . b + sum_h a_h W_h b_h + biases, with a and b cut into H heads.
 *
 * K. Mao et al.: FinalMLP. AAAI 2023, equations 12 and 13.
 *
 * @param a `[B, N]`
 * @param b `[B, M]`
 * @returns `[B, 1]`
 * @throws {RangeError} when `heads` does not divide a width
 */
export function bilinearFusion(
  a: Tensor,
  b: Tensor,
  { name = "fusion", heads = 1 }: BilinearFusionOptions = {},
): Tensor {
  const { graph } = a;
  const prefix = graph.uniqueName(name);
  const [n, m] = [widthOf(a.shape), widthOf(b.shape)];
  if (!Number.isInteger(heads) || heads < 1 || n % heads > 0 || m % heads > 0) {
    throw new RangeError(`Cannot build bilinearFusion: heads must divide ${n} and ${m}, received ${heads}`);
  }
  // The published code draws all heads as one column, whose fan is its length.
  const deviation = Math.sqrt(2 / (n * m / heads + 1));
  const w = graph.parameter(`${prefix}.weight`, [heads, n / heads, m / heads], normal(deviation));
  const linear = [dense(a, 1, { name: `${prefix}.a` }), dense(b, 1, { name: `${prefix}.b` })];
  return add(...linear, rowDot(groupedMatmul(a, w), b));
}

/** Options of {@linkcode regulate}. */
export interface RegulateOptions {
  /** Name of the parameters' prefix. @default {"regulation"} */
  name?: string;
  /** What gates are divided by before the softmax. @default {1} */
  temperature?: number;
  /** Whether the weighted columns are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/**
 * Weights fields by learned gates: y_f = softmax(g / temperature)_f x_f.
 *
 * B. Chen et al.: EDCN. CIKM 2021, equation 12.
 *
 * @param x `[B, F D]`, field by field
 * @param fields number of fields F
 * @returns `[B, F D]`
 */
export function regulate(x: Tensor, fields: number, options: RegulateOptions = {}): Tensor {
  const { graph } = x;
  const name = graph.uniqueName(options.name ?? "regulation");
  const g = graph.parameter(`${name}.gate`, [1, fields], ones());
  const { y, gates } = regulateFields(x, g, 1 / (options.temperature ?? 1));
  graph.expose(`${name}.gate`, gates);
  return options.batchNorm ? batchNorm(y, { name: `${name}.bn` }) : y;
}

/**
 * Puts fields and gated fields side by side: y = [e, g * e] with g[b, :, d] = W e[b, :, d] + bias over the field axis,
 * which starts at 1.
 *
 * J. Zhu et al.: FINAL. SIGIR 2023, equation 3.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, 2 F D]`
 */
export function fieldGate(e: Tensor, options: { name?: string } = {}): Tensor {
  const { graph } = e;
  const name = graph.uniqueName(options.name ?? "field_gate");
  const fields = Number(e.shape[1]);
  const z = fieldDense(e, graph.parameter(`${name}.weight`, [fields, fields], zeros()));
  const shifted = multiply(e, graph.parameter(`${name}.bias`, [fields, 1], ones()));
  return concat(flatten(e), flatten(crossMatrix(e, shifted, z)));
}
