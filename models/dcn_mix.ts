/**
 * DCN-Mix: DCN-V2 with a mixture of low-rank experts in each cross layer.
 *
 * R. Wang et al.: DCN V2: Improved Deep & Cross Network and Practical Lessons for Web-scale Learning to Rank Systems.
 * WWW 2021, arXiv:2008.13535. Implements equation 4 with tanh between the factors, softmax gates shared by all layers,
 * and the structures of figure 1.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, crossNetMix, dense, embedding, flatten, mlp } from "../src/layers/mod.ts";
import type { Dcnv2Options } from "./dcnv2.ts";

/** Options of {@linkcode dcnMix}. */
export interface DcnMixOptions extends Dcnv2Options {
  /** Number of experts K. @default {4} */
  experts?: number;
  /** Rank r of an expert. @default {32} */
  rank?: number;
}

/** Defines DCN-Mix: as DCN-V2 with x_{l+1} = x_0 * (sum_k g_k(x_l) U_k tanh(C_k tanh(V_k' x_l)) + b_l) + x_l. */
export const dcnMix: DefinitionFactory<DcnMixOptions> = defineModel("dcn_mix", (x, options: DcnMixOptions) => {
  const { dim = 16, layers = 3, hidden = [400, 400, 400], dropout = 0, batchNorm = false, structure } = options;
  const x0 = flatten(embedding(x, dim)); // [B, F D]
  const crossed = crossNetMix(x0, { layers, experts: options.experts, rank: options.rank }); // [B, F D]
  if (hidden.length === 0) return dense(crossed, 1, { name: "top" }); // logits [B, 1]
  const stacked = structure === "stacked";
  const deep = mlp(stacked ? crossed : x0, hidden, { dropout, batchNorm, hiddenOnly: true });
  return dense(stacked ? deep : concat(crossed, deep), 1, { name: "top" }); // logits [B, 1]
});
