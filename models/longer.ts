/**
 * LONGER: a long history whose neighboring items are merged, compressed to its latest part and a few global tokens.
 *
 * Chai, Ren, Xiao, Yang, Han, S. Zhang, D. Chen, Lu, Zhao, Yu, Xie, Ren, X. Sun, Tan, P. Xu, Zheng and Wu: LONGER: Scaling Up
 * Long Sequence Modeling in Industrial Recommenders. RecSys 2025, arXiv:2505.04421. Implements token merge with a
 * transformer inside each group, global tokens, a causal layer whose queries are the latest tokens and the global ones, and
 * causal layers among these.
 *
 * Global tokens are projections of all fields instead of one each for target, user and a learned vector. Layers have their
 * norms behind the sums. Differences of time are a sequence along the items, where the schema has one. Queries of tokens
 * that are dropped are computed all the same.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  appendTarget,
  atMost,
  columns,
  concat,
  dense,
  embeddings,
  flatten,
  type History,
  learnedPositions,
  mergePlaces,
  mlp,
  transformerBlock,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of LONGER. */
export interface LongerOptions extends DnnOptions {
  /** Widths of the hidden layers. @default {[256, 128, 64]} */
  hidden?: readonly number[];
  /** Width of an item before it is merged. @default {16} */
  width?: number;
  /** Neighboring items that become one token. @default {4} */
  merge?: number;
  /** Global tokens. @default {3} */
  globals?: number;
  /** Latest tokens that query the whole history. @default {100} */
  latest?: number;
  /** Layers among global tokens and latest ones. @default {1} */
  layers?: number;
  /** Heads of an attention. @default {2} */
  heads?: number;
}

/** Defines LONGER: logit = MLP([e_1, ..., e_F, global tokens behind the layers]). */
export const longer: DefinitionFactory<LongerOptions> = defineModel(
  "longer",
  (x, options: LongerOptions) => {
    const { dim = 16, hidden = [256, 128, 64], dropout = 0, batchNorm = false } = options;
    const { width = 16, merge = 4, globals: targets = 3, latest = 100, layers = 1, heads = 2 } = options;
    const causal = { causal: true, ordered: true, targets, heads, dropout };
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const compressed = ({ items, lengths: all }: History) => {
      const item = dense(items, width, { name: "item" }); // [B, L, N]
      const placed = learnedPositions({ x: item, lengths: all }, { from: "latest" });
      const history = mergePlaces({ x: placed, lengths: all }, merge, { heads, dropout }); // [B, L / K, K N]
      const tokens = dense(flatten(fields), targets * merge * width, { name: "globals" }); // [B, T K N]
      let o = appendTarget(history.x, tokens); // [B, L / K + T, K N]
      o = transformerBlock({ x: o, lengths: history.lengths }, { ...causal, kept: latest }); // [B, latest + T, K N]
      const lengths = atMost(history.lengths, latest);
      for (let layer = 0; layer < layers; layer++) o = transformerBlock({ x: o, lengths }, causal);
      const behind = targets * merge * width;
      return columns(flatten(o), Number(o.shape[1]) * merge * width - behind, behind); // [B, T K N]
    };
    const input = concat(flatten(fields), ...histories.map(compressed));
    return mlp(input, [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
  },
  { readsHistories: true },
);
