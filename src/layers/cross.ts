/**
 * Cross networks: a row multiplied by itself, layer after layer.
 *
 * @module
 */
import { normal, uniform, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { crossMatrix } from "../ops/cross_matrix.ts";
import { crossVector } from "../ops/cross_vector.ts";
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
  let crossed = x;
  for (let l = 0; l < layers; l++) {
    crossed = crossMatrix(x, crossed, dense(crossed, widthOf(x.shape), { name: `${prefix}.${l}` }));
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
    x.graph.expose(`${prefix}.${l}.gate`, gate);
    crossed = crossMatrix(x, crossed, z, gate);
  }
  return crossed;
}
