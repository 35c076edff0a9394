/**
 * Deep interest network: a user's history counts as far as it is like the target.
 *
 * Zhou, Zhu, Song, Fan, Zhu, Ma, Yan, Jin, Li and Gai: Deep Interest Network for Click-Through Rate Prediction. KDD 2018,
 * arXiv:1706.06978. Equation 3: v = sum_t a(q, k_t) k_t, and logit = MLP(e, v).
 *
 * The paper's unit sees the outer product of target and item; its code, as here, their difference and product. Its
 * mini-batch-aware regularizer is `l2: { byCount }` of `fit`, for this and all other models.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { attentionUnit, concat, embeddings, flatten, type LayerActivation, mlp } from "../src/layers/mod.ts";

/** Options of DIN. */
export interface DinOptions {
  /** Width of an embedding. @default {16} */
  dim?: number;
  /** Widths of the hidden layers. @default {[512, 256, 128]} */
  hidden?: readonly number[];
  /** Widths of the hidden layers that score an item of a history. @default {[64]} */
  attention?: readonly number[];
  /** Activation of hidden layers. @default {"dice"} */
  activation?: LayerActivation;
  /** Activation of the hidden layers that score an item. @default {"dice"} */
  attentionActivation?: LayerActivation;
  /** Whether the scores of a history become weights that sum to 1. @default {false} */
  softmax?: boolean;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
}

/** Defines DIN: logit = MLP([e_1, ..., e_F, sum_t a(q, k_t) k_t]), for schemas with sequences of a field. */
export const din: DefinitionFactory<DinOptions> = defineModel(
  "din",
  (x, options: DinOptions) => {
    const { dim = 16, hidden = [512, 256, 128], activation = "dice", dropout = 0 } = options;
    const unit = { hidden: options.attention, activation: options.attentionActivation, softmax: options.softmax };
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interests = histories.map((history) => attentionUnit(history, unit)); // [B, M D]
    return mlp(concat(flatten(fields), ...interests), [...hidden, 1], { activation, dropout }); // logits [B, 1]
  },
  { readsHistories: true },
);
