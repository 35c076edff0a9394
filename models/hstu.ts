/**
 * Hierarchical sequential transduction units as a ranker.
 *
 * Zhai, Liao, Liu, Wang, Li, Cao, Gao, Gong, Gu, He, Lu, Shi: Actions Speak Louder than Words: Trillion-Parameter
 * Sequential Transducers for Generative Recommendations. ICML 2024, arXiv:2402.17152. Implements equations 1 to 3: the
 * history and, behind it, the target pass through layers of pointwise attention; the target's last vector stands for both.
 *
 * Positions are learned and count back from the latest event; the paper's bias by time differences is left out. A network
 * reads the result beside the embeddings of all fields.
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
  hstuBlock,
  learnedPositions,
  mlp,
  poolPlaces,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of HSTU. */
export interface HstuOptions extends DnnOptions {
  /** Widths of the hidden layers. @default {[256, 128, 64]} */
  hidden?: readonly number[];
  /** Layers of pointwise attention. @default {2} */
  layers?: number;
  /** Heads of each layer. @default {2} */
  heads?: number;
  /** How far back an event sees; any distance when absent. */
  window?: number;
}

/** Defines HSTU: logit = MLP([e_1, ..., e_F, the target's vector behind the layers]). */
export const hstu: DefinitionFactory<HstuOptions> = defineModel(
  "hstu",
  (x, options: HstuOptions) => {
    const { dim = 16, hidden = [256, 128, 64], dropout = 0, batchNorm = false, layers = 2, heads = 2, window } =
      options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interest = ({ items, target, lengths }: History) => {
      let h = learnedPositions({ x: appendTarget(items, target), lengths }, { from: "latest", targets: 1 }); // [B, L + 1, M D]
      for (let layer = 0; layer < layers; layer++) {
        h = hstuBlock({ x: h, lengths }, { heads, window, causal: true, targets: 1, dropout });
      }
      return poolPlaces({ x: h, lengths }, { pooling: "target" }); // [B, M D]
    };
    return mlp(concat(flatten(fields), ...histories.map(interest)), [...hidden, 1], { dropout, batchNorm });
  },
  { readsHistories: true },
);
