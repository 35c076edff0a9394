/**
 * DeepFM.
 *
 * H. Guo, R. Tang, Y. Ye, Z. Li, X. He: DeepFM: A Factorization-Machine based Neural Network for CTR Prediction.
 * IJCAI 2017, arXiv:1703.04247. Implements equations 1 to 4; the embeddings are shared by both parts.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, embedding, flatten, fmInteraction, linear, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Defines DeepFM: logit = b + sum_f w_f + sum_{f<g} <e_f, e_g> + MLP([e_1, ..., e_F]). */
export const deepfm: DefinitionFactory<DnnOptions> = defineModel(
  "deepfm",
  (x, { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false }: DnnOptions) => {
    const e = embedding(x, dim); // [B, F, D]
    const deep = mlp(flatten(e), [...hidden, 1], { dropout, batchNorm }); // [B, 1]
    return add(linear(x), fmInteraction(e), deep); // logits [B, 1]
  },
);
