/**
 * Deep interest evolution network: a GRU reads a user's history, and a second one follows the interest in the target.
 *
 * Zhou, Mou, Fan, Pi, Bian, Zhou, Zhu and Gai: Deep Interest Evolution Network for Click-Through Rate Prediction. AAAI
 * 2019, arXiv:1809.03672.
 *
 * The update gate z of the first layer is PyTorch's: 1 - u of the paper.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  attentionalGru,
  concat,
  embeddings,
  flatten,
  gru,
  type LayerActivation,
  mlp,
  nextItemLoss,
  placeAttention,
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
  score?: "bilinear" | "dot" | "unit";
  /** Widths of the hidden layers of a unit that scores. @default {[64]} */
  attention?: readonly number[];
  /** Activation of these layers. @default {"dice"} */
  attentionActivation?: LayerActivation;
  /** How attention weighs the steps of the second layer. @default {"augru"} */
  evolution?: "augru" | "agru";
  /** Factor of the auxiliary loss, by which the first layer learns which item comes next. @default {0} */
  auxiliary?: number;
  /** Widths of the hidden layers that the auxiliary loss has. @default {[100, 50]} */
  auxiliaryHidden?: readonly number[];
  /** Names of sequences that hold items not clicked, along the history; such items are drawn at random where absent. */
  negatives?: readonly string[];
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
    const { auxiliary: weight = 0, auxiliaryHidden, negatives = weight > 0 ? "drawn" : [] } = options;
    const { fields, histories } = embeddings(x, dim, { negatives }); // [B, F, D]
    const interests = histories.map(({ items, lengths }) => gru({ x: items, lengths }, { name: "extractor" }).states);
    const evolved = histories.map(({ lengths, target }, i) => {
      const interest = { x: interests[i], lengths }; // [B, L, M D]
      const weights = placeAttention(interest, target, attention); // [B, L]
      return attentionalGru(interest, weights, { name: "evolution", kind: options.evolution }).last; // [B, M D]
    });
    const logits = mlp(concat(...evolved, flatten(fields)), [...hidden, 1], { activation, dropout }); // [B, 1]
    if (weight === 0) return logits;
    const auxiliary = { weight, hidden: auxiliaryHidden };
    return histories.reduce((z, history, i) => nextItemLoss(z, interests[i], history, auxiliary), logits);
  },
  { readsHistories: true },
);
