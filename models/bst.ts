/**
 * Behavior sequence transformer.
 *
 * Chen, Zhao, Li, Huang, Ou: Behavior Sequence Transformer for E-commerce Recommendation in Alibaba. DLP-KDD 2019,
 * arXiv:1905.06874. Implements equations 1 to 5: history and target through transformer layers, and their mean, or the
 * target's vector, beside the other embeddings.
 *
 * As in FuxiCTR, positions are learned vectors, first of waves, beside those of the items, instead of the paper's times.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  appendTarget,
  concat,
  embeddings,
  flatten,
  type History,
  learnedPositions,
  mlp,
  poolPlaces,
  sinusoids,
  transformerBlock,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of BST. */
export interface BstOptions extends DnnOptions {
  /** Widths of the hidden layers. @default {[256, 128, 64]} */
  hidden?: readonly number[];
  /** Layers of the transformer. @default {1} */
  layers?: number;
  /** Heads of each layer. @default {2} */
  heads?: number;
  /** Whether an event sees those before it only. @default {false} */
  causal?: boolean;
  /** What is read of the last layer: the mean of all places, or the target's. @default {"mean"} */
  pooling?: "mean" | "target";
}

/** Defines BST: logit = MLP([e_1, ..., e_F, pooled transformer(history, target)]). */
export const bst: DefinitionFactory<BstOptions> = defineModel(
  "bst",
  (x, options: BstOptions) => {
    const { dim = 16, hidden = [256, 128, 64], dropout = 0, batchNorm = false } = options;
    const { layers = 1, heads = 2, causal = false, pooling = "mean" } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interest = ({ items, target, lengths }: History) => {
      let h = appendTarget(items, target); // [B, L + 1, M D]
      const positions = { apart: true, width: dim, targets: 1, initializer: sinusoids(dim) };
      h = learnedPositions({ x: h, lengths }, positions); // [B, L + 1, M D + D]
      for (let layer = 0; layer < layers; layer++) {
        h = transformerBlock({ x: h, lengths }, { heads, causal, targets: 1, dropout, activation: "leaky_relu" });
      }
      return poolPlaces({ x: h, lengths }, { targets: 1, pooling }); // [B, M D + D]
    };
    return mlp(concat(flatten(fields), ...histories.map(interest)), [...hidden, 1], { dropout, batchNorm });
  },
  { readsHistories: true },
);
