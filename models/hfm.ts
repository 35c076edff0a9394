/**
 * Holographic factorization machine.
 *
 * Y. Tay, S. Zhang, A. T. Luu, S. C. Hui, L. Yao, T. D. Q. Vinh: Holographic Factorization Machines for Recommendation.
 * AAAI 2019. Implements HFM, and with hidden layers HFM+, for both ways to join two vectors.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  add,
  type CircularKind,
  circularProducts,
  embedding,
  flatten,
  holographicSum,
  linear,
  mlp,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of HFM. */
export interface HfmOptions extends DnnOptions {
  /** Widths of HFM+'s hidden layers, which read all pairs; HFM has none and sums the pairs. @default {[]} */
  hidden?: readonly number[];
  /** How two fields are joined. @default {"correlation"} */
  kind?: CircularKind;
}

/** Defines HFM: logit = b + sum_f w_f + w . sum_{i<j} e_i (circular) e_j, or + MLP(all e_i (circular) e_j). */
export const hfm: DefinitionFactory<HfmOptions> = defineModel("hfm", (x, options: HfmOptions) => {
  const { dim = 16, hidden = [], dropout = 0, batchNorm = false, kind = "correlation" } = options;
  const e = embedding(x, dim); // [B, F, D]
  if (hidden.length === 0) return add(linear(x), holographicSum(e, { kind })); // logits [B, 1]
  const pairs = flatten(circularProducts(e, kind)); // [B, F (F - 1) / 2 D]
  return add(linear(x), mlp(pairs, [...hidden, 1], { dropout, batchNorm })); // logits [B, 1]
});
