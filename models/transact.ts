/**
 * TransAct: real-time actions through a transformer, whose output enters a cross network.
 *
 * Xia, Eksombatchai, Pancha, Badani, Wang, Gu, Joshi, Farahpour, Zhang, Zhai: TransAct: Transformer-based Realtime User
 * Action Model for Recommendation at Pinterest. KDD 2023, arXiv:2306.00248. Implements section 3.2: each action beside the
 * target, transformer layers, and of their output the latest actions and the maximum over all.
 *
 * As in FuxiCTR, a DCN-V2 reads the result beside the other embeddings, and the maximum is over actions that are there.
 * The paper's random window of time is left out.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  atLeast,
  concat,
  crossNetV2,
  dense,
  embeddings,
  flatten,
  type History,
  latestPlaces,
  mlp,
  poolPlaces,
  repeat,
  transformerBlock,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of TransAct. */
export interface TransactOptions extends DnnOptions {
  /** Widths of the hidden layers beside the cross network. @default {[256, 128, 64]} */
  hidden?: readonly number[];
  /** Layers of the transformer. @default {1} */
  layers?: number;
  /** Heads of each layer. @default {2} */
  heads?: number;
  /** Width of the hidden layer of the transformer's feed-forward part. @default {64} */
  feedForward?: number;
  /** Latest actions whose outputs are read one by one. @default {1} */
  latest?: number;
  /** Layers of the cross network. @default {3} */
  crossLayers?: number;
}

/** Defines TransAct: logit = w [crossnet(x), MLP(x)] + b with x = [e, latest outputs, W max of outputs]. */
export const transact: DefinitionFactory<TransactOptions> = defineModel(
  "transact",
  (x, options: TransactOptions) => {
    const { dim = 16, hidden = [256, 128, 64], dropout = 0, batchNorm = false } = options;
    const { layers = 1, heads = 2, feedForward = 64, latest = 1, crossLayers = 3 } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interest = ({ items, target, places, lengths: all }: History) => {
      const lengths = atLeast(all, 1); // a user without actions has the target alone
      let h = concat(items, repeat(target, places)); // [B, L, 2 M D]
      for (let layer = 0; layer < layers; layer++) {
        h = transformerBlock({ x: h, lengths }, { heads, feedForward, dropout });
      }
      const largest = poolPlaces({ x: h, lengths }, { pooling: "max" }); // [B, 2 M D]
      const pooled = dense(largest, Number(largest.shape[1]), { name: "pool" });
      return concat(flatten(latestPlaces(h, lengths, latest)), pooled);
    };
    const x0 = concat(flatten(fields), ...histories.map(interest));
    const deep = mlp(x0, hidden, { dropout, batchNorm, hiddenOnly: true });
    return dense(concat(crossNetV2(x0, { layers: crossLayers }), deep), 1, { name: "top" }); // logits [B, 1]
  },
  { readsHistories: true },
);
