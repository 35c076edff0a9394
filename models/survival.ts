/**
 * Survival heads over one network: when something ends, such as an ad creative that wears out.
 *
 * M. Gensheimer, B. Narasimhan: A scalable discrete-time survival model for neural networks. PeerJ 7, 2019. The network
 * over the embeddings gives each interval of each head its hazard, the probability that the end comes in it for what
 * lasted until then.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, flatten, hazards, mlp } from "../src/layers/mod.ts";

/** Options of {@linkcode survival}. */
export interface SurvivalOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Widths of the shared network's layers. @default {[400, 400]} */
  hidden?: readonly number[];
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** Whether hidden layers are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/** Defines survival heads: logits of hazards = MLP(e) W_head + b_head. */
export const survival: DefinitionFactory<SurvivalOptions> = defineModel(
  "survival",
  (x, { dim = 16, hidden = [400, 400], dropout = 0, batchNorm = false }: SurvivalOptions) => {
    const e = flatten(embedding(x, dim)); // [B, F D]
    const h = mlp(e, hidden, { dropout, batchNorm, hiddenOnly: true }); // [B, H]
    return hazards(x, h); // [B, K] by head
  },
);
