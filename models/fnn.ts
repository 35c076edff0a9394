/**
 * Factorization-machine supported neural network.
 *
 * W. Zhang, T. Du, J. Wang: Deep Learning over Multi-field Categorical Data: A Case Study on User Response Prediction.
 * ECIR 2016, arXiv:1601.02376. Implements section 3.1; the constant w_0 of its input is part of the first layer's bias.
 * The tables are those of an FM trained before: see `initializeFromFm`.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, embedding, flatten, mlp } from "../src/layers/mod.ts";

/** Options of {@linkcode fnn}. */
export interface FnnOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Widths of the hidden layers. @default {[200, 300, 100]} */
  hidden?: readonly number[];
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
}

/** Defines FNN: logit = MLP([w_1, ..., w_F, e_1, ..., e_F]) with tanh, over the weights and embeddings of an FM. */
export const fnn: DefinitionFactory<FnnOptions> = defineModel(
  "fnn",
  (x, { dim = 16, hidden = [200, 300, 100], dropout = 0 }: FnnOptions) => {
    const w = flatten(embedding(x, 1, { name: "linear" })); // [B, F]
    const e = flatten(embedding(x, dim)); // [B, F D]
    return mlp(concat(w, e), [...hidden, 1], { dropout, activation: "tanh" }); // logits [B, 1]
  },
);
