/**
 * Gated Deep Cross Network.
 *
 * F. Wang, H. Gu, D. Li, T. Lu, P. Zhang, N. Gu: Towards Deeper, Lighter and Interpretable Cross Network for CTR
 * Prediction. CIKM 2023, arXiv:2311.04635. Implements equation 4 in the parallel (GDCN-P) and the stacked structure
 * (GDCN-S).
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, crossNetGated, dense, embedding, flatten, mlp } from "../src/layers/mod.ts";
import type { Dcnv2Options } from "./dcnv2.ts";

/** Options of {@linkcode gdcn}. */
export interface GdcnOptions extends Omit<Dcnv2Options, "structure"> {
  /** Whether the perceptron stands on top of the cross network or beside it. @default {"stacked"} */
  structure?: "parallel" | "stacked";
}

/** Defines GDCN: as DCN-V2 with x_{l+1} = x_0 * (x_l W_l + b_l) * sigmoid(x_l G_l) + x_l. */
export const gdcn: DefinitionFactory<GdcnOptions> = defineModel("gdcn", (x, options: GdcnOptions) => {
  const { dim = 16, layers = 3, hidden = [400, 400, 400], dropout = 0, batchNorm = false, structure } = options;
  const x0 = flatten(embedding(x, dim)); // [B, F D]
  const crossed = crossNetGated(x0, { layers }); // [B, F D]
  if (hidden.length === 0) return dense(crossed, 1, { name: "top" }); // logits [B, 1]
  const parallel = structure === "parallel";
  const deep = mlp(parallel ? x0 : crossed, hidden, { dropout, batchNorm, hiddenOnly: true });
  return dense(parallel ? concat(crossed, deep) : deep, 1, { name: "top" }); // logits [B, 1]
});
