/**
 * OneTrans.
 *
 * Z. Zhang, H. Pei, J. Guo, T. Wang, Y. Feng, H. Sun, S. Liu, A. Sun: OneTrans: Unified Feature Interaction and Sequence
 * Modeling with One Transformer in Industrial Recommender. WWW 2026, arXiv:2510.26104. Implements section 3 for one
 * history: tokens split from one projection of all fields, blocks of mixed parameters, and the pyramid of latest places.
 *
 * A dense layer reads the tokens after the last block. Queries of places that a block drops are computed all the same.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { dense, embeddings, flatten, mixedBlock, type MixedTokens, reshape, rmsNorm } from "../src/layers/mod.ts";

/** Options of OneTrans. */
export interface OnetransOptions {
  /** Width of an embedding. @default {16} */
  dim?: number;
  /** Tokens that stand for the fields. @default {8} */
  tokens?: number;
  /** Width of a token and of a place of the history. @default {64} */
  width?: number;
  /** Blocks. @default {3} */
  layers?: number;
  /** Heads of the attention. @default {4} */
  heads?: number;
  /** Width of the hidden layer of a feed-forward part. @default {4 times the width} */
  feedForward?: number;
  /** Latest places of the history that query in the last block; all do in the first one. @default {as many as tokens} */
  latest?: number;
}

/** Defines OneTrans: logit = w . tokens of blocks([W k_1, ..., W k_L, split(V e)]) + b, for schemas with one history. */
export const onetrans: DefinitionFactory<OnetransOptions> = defineModel(
  "onetrans",
  (x, options: OnetransOptions) => {
    const { dim = 16, tokens = 8, width = 64, layers = 3, heads, feedForward, latest = tokens } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    if (histories.length !== 1) {
      throw new RangeError(`Cannot build onetrans: the schema must have one history, received ${histories.length}`);
    }
    const [{ items, lengths, places }] = histories;
    let list: MixedTokens = {
      history: { x: dense(items, width, { name: "history" }), lengths }, // [B, L, M]
      tokens: reshape(dense(flatten(fields), tokens * width, { name: "tokens" }), ["B", tokens, width]),
    };
    const fewer = Math.max(0, places - latest) / Math.max(1, layers - 1);
    for (let layer = 0; layer < layers; layer++) {
      list = mixedBlock(list, { heads, feedForward, kept: Math.round(places - fewer * layer) });
    }
    return dense(flatten(rmsNorm(list.tokens)), 1, { name: "top" }); // logits [B, 1]
  },
  { readsHistories: true },
);
