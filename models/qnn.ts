/**
 * Quadratic neural network, QNN-alpha.
 *
 * H. Li, Y. Zhang, Y. Zhang, L. Sang, J. Zhu: Revisiting Feature Interactions from the Perspective of Quadratic Neural
 * Networks for Click-through Rate Prediction. KDD 2025, arXiv:2505.17999. Implements the quadratic layer with one head and
 * plain cross-entropy; the paper also trains two passes with different dropout to agree.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { dense, embedding, flatten, quadraticNet } from "../src/layers/mod.ts";

/** Options of {@linkcode qnn}. */
export interface QnnOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Quadratic layers. @default {3} */
  layers?: number;
  /** Rows of units that are added up for each column. @default {2} */
  rows?: number;
  /** Probability of zeroing a unit in training. @default {0} */
  dropout?: number;
  /** Whether units are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/** Defines QNN-alpha: logit = w . x_L + b with x_{l+1} = x_l + x_l * sum_r relu(x_l W_lr + b_lr). */
export const qnn: DefinitionFactory<QnnOptions> = defineModel("qnn", (x, options: QnnOptions) => {
  const { dim = 16, layers = 3, rows = 2, dropout = 0, batchNorm = false } = options;
  const x0 = flatten(embedding(x, dim)); // [B, F D]
  return dense(quadraticNet(x0, { layers, rows, dropout, batchNorm }), 1, { name: "top" }); // logits [B, 1]
});
