/**
 * Mixture of logistic regressions, also called large-scale piecewise linear model.
 *
 * K. Gai, X. Zhu, H. Li, K. Liu, Z. Wang: Learning Piece-wise Linear Models from Large Scale Data for Ad Click Prediction.
 * 2017, arXiv:1704.05194. Implements equation 2 with softmax gates and logistic learners; trained by gradients instead of
 * the paper's quasi-Newton method for L1 and L2,1 penalties.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, mixtureLogit } from "../src/layers/mod.ts";

/** Options of MLR. */
export interface MlrOptions {
  /** Regions that the features are divided into, each with a learner of its own. @default {4} */
  regions?: number;
  /** Whether gates and learners share their weights. @default {false} */
  shared?: boolean;
}

/** Defines MLR: p = sum_m softmax_m(u_m x) sigmoid(w_m x), returned as log(p / (1 - p)). */
export const mlr: DefinitionFactory<MlrOptions> = defineModel("mlr", (x, { regions = 4, shared }: MlrOptions) => {
  const scores = embedding(x, shared ? regions : 2 * regions, { name: "mixture" }); // [B, F, 2 M]
  return mixtureLogit(scores, regions); // logits [B, 1]
});
