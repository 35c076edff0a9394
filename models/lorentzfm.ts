/**
 * Lorentzian factorization machine.
 *
 * C. Xu, M. Wu: Learning Feature Interactions with Lorentzian Factorization Machine. AAAI 2020, arXiv:1911.09821.
 * Implements triangle pooling, which has neither first-order weights nor a bias.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, lorentzInteraction } from "../src/layers/mod.ts";

/** Options of {@linkcode lorentzfm}. */
export interface LorentzfmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
}

/** Defines LorentzFM: logit = sum_{i<j} 1 + (1 - <e_i, e_j> - z_i - z_j) / (z_i z_j) with z = sqrt(1 + |e|^2). */
export const lorentzfm: DefinitionFactory<LorentzfmOptions> = defineModel(
  "lorentzfm",
  (x, { dim = 16 }: LorentzfmOptions) => lorentzInteraction(embedding(x, dim)), // logits [B, 1]
);
