/**
 * Cross networks: a row multiplied by itself, layer after layer.
 *
 * @module
 */
import { type Initializer, normal, uniform, xavierNormal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { crossLayer, crossMatrix } from "../ops/interaction/cross_matrix.ts";
import { crossByVector } from "../ops/interaction/cross_step.ts";
import { crossVector } from "../ops/interaction/cross_vector.ts";
import { dense as product } from "../ops/dense/dense.ts";
import { gatedExperts } from "../ops/dense/gated_experts.ts";
import { groupedMatmul } from "../ops/dense/grouped_matmul.ts";
import { activation } from "../ops/dense/pointwise.ts";
import { dense } from "./mlp.ts";

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

/**
 * Crosses rows with others by a vector, once: y = x_0 (x . w) + b + x.
 *
 * @param x0 `[B, N]`
 * @param x `[B, N]`
 * @returns `[B, N]`
 */
export function crossStep(x0: Tensor, x: Tensor, { name = "cross" }: { name?: string } = {}): Tensor {
  const prefix = x.graph.uniqueName(name);
  const width = widthOf(x.shape);
  const w = x.graph.parameter(`${prefix}.weight`, [width, 1], xavierNormal());
  return crossByVector(x0, x, w, x.graph.parameter(`${prefix}.bias`, [width], zeros()));
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
