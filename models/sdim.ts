/**
 * Sampling-based deep interest modeling: what collides with the target under random hashes stands for a long history.
 *
 * Cao, Zhou, Feng, Huang, Xiao, D. Chen and S. Chen: Sampling Is All You Need on Modeling Long-Term User Behaviors for CTR
 * Prediction. CIKM 2022, arXiv:2205.10249.
 *
 * The newest items are attended to with heads, as in FuxiCTR. Sums of hashes are divided by their lengths, as the paper
 * does, where `normalize` says so.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, embeddings, flatten, hashAttention, mlp, multiHeadTargetAttention } from "../src/layers/mod.ts";

/** Options of models that look closely at the newest items of a history. */
export interface ShortHistoryOptions {
  /** Width of an embedding. @default {16} */
  dim?: number;
  /** Widths of the hidden layers. @default {[512, 128, 64]} */
  hidden?: readonly number[];
  /** Columns of the projections of an attention. @default {64} */
  units?: number;
  /** Heads of an attention. @default {2} */
  heads?: number;
  /** Newest items that are attended to on their own. @default {50} */
  window?: number;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
}

/** Options of SDIM. */
export interface SdimOptions extends ShortHistoryOptions {
  /** Hashes. @default {48} */
  hashes?: number;
  /** Bits of a hash. @default {3} */
  bits?: number;
  /** Whether the sum of each hash is divided by its length. @default {false} */
  normalize?: boolean;
}

/** Defines SDIM: logit = MLP([e_1, ..., e_F, sums of colliding items, attention to the newest items]). */
export const sdim: DefinitionFactory<SdimOptions> = defineModel(
  "sdim",
  (x, options: SdimOptions) => {
    const { dim = 16, hidden = [512, 128, 64], units, heads, dropout = 0, window = 50 } = options;
    const { hashes, bits, normalize } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interests = histories.flatMap((history) => [
      hashAttention(history, { hashes, bits, normalize }),
      multiHeadTargetAttention(history, { name: "short", units, heads, window }),
    ]); // [B, M D]
    return mlp(concat(flatten(fields), ...interests), [...hidden, 1], { dropout }); // logits [B, 1]
  },
  { readsHistories: true },
);
