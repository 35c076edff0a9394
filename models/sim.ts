/**
 * Search-based interest model: a search finds the items of a long history that matter to the target, and an attention
 * looks at these alone.
 *
 * Pi, Zhou, Zhang, Wang, Ren, Fan, Zhu and Gai: Search-based User Interest Modeling with Lifelong Sequential Behavior Data
 * for Click-Through Rate Prediction. CIKM 2020, arXiv:2006.05639.
 *
 * The soft search scores all items, and learns to by a logit of its own from their sum by score; the hard one finds the
 * newest items of the target's category, or of whatever else a sequence holds. Of items with equal scores the newer one is
 * kept. The paper's intervals of time are left out.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  concat,
  embeddings,
  equalItems,
  flatten,
  mlp,
  multiHeadTargetAttention,
  relevance,
  topItems,
  withAuxiliary,
} from "../src/layers/mod.ts";
import type { ShortHistoryOptions } from "./sdim.ts";

/** Options of SIM. */
export interface SimOptions extends ShortHistoryOptions {
  /** Whether items are scored or must be of the target's category. @default {"soft"} */
  search?: "soft" | "hard";
  /** Sequence whose values a hard search compares with the target. @default {the last of those along each other} */
  sequence?: string;
  /** Items that the search keeps. @default {50} */
  top?: number;
  /** Weight of the loss of the search's own logit. @default {1} */
  searchLoss?: number;
}

/** Defines SIM: logit = MLP([e_1, ..., e_F, attention to the newest items, attention to the items found]). */
export const sim: DefinitionFactory<SimOptions> = defineModel(
  "sim",
  (x, options: SimOptions) => {
    const { dim = 16, hidden = [512, 128, 64], units = 64, heads, dropout = 0, window = 50, top = 50 } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const searches = histories.map((history) => {
      if (options.search === "hard") {
        return { history, found: equalItems(x, history, top, options.sequence), pooled: [] };
      }
      const { scores, pooled } = relevance(history, { units }); // [B, L], [B, M D]
      return { history, found: topItems(history, scores, top), pooled: [pooled] }; // [B, K, M D]
    });
    const interests = searches.flatMap(({ history, found }) => [
      multiHeadTargetAttention(history, { name: "short", units, heads, window }),
      multiHeadTargetAttention(found, { name: "long", units, heads }),
    ]); // [B, M D]
    const logits = mlp(concat(flatten(fields), ...interests), [...hidden, 1], { dropout }); // [B, 1]
    if (options.search === "hard") return logits;
    const pooled = searches.flatMap((search) => search.pooled);
    const searched = mlp(concat(flatten(fields), ...pooled), [...hidden, 1], { name: "search", dropout }); // [B, 1]
    return withAuxiliary(logits, searched, x.targets, options.searchLoss); // logits [B, 1]
  },
  { readsHistories: true },
);
