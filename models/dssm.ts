/**
 * Deep structured semantic model: two towers.
 *
 * P.-S. Huang, X. He, J. Gao, L. Deng, A. Acero, L. Heck: Learning Deep Structured Semantic Models for Web Search using
 * Clickthrough Data. CIKM 2013. As FuxiCTR trains it for click-through rates: towers over embeddings of fields, and their
 * inner product as the logit, where the paper takes the cosine in a softmax over documents.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, evenGroups, fieldGroups, flatten, mlp, rowDot } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of DSSM. */
export interface DssmOptions extends DnnOptions {
  /** Widths of a tower's layers; the last one has no activation. @default {[400, 400, 64]} */
  hidden?: readonly number[];
  /** Features of the user's tower and of the item's; others are not used. @default the first and the second half */
  groups?: readonly [readonly string[], readonly string[]];
}

/** Defines DSSM: logit = <MLP_1(e of the user), MLP_2(e of the item)>. */
export const dssm: DefinitionFactory<DssmOptions> = defineModel("dssm", (x, options: DssmOptions) => {
  const { dim = 16, hidden = [400, 400, 64], dropout = 0, batchNorm = false, groups = evenGroups(x, 2) } = options;
  const [user, item] = fieldGroups(x, embedding(x, dim), groups).map(flatten); // [B, F_g D]
  const layers = { dropout, batchNorm };
  return rowDot(mlp(user, hidden, { name: "user", ...layers }), mlp(item, hidden, { name: "item", ...layers })); // [B, 1]
});
