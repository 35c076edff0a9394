/**
 * Deep interest evolution network: a GRU reads a user's history, and a second one follows the interest in the target.
 *
 * Zhou, Mou, Fan, Pi, Bian, Zhou, Zhu and Gai: Deep Interest Evolution Network for Click-Through Rate Prediction. AAAI
 * 2019, arXiv:1809.03672. Equations 2 to 5 and 8 to 15.
 *
 * The last equation of a GRU has 1 - z for the candidate, as PyTorch has it; the paper swaps both.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  attentionalGru,
  type AttentionalGruKind,
  concat,
  embeddings,
  flatten,
  gru,
  type LayerActivation,
  mlp,
  placeAttention,
  type PlaceScore,
} from "../src/layers/mod.ts";

/** Options of DIEN. */
export interface DienOptions {
  /** Width of an embedding; recurrent layers have as many units as an item has numbers, at most 256. @default {16} */
  dim?: number;
  /** Widths of the hidden layers. @default {[512, 256, 128]} */
  hidden?: readonly number[];
  /** Activation of hidden layers. @default {"relu"} */
  activation?: LayerActivation;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** How the interest at each place is scored against the target. @default {"bilinear"} */
  score?: PlaceScore;
  /** Widths of the hidden layers of a unit that scores. @default {[64]} */
  attention?: readonly number[];
  /** Activation of these layers. @default {"dice"} */
  attentionActivation?: LayerActivation;
  /** How attention weighs the steps of the second layer. @default {"augru"} */
  evolution?: AttentionalGruKind;
}

/**
 * Defines DIEN: logit = MLP([v, e_1, ..., e_F]) with the last state v of AUGRU(i, a), the states i_t of GRU(k), and
 * a = softmax(score(i_t, q)), for schemas with sequences of a field.
 */
export const dien: DefinitionFactory<DienOptions> = defineModel(
  "dien",
  (x, options: DienOptions) => {
    const { dim = 16, hidden = [512, 256, 128], activation = "relu", dropout = 0 } = options;
    const attention = { score: options.score, hidden: options.attention, activation: options.attentionActivation };
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const evolved = histories.map(({ items, lengths, target }) => {
      const { states } = gru({ x: items, lengths }, { name: "extractor" }); // [B, L, M D]
      const interest = { x: states, lengths };
      const weights = placeAttention(interest, target, attention); // [B, L]
      return attentionalGru(interest, weights, { name: "evolution", kind: options.evolution }).last; // [B, M D]
    });
    return mlp(concat(...evolved, flatten(fields)), [...hidden, 1], { activation, dropout }); // logits [B, 1]
  },
  { readsHistories: true },
);
