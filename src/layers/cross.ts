/**
 * Cross networks: a row multiplied by itself, layer after layer.
 *
 * @module
 */
import { type Initializer, normal, uniform, xavierNormal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { multiply } from "../ops/dense/arithmetic.ts";
import { addBias } from "../ops/dense/bias.ts";
import { crossLayer, crossMatrix } from "../ops/interaction/cross_matrix.ts";
import { crossMask } from "../ops/interaction/cross_mask.ts";
import { crossByVector } from "../ops/interaction/cross_step.ts";
import { crossVector } from "../ops/interaction/cross_vector.ts";
import { dense as product } from "../ops/dense/dense.ts";
import { gatedExperts } from "../ops/dense/gated_experts.ts";
import { groupedMatmul } from "../ops/dense/grouped_matmul.ts";
import { activation } from "../ops/dense/pointwise.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";
import { fieldSum } from "../ops/interaction/field_sums.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { layerNorm as normalizeRows } from "./activation.ts";
import { activation as activate, batchNorm as normalize, dense, dropout as drop } from "./mlp.ts";

/** Options of {@linkcode crossNet}. */
export interface CrossNetOptions {
  /** Name of the parameters' prefix. @default {"cross"} */
  name?: string;
  /** Number of layers L. @default {3} */
  layers?: number;
}

function checkLayers(name: string, layers: number): void {
  if (!Number.isInteger(layers) || layers < 1) {
    throw new RangeError(`Cannot build ${name}: layers must be a positive integer, received ${layers}`);
  }
}

/**
 * Crosses rows by vectors: x_{l+1} = x_0 (x_l . w_l) + b_l + x_l; all L layers run as one kernel.
 *
 * R. Wang, B. Fu, G. Fu, M. Wang: Deep & Cross Network for Ad Click Predictions. ADKDD 2017, equation 3.
 *
 * @param x x_0 `[B, N]`
 * @returns x_L `[B, N]`
 * @throws {RangeError} when `layers` is not a positive integer
 */
export function crossNet(x: Tensor, { name = "cross", layers = 3 }: CrossNetOptions = {}): Tensor {
  checkLayers("crossNet", layers);
  const prefix = x.graph.uniqueName(name);
  const size = [layers, widthOf(x.shape)];
  const w = x.graph.parameter(`${prefix}.weight`, size, normal(Math.sqrt(2 / (size[1] + 1))));
  x.graph.expose(`${prefix}_weights`, w);
  return crossVector(x, w, x.graph.parameter(`${prefix}.bias`, size, zeros()));
}

/**
 * Crosses rows by matrices: x_{l+1} = x_0 * (x_l W_l + b_l) + x_l, with * by element.
 *
 * R. Wang et al.: DCN V2. WWW 2021, equation 1.
 *
 * @param x x_0 `[B, N]`
 * @returns x_L `[B, N]`
 * @throws {RangeError} when `layers` is not a positive integer
 */
export function crossNetV2(x: Tensor, { name = "cross", layers = 3 }: CrossNetOptions = {}): Tensor {
  checkLayers("crossNetV2", layers);
  const prefix = x.graph.uniqueName(name);
  const width = widthOf(x.shape);
  let crossed = x;
  for (let l = 0; l < layers; l++) {
    const w = x.graph.parameter(`${prefix}.${l}.weight`, [width, width], xavierNormal());
    x.graph.expose(`${prefix}_weights.${l}`, w);
    crossed = crossLayer(x, crossed, w, x.graph.parameter(`${prefix}.${l}.bias`, [width], zeros()));
  }
  return crossed;
}

/**
 * Crosses rows by matrices and gates each order: x_{l+1} = x_0 * (x_l W_l + b_l) * sigmoid(x_l G_l) + x_l.
 *
 * F. Wang et al.: Towards Deeper, Lighter and Interpretable Cross Network for CTR Prediction. CIKM 2023, equation 4.
 *
 * @param x x_0 `[B, N]`
 * @returns x_L `[B, N]`
 * @throws {RangeError} when `layers` is not a positive integer
 */
export function crossNetGated(x: Tensor, { name = "cross", layers = 3 }: CrossNetOptions = {}): Tensor {
  checkLayers("crossNetGated", layers);
  const prefix = x.graph.uniqueName(name);
  const width = widthOf(x.shape);
  let crossed = x;
  for (let l = 0; l < layers; l++) {
    const z = dense(crossed, width, { name: `${prefix}.${l}`, biasInitializer: uniform(0, 1) });
    const gate = dense(crossed, width, { name: `${prefix}.${l}.gate`, bias: false });
    x.graph.expose(`${prefix}_gates.${l}`, activation(gate, "sigmoid"));
    crossed = crossMatrix(x, crossed, z, gate);
  }
  return crossed;
}

/** Options of {@linkcode crossStep}. */
export interface CrossStepOptions {
  /** Name of the parameters' prefix. @default {"cross"} */
  name?: string;
  /** Whether the row itself is added. @default {true} */
  residual?: boolean;
}

/**
 * Crosses rows with others by a vector, once: y = x_0 (x . w) + b + x.
 *
 * @param x0 `[B, N]`
 * @param x `[B, N]`
 * @returns `[B, N]`
 */
export function crossStep(x0: Tensor, x: Tensor, options: CrossStepOptions = {}): Tensor {
  const { name = "cross", residual = true } = options;
  const prefix = x.graph.uniqueName(name);
  const width = widthOf(x.shape);
  const w = x.graph.parameter(`${prefix}.weight`, [width, 1], xavierNormal());
  const bias = x.graph.parameter(`${prefix}.bias`, [width], zeros());
  return residual ? crossByVector(x0, x, w, bias) : addBias(multiply(x0, product(x, w)), bias);
}

/** Options of {@linkcode crossNetMasked}. */
export interface CrossNetMaskedOptions extends CrossNetOptions {
  /** Whether a layer crosses its input with itself, so that orders double, instead of with x_0. @default {false} */
  exponential?: boolean;
  /** Whether masks are layer-normalized. @default {true} */
  layerNorm?: boolean;
  /** Probability of zeroing a number behind each layer in training. @default {0} */
  dropout?: number;
}

/**
 * Crosses rows by matrices of half their width: x_{l+1} = x_0 * ([c, c * relu(LN(c))] + b_l) + x_l with c = x_l W_l, or
 * x_l in place of x_0.
 *
 * The masked numbers of c meet the second half of each field's columns. H. Li et al.: DCNv3. arXiv:2407.13349.
 *
 * @param e embeddings `[B, F, D]` of even width
 * @returns x_L `[B, F D]`
 * @throws {RangeError} when `layers` is not a positive integer, or D is odd
 */
export function crossNetMasked(e: Tensor, options: CrossNetMaskedOptions = {}): Tensor {
  const { name = "cross", layers = 4, exponential = false, dropout = 0 } = options;
  checkLayers("crossNetMasked", layers);
  const { dim } = fieldSizes("crossNetMasked", e);
  if (dim % 2 !== 0) {
    throw new RangeError(`Cannot build crossNetMasked: embeddings need an even width, received ${dim}`);
  }
  const prefix = e.graph.uniqueName(name);
  const width = widthOf(e.shape);
  const crossed = Array.from({ length: layers }, (_, l) => `${prefix}.${l}`).reduce((x, layer) => {
    const c = dense(flatten(x), width / 2, { name: layer, bias: false });
    const mask = options.layerNorm === false ? c : normalizeRows(c, { name: `${layer}.ln` });
    const bias = e.graph.parameter(`${layer}.bias`, [width], uniform(0, 1));
    return drop(crossMask(exponential ? x : e, x, c, mask, bias), dropout);
  }, e);
  return flatten(crossed);
}

/** Options of {@linkcode quadraticNet}. */
export interface QuadraticNetOptions extends CrossNetOptions {
  /** Rows R of units that are added up for each column. @default {2} */
  rows?: number;
  /** Probability of zeroing a unit in training. @default {0} */
  dropout?: number;
  /** Whether units are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/**
 * Crosses rows with what relu units make of them: x_{l+1} = x_l + x_l * sum_r relu(x_l W_lr + b_lr), with * by element.
 *
 * Orders double with each layer. H. Li et al.: Quadratic Neural Networks for Click-through Rate Prediction. KDD 2025.
 *
 * @param x x_0 `[B, N]`
 * @returns x_L `[B, N]`
 * @throws {RangeError} when `layers` or `rows` is not a positive integer
 */
export function quadraticNet(x: Tensor, options: QuadraticNetOptions = {}): Tensor {
  const { name = "qnn", layers = 3, rows = 2, dropout = 0, batchNorm = false } = options;
  checkLayers("quadraticNet", layers);
  if (!Number.isInteger(rows) || rows < 1) {
    throw new RangeError(`Cannot build quadraticNet: rows must be a positive integer, received ${rows}`);
  }
  const prefix = x.graph.uniqueName(name);
  const width = widthOf(x.shape);
  return Array.from({ length: layers }, (_, l) => `${prefix}.${l}`).reduce((crossed, layer) => {
    const z = dense(crossed, rows * width, { name: layer });
    const units = drop(activate(batchNorm ? normalize(z, { name: `${layer}.bn` }) : z, "relu"), dropout);
    return crossMatrix(crossed, crossed, flatten(fieldSum(reshape(units, ["B", rows, width]))));
  }, x);
}

/** Options of {@linkcode crossNetMix}. */
export interface CrossNetMixOptions extends CrossNetOptions {
  /** Number of experts K. @default {4} */
  experts?: number;
  /** Rank r of an expert. @default {32} */
  rank?: number;
}

/**
 * Crosses rows by a mixture of low-rank experts:
 * x_{l+1} = x_0 * (sum_k g_k U_k tanh(C_k tanh(V_k' x_l)) + b_l) + x_l with g = softmax(x_l G), G shared by all layers.
 *
 * The gates are multiplied into the experts' r numbers, so that all experts together are two skinny products.
 * R. Wang et al.: DCN V2. WWW 2021, equation 4.
 *
 * @param x x_0 `[B, N]`
 * @returns x_L `[B, N]`
 * @throws {RangeError} when `layers`, `experts` or `rank` is not a positive integer
 */
export function crossNetMix(x: Tensor, options: CrossNetMixOptions = {}): Tensor {
  const { name = "cross", layers = 3, experts = 4, rank = 32 } = options;
  checkLayers("crossNetMix", layers);
  const wrong = [experts, rank].find((size) => !Number.isInteger(size) || size < 1);
  if (wrong !== undefined) {
    throw new RangeError(`Cannot build crossNetMix: experts and rank must be positive integers, received ${wrong}`);
  }
  const { graph } = x;
  const prefix = graph.uniqueName(name);
  const n = widthOf(x.shape);
  const inner = experts * rank;
  // Xavier's fans of the published tensors [K, N, r] and [K, r, r], whose last size counts as a receptive field.
  const wide = normal(Math.sqrt(2 / (n * rank + inner)));
  const narrow = normal(Math.sqrt(2 / (rank * rank + inner)));
  const gates = graph.parameter(`${prefix}.gate`, [n, experts], normal(Math.sqrt(2 / (n + 1))));
  let crossed = x;
  for (let l = 0; l < layers; l++) {
    const parameter = (kind: string, shape: readonly number[], initializer: Initializer): Tensor =>
      graph.parameter(`${prefix}.${l}.${kind}`, shape, initializer);
    const a = activation(product(crossed, parameter("v", [n, inner], wide)), "tanh");
    const c = groupedMatmul(a, parameter("c", [experts, rank, rank], narrow));
    const mixed = gatedExperts(product(crossed, gates), c);
    graph.expose(`${prefix}_gates.${l}`, mixed.gates); // [B, K]
    const z = product(mixed.y, parameter("u", [inner, n], wide), parameter("bias", [n], zeros()));
    crossed = crossMatrix(x, crossed, z);
  }
  return crossed;
}
