/**
 * Deep & Cross Network.
 *
 * R. Wang, B. Fu, G. Fu, M. Wang: Deep & Cross Network for Ad Click Predictions. ADKDD 2017, arXiv:1708.05123.
 * Implements equations 3 to 5; without hidden layers it is the cross network alone.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, crossNet, dense, embedding, flatten, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of {@linkcode dcn}. */
export interface DcnOptions extends DnnOptions {
  /** Cross layers L. @default {3} */
  layers?: number;
}

/** Defines DCN: logit = w . [x_L, MLP(x_0)] + b with x_{l+1} = x_0 (x_l . w_l) + b_l + x_l and x_0 = [e_1, ..., e_F]. */
export const dcn: DefinitionFactory<DcnOptions> = defineModel(
  "dcn",
  (x, { dim = 16, layers = 3, hidden = [400, 400, 400], dropout = 0, batchNorm = false }: DcnOptions) => {
    const x0 = flatten(embedding(x, dim)); // [B, F D]
    const crossed = crossNet(x0, { layers }); // [B, F D]
    if (hidden.length === 0) return dense(crossed, 1, { name: "top" }); // logits [B, 1]
    const deep = mlp(x0, hidden, { dropout, batchNorm, hiddenOnly: true });
    return dense(concat(crossed, deep), 1, { name: "top" }); // logits [B, 1]
  },
);
