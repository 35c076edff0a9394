/**
 * Field-matrixed factorization machine.
 *
 * Y. Sun, J. Pan, A. Zhang, A. Flores: FM^2: Field-matrixed Factorization Machines for Recommender Systems.
 * WWW 2021, arXiv:2102.12994. Implements equation 8 and its vectorized form, with one width for all fields.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, embedding, fmfmInteraction, linear } from "../src/layers/mod.ts";

/** Options of {@linkcode fmfm}. */
export interface FmfmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Whether a pair is joined by a full matrix or by its diagonal alone. @default {"matrixed"} */
  interaction?: "matrixed" | "vectorized";
}

/** Defines FmFM: logit = b + sum_f w_f + sum_{i<j} e_i M_ij e_j. */
export const fmfm: DefinitionFactory<FmfmOptions> = defineModel(
  "fmfm",
  (x, { dim = 16, interaction = "matrixed" }: FmfmOptions) =>
    add(linear(x), fmfmInteraction(embedding(x, dim), { interaction })), // logits [B, 1]
);
