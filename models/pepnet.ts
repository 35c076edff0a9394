/**
 * PEPNet: embeddings and units that are scaled by who is asked and where.
 *
 * J. Chang, C. Zhang, Y. Hui, D. Leng, Y. Niu, Y. Song, K. Gai: PEPNet: Parameter and Embedding Personalized Network for
 * Infusing with Personalized Prior Information. KDD 2023, arXiv:2302.01115. Implements equations 2 to 9; without a
 * domain it is their PPNet.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, embedding, fieldColumns, flatten, personalGate, personalTowers } from "../src/layers/mod.ts";
import { selectFields, stopGradient } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of {@linkcode pepnet}. */
export interface PepnetOptions extends DnnOptions {
  /** Features that say in which domain a row is; embeddings are not gated without any. @default {[]} */
  domain?: readonly string[];
  /** Features that units are gated by besides all embeddings: of the user, the item, the author. @default {[]} */
  prior?: readonly string[];
  /** Width of the prior features' embeddings in a table of their own; without it they are those of all fields. */
  priorDim?: number;
  /** Widths of each task's network. @default {[64, 64, 64]} */
  hidden?: readonly number[];
  /** Width of a gate's hidden layer. @default {64} */
  gate?: number;
}

/**
 * Defines PEPNet: o = e * gate(domain, e) and logit_k = w_k h_L with h_l = relu(W_l h_{l-1}) * gate_kl(prior, o), where gates
 * send no gradient into e and o.
 */
export const pepnet: DefinitionFactory<PepnetOptions> = defineModel("pepnet", (x, options: PepnetOptions) => {
  const { dim = 16, hidden = [64, 64, 64], domain = [], prior = [], gate = 64, dropout, batchNorm } = options;
  const e = flatten(embedding(x, dim)); // [B, F D]
  const read = (names: readonly string[]) => names.length > 0 ? [fieldColumns(x, e, names)] : [];
  const o = domain.length > 0
    ? personalGate(e, concat(...read(domain), stopGradient(e)), { name: "domain_gate", hidden: gate })
    : e; // [B, F D]
  const own = options.priorDim && prior.length > 0
    ? [flatten(embedding(selectFields(x, prior), options.priorDim, { name: "prior" }))]
    : read(prior);
  const known = concat(...own, stopGradient(o)); // [B, P]
  return personalTowers(o, known, x.tasks, hidden, { gate, dropout, batchNorm }); // logits [B, 1] by task
});
