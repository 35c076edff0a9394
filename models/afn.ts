/**
 * Adaptive factorisation network.
 *
 * W. Cheng, Y. Shen, L. Huang: Adaptive Factorization Network: Learning Adaptive-Order Feature Interactions. AAAI 2020,
 * arXiv:1909.03276. Implements equations 4 to 9; with a deep network on tables of its own it is the paper's AFN+. As in
 * the authors' code magnitudes take the place of positive embeddings.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  channelNorm,
  concat,
  dense,
  embedding,
  exponential,
  fieldTransform,
  flatten,
  logarithm,
  mlp,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of AFN. */
export interface AfnOptions extends DnnOptions {
  /** Logarithmic neurons: products of fields with learned powers. @default {1000} */
  neurons?: number;
  /** Widths of the hidden layers above the neurons. @default {[400]} */
  hidden?: readonly number[];
  /** Widths of the hidden layers of AFN+'s deep network; AFN has none. @default {[]} */
  deep?: readonly number[];
  /** Probability of zeroing a hidden unit of the deep network in training. @default {0} */
  deepDropout?: number;
}

/** Defines AFN: logit = MLP([exp(sum_f w_nf log |e_f|)] for each neuron n), joined with MLP([e'_f]) by a dense layer. */
export const afn: DefinitionFactory<AfnOptions> = defineModel("afn", (x, options: AfnOptions) => {
  const { dim = 16, neurons = 1000, hidden = [400], dropout = 0, batchNorm = false } = options;
  const { deep = [], deepDropout: rate = 0 } = options;
  const e = embedding(x, dim); // [B, F, D]
  const logs = channelNorm(logarithm(e), x.fields.length, { name: "log_bn" });
  const products = exponential(fieldTransform(logs, neurons, { name: "neurons" })); // [B, N, D]
  const normal = channelNorm(products, neurons, { name: "exp_bn" });
  const logit = mlp(flatten(normal), [...hidden, 1], { dropout, batchNorm }); // [B, 1]
  if (deep.length === 0) return logit;
  const own = flatten(embedding(x, dim, { name: "deep_embedding" }));
  const other = mlp(own, [...deep, 1], { name: "deep", dropout: rate, batchNorm });
  return dense(concat(logit, other), 1, { name: "top" }); // logits [B, 1]
});
