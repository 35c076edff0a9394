/**
 * Efficient target attention: the items of a long history whose hash codes are nearest to the target's are attended to.
 *
 * Q. Chen, Xu, Pei, Lv, Zhuang and Ge: Efficient Long Sequential User Data Modeling for Click-Through Rate Prediction.
 * DLP-KDD 2022, arXiv:2209.12212.
 *
 * Of items that are equally near the newer one is kept.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  concat,
  embeddings,
  flatten,
  hashLikeness,
  mlp,
  multiHeadTargetAttention,
  topItems,
} from "../src/layers/mod.ts";
import type { ShortHistoryOptions } from "./sdim.ts";

/** Options of ETA. */
export interface EtaOptions extends ShortHistoryOptions {
  /** Bits of a code. @default {32} */
  bits?: number;
  /** Items that the search keeps. @default {50} */
  top?: number;
}

/** Defines ETA: logit = MLP([e_1, ..., e_F, attention to the newest items, attention to the nearest items]). */
export const eta: DefinitionFactory<EtaOptions> = defineModel(
  "eta",
  (x, options: EtaOptions) => {
    const { dim = 16, hidden = [512, 128, 64], units, heads, dropout = 0, window = 50, bits, top = 50 } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interests = histories.flatMap((history) => {
      const nearest = topItems(history, hashLikeness(history, { bits }), top); // [B, K, M D]
      return [
        multiHeadTargetAttention(history, { name: "short", units, heads, window }),
        multiHeadTargetAttention(nearest, { name: "long", units, heads }),
      ];
    }); // [B, M D]
    return mlp(concat(flatten(fields), ...interests), [...hidden, 1], { dropout }); // logits [B, 1]
  },
  { readsHistories: true },
);
