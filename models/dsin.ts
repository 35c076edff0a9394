/**
 * Deep session interest network: an interest for each session of a user, and how interests evolve from one to the next.
 *
 * Feng, Lv, Shen, Wang, F. Sun, Zhu and K. Yang: Deep Session Interest Network for Click-Through Rate Prediction. IJCAI
 * 2019, arXiv:1905.06482. Implements sections 3.2 to 3.5: self-attention within each session, its mean, a bidirectional LSTM
 * over sessions, and an activation unit for the target over both.
 *
 * The bias encoding is one learned vector for each place of each session, which the paper makes of three. Items see
 * themselves, too. Without a sequence that tells sessions apart, a session is a number of neighboring items.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  add,
  attentionUnit,
  concat,
  cutPieces,
  cutSessions,
  embeddings,
  flatten,
  type History,
  learnedPositions,
  lstm,
  mlp,
  poolHistory,
  transformerBlock,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of DSIN. */
export interface DsinOptions extends DnnOptions {
  /** Widths of the hidden layers. @default {[200, 80]} */
  hidden?: readonly number[];
  /** Name of a sequence along the history whose value changes where a session begins; it is not among the items. */
  session?: string;
  /** Most sessions, the latest, where a sequence tells them apart. @default {5} */
  sessions?: number;
  /** Most items of a session. @default {10} */
  size?: number;
  /** Heads of the attention within a session. @default {2} */
  heads?: number;
  /** Width of the hidden layer of the feed-forward part within a session. @default {4 times the numbers of an item} */
  feedForward?: number;
  /** Widths of the hidden layers that score a session. @default {[64, 16]} */
  attention?: readonly number[];
}

/** Defines DSIN: logit = MLP([e_1, ..., e_F, sum_k a(q, I_k) I_k, sum_k a(q, H_k) H_k]) with H = LSTM(I), both ways. */
export const dsin: DefinitionFactory<DsinOptions> = defineModel(
  "dsin",
  (x, options: DsinOptions) => {
    const { dim = 16, hidden = [200, 80], dropout = 0, batchNorm = false } = options;
    const { session, sessions, size = 10, heads = 2, attention = [64, 16] } = options;
    const unit = { hidden: attention, activation: "sigmoid", softmax: true } as const;
    const { fields, histories } = embeddings(x, dim, { apart: session === undefined ? [] : [session] }); // [B, F, D]
    const interests = (history: History) => {
      const { items, lengths, target } = history;
      const cut = session === undefined
        ? cutPieces({ x: items, lengths }, size)
        : cutSessions(x, history, { sequence: session, sessions, size }); // [B, S T, M D]
      const encoded = learnedPositions({ x: cut.x, lengths }, { name: "bias", targets: cut.most * size });
      const feedForward = options.feedForward ?? 4 * Number(target.shape[1]);
      const within = transformerBlock({ x: encoded, lengths: cut.lengths }, { heads, feedForward, dropout });
      const interest = { x: poolHistory(within, cut.lengths, "mean"), lengths: cut.counts }; // [B, S, M D]
      const [before, after] = [false, true].map((reverse) => lstm(interest, { reverse })); // [B, S, M D]
      return [interest.x, add(before, after)].map((items) =>
        attentionUnit({ ...history, items, lengths: cut.counts, places: cut.most }, unit)
      ); // [B, M D]
    };
    const input = concat(flatten(fields), ...histories.flatMap(interests));
    return mlp(input, [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
  },
  { readsHistories: true },
);
