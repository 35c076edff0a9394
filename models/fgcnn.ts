/**
 * Feature generation by convolutional neural network.
 *
 * B. Liu, R. Tang, Y. Chen, J. Yu, H. Guo, Y. Zhang: Feature Generation by Convolutional Neural Network for Click-Through
 * Rate Prediction. WWW 2019, arXiv:1904.04447. Implements equations 1 to 11: two tables, and the inner-product network as
 * the classifier. Batch norm of convolutions is an option.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, embedding, flatten, generateFeatures, innerProduct, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of FGCNN. */
export interface FgcnnOptions extends DnnOptions {
  /** Maps of each convolution. @default {[14, 16, 18, 20]} */
  channels?: readonly number[];
  /** Rows that each kernel covers, odd; one number for all. @default {7} */
  kernels?: number | readonly number[];
  /** Rows of each pooling window; one number for all. @default {2} */
  pools?: number | readonly number[];
  /** New features for each row after pooling; one number for all. @default {2} */
  recombined?: number | readonly number[];
  /** Whether convolutions are batch-normalized. @default {false} */
  convolutionNorm?: boolean;
}

/** Defines FGCNN: logit = MLP([C, <c_i, c_j> for i < j]) with C the embeddings and the features generated from others. */
export const fgcnn: DefinitionFactory<FgcnnOptions> = defineModel("fgcnn", (x, options: FgcnnOptions) => {
  const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false, convolutionNorm, ...generator } = options;
  const e = embedding(x, dim); // [B, F, D]
  const from = embedding(x, dim, { name: "generator" }); // [B, F, D]
  const all = generateFeatures(e, { ...generator, from, batchNorm: convolutionNorm }); // [B, N, D]
  const signals = concat(flatten(all), innerProduct(all)); // [B, N D + N (N - 1) / 2]
  return mlp(signals, [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
});
