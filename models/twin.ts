/**
 * Two-stage interest network: the search in a long history and the attention to what it finds have the same scores.
 *
 * Chang, Zhang, Fu, Zang, Guan, Lu, Hui, Leng, Niu, Song and Gai: TWIN: TWo-stage Interest Network for Lifelong User
 * Behavior Modeling in CTR Prediction at Kuaishou. KDD 2023, arXiv:2302.02352.
 *
 * Without the paper's features of a user's dealings with an item, which enter its scores as a bias.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, embeddings, flatten, mlp, multiHeadTargetAttention } from "../src/layers/mod.ts";
import type { ShortHistoryOptions } from "./sdim.ts";

/** Options of TWIN. */
export interface TwinOptions extends ShortHistoryOptions {
  /** Items that each head keeps. @default {50} */
  top?: number;
}

/** Defines TWIN: logit = MLP([e_1, ..., e_F, attention to the newest items, attention to each head's best items]). */
export const twin: DefinitionFactory<TwinOptions> = defineModel(
  "twin",
  (x, { dim = 16, hidden = [512, 128, 64], units, heads, dropout = 0, window = 50, top = 50 }: TwinOptions) => {
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interests = histories.flatMap((history) => [
      multiHeadTargetAttention(history, { name: "short", units, heads, window }),
      multiHeadTargetAttention(history, { name: "long", units, heads, top }),
    ]); // [B, M D]
    return mlp(concat(flatten(fields), ...interests), [...hidden, 1], { dropout }); // logits [B, 1]
  },
  { readsHistories: true },
);
