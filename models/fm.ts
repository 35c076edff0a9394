/**
 * Factorisation machine.
 *
 * S. Rendle: Factorization Machines. ICDM 2010. Implements equation 1 in the form of lemma 3.1.
 *
 * @module
 */
import { type DefinitionFactory, defineModel } from "../src/definition.ts";
import { add, embedding, fm as interactions, linear } from "../src/layers/mod.ts";

/** Options of {@linkcode fm}. */
export interface FmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
}

/** Defines a factorisation machine: logit = b + sum_f w_f + sum_{f<g} <e_f, e_g>. */
export const fm: DefinitionFactory<FmOptions> = defineModel("fm", (x, { dim = 16 }: FmOptions) => {
  const e = embedding(x, dim); // [B, F, D]
  return add(linear(x), interactions(e)); // logits [B, 1]
});
