/**
 * Shared bottom: one network for all tasks, with a tower for each.
 *
 * R. Caruana: Multitask Learning. Machine Learning 28, 1997. The towers read the output of one network over the
 * embeddings.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, flatten, mlp, towers } from "../src/layers/mod.ts";

/** Options of {@linkcode sharedBottom}. */
export interface SharedBottomOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Widths of the shared network's layers. @default {[400, 400]} */
  hidden?: readonly number[];
  /** Widths of a tower's hidden layers. @default {[64]} */
  tower?: readonly number[];
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** Whether hidden layers are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/** Defines the shared bottom: logit_k = tower_k(MLP(e)). */
export const sharedBottom: DefinitionFactory<SharedBottomOptions> = defineModel(
  "shared_bottom",
  (x, options: SharedBottomOptions) => {
    const { dim = 16, hidden = [400, 400], tower = [64], dropout = 0, batchNorm = false } = options;
    const e = flatten(embedding(x, dim)); // [B, F D]
    const h = mlp(e, hidden, { name: "bottom", dropout, batchNorm, hiddenOnly: true }); // [B, H]
    return towers(h, x.tasks, tower, { dropout, batchNorm }); // logits [B, 1] by task
  },
);
