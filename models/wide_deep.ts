/**
 * Wide & Deep.
 *
 * H.-T. Cheng et al.: Wide & Deep Learning for Recommender Systems. DLRS 2016, arXiv:1606.07792.
 * Implements equation 3 without cross-product features in the wide part, trained jointly. The paper trains the wide
 * part by FTRL: `optimizer: { linear: ftrl({ l1 }), ... }`.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, embedding, flatten, linear, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Defines Wide & Deep: logit = sum_f w_f + MLP([e_1, ..., e_F]). */
export const wideDeep: DefinitionFactory<DnnOptions> = defineModel(
  "wide_deep",
  (x, { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false }: DnnOptions) => {
    const e = embedding(x, dim); // [B, F, D]
    const deep = mlp(flatten(e), [...hidden, 1], { dropout, batchNorm }); // [B, 1]
    return add(linear(x, { bias: false }), deep); // logits [B, 1]
  },
);
