/**
 * Field-weighted factorization machine.
 *
 * J. Pan et al.: Field-weighted Factorization Machines for Click-Through Rate Prediction in Display Advertising.
 * WWW 2018, arXiv:1806.03514. Implements equation 6 with the linear terms of section 3.2.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, dense, embedding, flatten, fwfmInteraction, linear, rowDot } from "../src/layers/mod.ts";

/** Options of {@linkcode fwfm}. */
export interface FwfmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /**
   * Linear term: a weight per value (LW), <e_f, w_f> with a vector per value (FeLV), or with one per field (FiLV).
   *
   * @default {"FiLV"}
   */
  linearType?: "LW" | "FeLV" | "FiLV";
}

/** Defines FwFM: logit = b + linear term + sum_{i<j} r_ij <e_i, e_j>. */
export const fwfm: DefinitionFactory<FwfmOptions> = defineModel(
  "fwfm",
  (x, { dim = 16, linearType = "FiLV" }: FwfmOptions) => {
    const e = embedding(x, dim); // [B, F, D]
    const second = fwfmInteraction(e); // [B, 1]
    if (linearType === "LW") return add(linear(x, { bias: false }), second);
    if (linearType === "FeLV") return add(rowDot(e, embedding(x, dim, { name: "linear" })), second);
    return add(dense(flatten(e), 1, { name: "lin", bias: false }), second); // logits [B, 1]
  },
);
