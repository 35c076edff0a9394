/**
 * Higher-order factorization machine.
 *
 * M. Blondel, A. Fujino, N. Ueda, M. Ishihata: Higher-Order Factorization Machines. NIPS 2016, arXiv:1607.07195.
 * Implements equation 3 for degrees 2 and 3, with a table for each degree or one for both.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, embedding, fmInteraction, linear, thirdOrder } from "../src/layers/mod.ts";

/** Options of {@linkcode hofm}. */
export interface HofmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Whether pairs and triples have the same embeddings. @default {false} */
  shareEmbedding?: boolean;
}

/** Defines HOFM: logit = b + sum_f w_f + sum_{i<j} <e_i, e_j> + sum_{i<j<k} <e'_i, e'_j, e'_k>. */
export const hofm: DefinitionFactory<HofmOptions> = defineModel(
  "hofm",
  (x, { dim = 16, shareEmbedding = false }: HofmOptions) => {
    const e = embedding(x, dim); // [B, F, D]
    const third = shareEmbedding ? e : embedding(x, dim, { name: "embedding3" }); // [B, F, D]
    return add(linear(x), fmInteraction(e), thirdOrder(third)); // logits [B, 1]
  },
);
