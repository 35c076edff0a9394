/**
 * Feature interaction graph neural network.
 *
 * Z. Li, Z. Cui, S. Wu, X. Zhang, L. Wang: Fi-GNN: Modeling Feature Interactions via Graph Neural Networks for CTR
 * Prediction. CIKM 2019, arXiv:1910.05552. Implements the graph, its steps and the gated scores over embeddings
 * themselves, without the paper's self-attention in front, as FuxiCTR does. Steps have their own matrices or share them.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  activation,
  add,
  dense,
  embedding,
  fieldGraph,
  flatten,
  graphMessages,
  gruStep,
  rowDot,
  share,
} from "../src/layers/mod.ts";

/** Options of {@linkcode fignn}. */
export interface FignnOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Steps along the graph. @default {3} */
  steps?: number;
  /** Whether a gated recurrent unit takes the messages; otherwise states add them. @default {true} */
  gru?: boolean;
  /** Whether all steps have the same matrices. @default {false} */
  shared?: boolean;
  /** Whether each step adds the embeddings. @default {true} */
  residual?: boolean;
}

/** Defines Fi-GNN: logit = sum_i sigmoid(W h)_i (w . h_i) with h after steps h_i = GRU(sum_j g_ij h_j O_j I_i + b, h_i) + e_i. */
export const fignn: DefinitionFactory<FignnOptions> = defineModel("fignn", (x, options: FignnOptions) => {
  const { dim = 16, steps = 3, residual = true } = options;
  const e = embedding(x, dim); // [B, F, D]
  const edges = fieldGraph(e); // [B, F, F]
  const messages = options.shared ? share(graphMessages) : graphMessages;
  const recurrent = share(gruStep);
  let h = e;
  for (let step = 0; step < steps; step++) {
    const received = messages(h, edges); // [B, F, D]
    const moved = options.gru === false ? add(received, h) : recurrent(received, h);
    h = residual ? add(moved, e) : moved;
  }
  const scores = flatten(dense(h, 1, { name: "score", bias: false })); // [B, F]
  const gates = activation(dense(flatten(h), x.fields.length, { name: "gate", bias: false }), "sigmoid"); // [B, F]
  return rowDot(scores, gates); // logits [B, 1]
});
