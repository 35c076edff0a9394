/**
 * Product-based neural network.
 *
 * Y. Qu et al.: Product-based Neural Networks for User Response Prediction. ICDM 2016, arXiv:1611.00144.
 * Implements section III: the signals of embeddings with inner products, outer products or both.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  concat,
  embedding,
  flatten,
  innerProduct,
  mlp,
  type OuterKernel,
  outerProduct,
  type Tensor,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of {@linkcode pnn}. */
export interface PnnOptions extends DnnOptions {
  /** Which products of pairs enter the network. @default {"inner"} */
  products?: "inner" | "outer" | "both";
  /** What compresses an outer product to a number: a matrix, a vector or a number. @default {"mat"} */
  kernel?: OuterKernel;
}

/** Defines PNN: logit = MLP([e_1, ..., e_F, products of all pairs i < j]). */
export const pnn: DefinitionFactory<PnnOptions> = defineModel(
  "pnn",
  (x, options: PnnOptions) => {
    const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false, products = "inner", kernel } = options;
    const e = embedding(x, dim); // [B, F, D]
    const signals: Tensor[] = [flatten(e)];
    if (products !== "outer") signals.push(innerProduct(e)); // [B, P]
    if (products !== "inner") signals.push(outerProduct(e, { kernel })); // [B, P]
    return mlp(concat(...signals), [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
  },
);
