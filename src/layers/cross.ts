/**
 * Cross networks: a row multiplied by itself, layer after layer.
 *
 * @module
 */
import { normal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { crossVector } from "../ops/cross_vector.ts";

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
