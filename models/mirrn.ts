/**
 * Multi-granularity interest retrieval and refinement network: three searches in a long history, each of which a filter of
 * frequencies refines.
 *
 * X. Xu, Wang, Guo, L. Zhang, W. Yang, R. Yu, Y. Liu, Lian and E. Chen: Multi-granularity Interest Retrieval and Refinement
 * Network for Long-Term User Behavior Modeling in CTR Prediction. KDD 2025, arXiv:2411.15005. The items are found that are
 * like the target, like the mean of the newest items, and like the mean of all; the target attends to the three results.
 *
 * As in its code, a filter has a complex number for each column instead of the paper's blocks. Filters and means go over the
 * items that are there alone; the three results share a norm.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  allPlaces,
  atMost,
  concat,
  embeddings,
  flatten,
  fourierBlock,
  type History,
  latestPlaces,
  learnedPositions,
  mlp,
  multiHeadTargetAttention,
  nearestPlaces,
  poolHistory,
} from "../src/layers/mod.ts";
import type { ShortHistoryOptions } from "./sdim.ts";

/** Options of MIRRN. */
export interface MirrnOptions extends ShortHistoryOptions {
  /** Newest items whose mean is searched for. @default {16} */
  recent?: number;
  /** Items that each search keeps. @default {50} */
  top?: number;
  /** Bits of a code. @default {32} */
  bits?: number;
}

/** Defines MIRRN: logit = MLP([e_1, ..., e_F, attention to the newest items, attention to three refined searches]). */
export const mirrn: DefinitionFactory<MirrnOptions> = defineModel(
  "mirrn",
  (x, options: MirrnOptions) => {
    const { dim = 16, hidden = [512, 128, 64], units, heads, dropout = 0, window = 50 } = options;
    const { recent = 16, top = 50, bits } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interests = (history: History) => {
      const { items, target, lengths, places } = history;
      const newest = latestPlaces(items, lengths, Math.min(recent, places), { aligned: true });
      const means = [poolHistory(newest, atMost(lengths, recent), "mean"), poolHistory(items, lengths, "mean")]; // [B, M D]
      const taken = learnedPositions({ x: items, lengths }, { from: "latest" }); // [B, L, M D]
      const found = nearestPlaces({ x: items, lengths }, [target, ...means], { top, bits, taken }); // [B, 3 K, M D]
      const refined = poolHistory(fourierBlock(found, { dropout }), found.lengths, "mean"); // [B, 3, M D]
      const granularities = { target, items: refined, lengths: allPlaces(lengths, 3) };
      return [
        multiHeadTargetAttention(history, { name: "short", units, heads, window }),
        multiHeadTargetAttention(granularities, { name: "long", units, heads }),
      ];
    };
    const input = concat(flatten(fields), ...histories.flatMap(interests));
    return mlp(input, [...hidden, 1], { dropout }); // logits [B, 1]
  },
  { readsHistories: true },
);
