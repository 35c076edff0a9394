/**
 * AdaptDHM: rows are routed to clusters, each with a network of its own.
 *
 * J. Li, H. Zheng, Y. Liu, M. Lu, L. Wu, H. Hu: AdaptDHM: Adaptive Distribution Hierarchical Model for Multi-Domain CTR
 * Prediction. arXiv:2211.12105. Implements the distribution adaptation module (routing and moving centers) and the
 * networks with weights W_shared * W_k. No domain need be known. The number of clusters and the rate are not the paper's.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { clusterGroups, embedding, flatten, starMlp } from "../src/layers/mod.ts";

/** Options of {@linkcode adaptdhm}. */
export interface AdaptdhmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Widths of the hidden layers. @default {[400, 400, 400]} */
  hidden?: readonly number[];
  /** Number K of clusters. @default {4} */
  clusters?: number;
  /** Times that a training step moves the centers. @default {3} */
  passes?: number;
  /** Share of a center that stays in a move. @default {0.9} */
  rate?: number;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
}

/** Defines AdaptDHM: logit = MLP_k(e) with k = argmax_k <e, c_k>, weights W * W_k and biases b + b_k. */
export const adaptdhm: DefinitionFactory<AdaptdhmOptions> = defineModel("adaptdhm", (x, options: AdaptdhmOptions) => {
  const { dim = 16, hidden = [400, 400, 400], clusters = 4, passes, rate, dropout } = options;
  const e = flatten(embedding(x, dim)); // [B, F D]
  const groups = clusterGroups(e, { clusters, passes, rate });
  return starMlp(e, [...hidden, 1], groups, { dropout }); // logits [B, 1]
});
