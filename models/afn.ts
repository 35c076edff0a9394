/**
 * Adaptive factorization network.
 *
 * W. Cheng, Y. Shen, L. Huang: Adaptive Factorization Network: Learning Adaptive-Order Feature Interactions. AAAI 2020,
 * arXiv:1909.03276. Implements equations 4 to 9; with a deep network on tables of its own it is the paper's AFN+. As in
 * the authors' code magnitudes take the place of positive embeddings, and logarithms and products are batch-normalized.
 *
 * The loss rises in the first steps before it falls: Adam moves each of the ten thousand and more weights of a hidden
 * unit by the whole learning rate at once.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  activation,
  batchNorm as normalize,
  channelNorm,
  concat,
  dense,
  dropout as drop,
  embedding,
  flatten,
  logarithm,
  logarithmicLayer,
  mlp,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of AFN. */
export interface AfnOptions extends DnnOptions {
  /** Logarithmic neurons: products of fields with learned powers. @default {1000} */
  neurons?: number;
  /** Widths of the hidden layers above the neurons, one at least. @default {[400]} */
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
  if (hidden.length === 0) throw new RangeError("Cannot build afn: it needs a hidden layer, received none");
  const e = embedding(x, dim); // [B, F, D]
  const logs = channelNorm(logarithm(e), x.fields.length, { name: "log_bn" });
  const sums = logarithmicLayer(logs, neurons, hidden[0]); // [B, H]
  const h = drop(activation(batchNorm ? normalize(sums, { name: "hidden.bn" }) : sums, "relu"), dropout);
  const logit = mlp(h, [...hidden.slice(1), 1], { dropout, batchNorm }); // [B, 1]
  if (deep.length === 0) return logit;
  const own = flatten(embedding(x, dim, { name: "deep_embedding" }));
  const other = mlp(own, [...deep, 1], { name: "deep", dropout: rate, batchNorm });
  return dense(concat(logit, other), 1, { name: "top" }); // logits [B, 1]
});
