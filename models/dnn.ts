/**
 * Embeddings and a multilayer perceptron.
 *
 * P. Covington, J. Adams, E. Sargin: Deep Neural Networks for YouTube Recommendations. RecSys 2016.
 * Implements the ranking network of section 4 with a single sigmoid output instead of weighted watch time.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, flatten, mlp } from "../src/layers/mod.ts";

/** Options of the models with a multilayer perceptron. */
export interface DnnOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Widths of the hidden layers. @default {[400, 400, 400]} */
  hidden?: readonly number[];
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** Whether hidden layers are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/** Defines a deep network: logit = MLP([e_1, ..., e_F]). */
export const dnn: DefinitionFactory<DnnOptions> = defineModel(
  "dnn",
  (x, { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false }: DnnOptions) => {
    const e = embedding(x, dim); // [B, F, D]
    return mlp(flatten(e), [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
  },
);
