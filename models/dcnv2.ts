/**
 * Improved Deep & Cross Network.
 *
 * R. Wang, R. Shivanna, D. Cheng, S. Jain, D. Lin, L. Hong, E. Chi: DCN V2: Improved Deep & Cross Network and Practical
 * Lessons for Web-scale Learning to Rank Systems. WWW 2021, arXiv:2008.13535. Implements equations 1 and 3 in the
 * parallel and the stacked structure of figure 1; without hidden layers it is the cross network alone.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, crossNetV2, dense, embedding, flatten, mlp } from "../src/layers/mod.ts";
import type { DcnOptions } from "./dcn.ts";

/** Options of {@linkcode dcnv2}. */
export interface Dcnv2Options extends DcnOptions {
  /** Whether the perceptron stands beside the cross network or on top of it. @default {"parallel"} */
  structure?: "parallel" | "stacked";
}

/** Defines DCN-V2: logit = w . [x_L, MLP(x_0)] + b, or w . MLP(x_L) + b, with x_{l+1} = x_0 * (x_l W_l + b_l) + x_l. */
export const dcnv2: DefinitionFactory<Dcnv2Options> = defineModel("dcnv2", (x, options: Dcnv2Options) => {
  const { dim = 16, layers = 3, hidden = [400, 400, 400], dropout = 0, batchNorm = false, structure } = options;
  const x0 = flatten(embedding(x, dim)); // [B, F D]
  const crossed = crossNetV2(x0, { layers }); // [B, F D]
  if (hidden.length === 0) return dense(crossed, 1, { name: "top" }); // logits [B, 1]
  const stacked = structure === "stacked";
  const deep = mlp(stacked ? crossed : x0, hidden, { dropout, batchNorm, hiddenOnly: true });
  return dense(stacked ? deep : concat(crossed, deep), 1, { name: "top" }); // logits [B, 1]
});
