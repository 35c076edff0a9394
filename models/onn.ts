/**
 * Operation-aware neural network.
 *
 * Y. Yang, B. Xu, S. Shen, F. Shen, J. Zhao: Operation-aware Neural Networks for User Response Prediction. Neural Networks
 * 121, 2020, arXiv:1904.12579. Implements the network with inner products: a value has one vector for the copy operation and
 * one for its product with each other field.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, embedding, ffmProducts, flatten, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Defines ONN: logit = MLP([e, <v(i, j), v(j, i)> for i < j]). */
export const onn: DefinitionFactory<DnnOptions> = defineModel("onn", (x, options: DnnOptions) => {
  const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false } = options;
  const copies = flatten(embedding(x, dim)); // [B, F D]
  const products = ffmProducts(embedding(x, (x.fields.length - 1) * dim, { name: "onn" })); // [B, F (F - 1) / 2]
  return mlp(concat(copies, products), [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
});
