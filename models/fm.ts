/**
 * Factorization machine.
 *
 * S. Rendle: Factorization Machines. ICDM 2010. Implements equation 1 in the form of lemma 3.1.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, embedding, fmInteraction, linear } from "../src/layers/mod.ts";

/** Options of {@linkcode fm}. */
export interface FmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
}

/** Defines a factorization machine: logit = b + sum_f w_f + sum_{f<g} <e_f, e_g>. */
export const fm: DefinitionFactory<FmOptions> = defineModel("fm", (x, { dim = 16 }: FmOptions) => {
  const e = embedding(x, dim); // [B, F, D]
  return add(linear(x), fmInteraction(e)); // logits [B, 1]
});
