/**
 * Wukong's layer: a factorization machine and a linear compression side by side.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { batchMatmulNt } from "../ops/dense/batch_matmul.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";
import { concat } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { layerNorm } from "./activation.ts";
import { fieldLinears } from "./fields.ts";
import { mlp } from "./mlp.ts";

/** Options of {@linkcode wukongLayer}. */
export interface WukongLayerOptions {
  /** Name of the layer. @default {"wukong"} */
  name?: string;
  /** Rows that the factorization machine gives. @default {40} */
  fmRows?: number;
  /** Rows that are linear in the layer's input. @default {40} */
  linearRows?: number;
  /** Columns k of the projection that products are taken with. @default {8} */
  rank?: number;
  /** Widths of the hidden layers over the products. @default {[32, 32]} */
  hidden?: readonly number[];
}

/**
 * Doubles the order of interactions: y = LN([MLP(LN(x x^T P)), L x] + x), the rows of both blocks one after the other.
 *
 * Where the layer changes the number of rows, learned mixtures of them take the place of x; biases of these would vanish
 * in the layer norm. Zhang et al.: Wukong. ICML 2024.
 *
 * @param x `[B, N, D]`
 * @returns `[B, fmRows + linearRows, D]`
 */
export function wukongLayer(x: Tensor, options: WukongLayerOptions = {}): Tensor {
  const { fmRows = 40, linearRows = 40, rank = 8, hidden = [32, 32] } = options;
  const name = x.graph.uniqueName(options.name ?? "wukong");
  const { fields, dim } = fieldSizes("wukongLayer", x);
  const rows = fmRows + linearRows;
  const [projected, linear, mixed] = fieldLinears(x, [
    { name: `${name}.proj`, rows: rank }, // [B, k, D]
    { name: `${name}.linear`, rows: linearRows },
    ...(rows === fields ? [] : [{ name: `${name}.residual`, rows }]),
  ]);
  const products = layerNorm(flatten(batchMatmulNt(x, projected)), { name: `${name}.ln` }); // [B, N k]
  const machine = mlp(products, [...hidden, fmRows * dim], { name: `${name}.fm`, hiddenOnly: true });
  const both = reshape(concat(machine, flatten(linear)), ["B", rows, dim]);
  return layerNorm(add(both, mixed ?? x), { name: `${name}.out` });
}
