/**
 * Metrics of the first rows of rankings, such as the ads that a user is shown.
 *
 * @module
 */
import { type GroupColumn, type GroupedOrder, groupRows, sortWithinGroups } from "./by_group.ts";
import { metricAtTop, type RankedList } from "./top.ts";

/** Metrics of the first k rows of a ranking. */
export type TopMetric = "ndcg" | "map" | "hitRate" | "precision" | "recall";

/** All of them. */
export const TOP_METRICS: readonly TopMetric[] = ["ndcg", "map", "hitRate", "precision", "recall"];

/** Metric of rankings, such as `mrr` or `ndcg@10`. */
export type RankingMetric = "mrr" | `${TopMetric}@${number}`;

/** Options of {@linkcode rankingMetrics}. */
export interface RankingOptions {
  /** How many first rows count. @default {[1, 5, 10]} */
  readonly k?: readonly number[];
  /** Relevance from which on a row is relevant, for all metrics but nDCG. @default {1} */
  readonly relevantFrom?: number;
  /** Gain of a relevance r in nDCG: r itself, or 2^r - 1, which sets high grades further apart. @default {"linear"} */
  readonly gain?: "linear" | "exponential";
}

/** What {@linkcode rankingMetrics} returns. */
export interface RankingEvaluation {
  /** Means over the groups that have a relevant row, and for nDCG over those that have a gain; NaN without any. */
  readonly metrics: Readonly<Record<RankingMetric, number>>;
  /** Groups in all. */
  readonly groups: number;
  /** Groups without a relevant row, which are left out. */
  readonly withoutRelevant: number;
}

/**
 * Computes how good the rankings of groups, such as users, are at their top. The rows of a group are ranked by falling
 * score; every metric is the mean over the groups that have a relevant row, the others are left out and counted.
 *
 * | metric | value of a group with R relevant rows |
 * | --- | --- |
 * | `ndcg@k` | `DCG / (DCG of the best order)`, `DCG = sum_(i <= k) gain_i / log2(1 + i)` |
 * | `map@k` | average precision: `sum over relevant i <= k of precision@i`, divided by min(R, k) |
 * | `mrr` | `1 / (place of the first relevant row)` |
 * | `hitRate@k` | 1 where one of the first k rows is relevant, else 0 |
 * | `precision@k` | relevant rows among the first k, divided by k |
 * | `recall@k` | relevant rows among the first k, divided by R |
 *
 * Ties: rows of equal scores have no order, so that each metric is its mean over all orders of such rows, computed
 * exactly. What a model is worth then does not depend on the order of the file, and equal scores earn what a random order
 * does (McSherry, Najork: Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores,
 * ECIR 2008).
 *
 * @param scores logits, probabilities or ratings; only their order within a group matters
 * @param relevances labels 0 and 1, or grades of at least 0
 * @param groups value of each row that tells its group
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when there is no row, a score is NaN, a relevance is negative or not finite, or a k is no positive
 * integer
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const users = ["a", "a", "a", "b", "b"];
 * const { metrics } = rankingMetrics([0.9, 0.5, 0.1, 0.3, 0.3], [0, 1, 1, 0, 1], users, { k: [2] });
 * assert.equal(metrics.mrr, (1 / 2 + (1 + 1 / 2) / 2) / 2); // b's two rows are tied: either may be the first
 * assert.equal(metrics["recall@2"], (1 / 2 + 1) / 2);
 * ```
 */
export function rankingMetrics(
  scores: ArrayLike<number>,
  relevances: ArrayLike<number>,
  groups: GroupColumn,
  options: RankingOptions = {},
): RankingEvaluation {
  const { k = [1, 5, 10], ...rest } = options;
  requireTops(k);
  const names: RankingMetric[] = ["mrr", ...TOP_METRICS.flatMap((metric) => k.map((n) => `${metric}@${n}` as const))];
  const byGroup = rankingsByGroup(scores, relevances, groups, names, rest);
  const metrics = Object.fromEntries(names.map((name) => [name, meanOf(byGroup.values[name])]));
  return {
    metrics: metrics as RankingEvaluation["metrics"],
    groups: byGroup.values.mrr.length,
    withoutRelevant: byGroup.withoutRelevant,
  };
}

/** Metrics of rankings by group. */
export interface RankingsByGroup {
  /** Values `[groups]` by metric, NaN for a group that is left out. */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** Groups without a relevant row. */
  readonly withoutRelevant: number;
}

/** Computes metrics of {@linkcode rankingMetrics} for each group. */
export function rankingsByGroup(
  scores: ArrayLike<number>,
  relevances: ArrayLike<number>,
  column: GroupColumn,
  names: readonly RankingMetric[],
  { relevantFrom = 1, gain = "linear" }: Omit<RankingOptions, "k">,
): RankingsByGroup {
  requireRankings(scores, relevances);
  const groups = groupRows("ranking metrics", column, scores.length);
  const gains = Float64Array.from(relevances, (r) => gain === "linear" ? r : 2 ** r - 1);
  const order = sortWithinGroups(Float64Array.from(scores), groups);
  const best = names.some((name) => name.startsWith("ndcg")) ? sortWithinGroups(gains, groups) : undefined;
  const count = groups.sizes.length;
  const values = Object.fromEntries(names.map((name) => [name, new Float64Array(count)]));
  const wanted = names.map((name) => ({ into: values[name], ...parseRankingMetric(name)! }));
  let withoutRelevant = 0;
  for (let group = 0; group < count; group++) {
    const list = listOf(order, group, { scores, relevances, gains, relevantFrom });
    if (list.relevant === 0) withoutRelevant++;
    const ideal = best && gainsOf(best, group, gains);
    for (const { into, metric, k } of wanted) into[group] = metricAtTop(metric, list, k, ideal);
  }
  return { values, withoutRelevant };
}

/** Returns metric and k of a name such as `ndcg@10`; nothing where it is none. */
export function parseRankingMetric(name: string): { metric: TopMetric | "mrr"; k: number } | undefined {
  if (name === "mrr") return { metric: "mrr", k: Infinity };
  const [metric, text = ""] = name.split("@");
  const k = Number(text);
  if (!TOP_METRICS.includes(metric as TopMetric) || !/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(k)) {
    return undefined;
  }
  return { metric: metric as TopMetric, k };
}

/**
 * Computes the mean of the values that are not NaN.
 *
 * @param times how often each counts, 1 when absent
 */
export function meanOf(values: Float64Array, times?: ArrayLike<number>): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    const n = times ? times[i] : 1;
    sum += n * values[i];
    count += n;
  }
  return sum / count;
}

/** Cuts the rows of a group into runs of equal scores, the highest first. */
function listOf(
  { rows, starts }: GroupedOrder,
  group: number,
  { scores, relevances, gains, relevantFrom }: {
    readonly scores: ArrayLike<number>;
    readonly relevances: ArrayLike<number>;
    readonly gains: Float64Array;
    readonly relevantFrom: number;
  },
): RankedList {
  const runs: { rows: number; relevant: number; gain: number }[] = [];
  let all = 0;
  for (let start = starts[group + 1] - 1, end = start; start >= starts[group]; start = end) {
    let [relevant, gain] = [0, 0];
    for (; end >= starts[group] && scores[rows[end]] === scores[rows[start]]; end--) {
      if (relevances[rows[end]] >= relevantFrom) relevant++;
      gain += gains[rows[end]];
    }
    runs.push({ rows: start - end, relevant, gain });
    all += relevant;
  }
  return { runs, relevant: all };
}

/** Returns the gains of a group, the highest first. */
function gainsOf({ rows, starts }: GroupedOrder, group: number, gains: Float64Array): Float64Array {
  const length = starts[group + 1] - starts[group];
  return Float64Array.from({ length }, (_, place) => gains[rows[starts[group + 1] - 1 - place]]);
}

function requireTops(k: readonly number[]): void {
  const bad = k.find((n) => !Number.isSafeInteger(n) || n < 1);
  if (bad === undefined) return;
  throw new RangeError(`Cannot compute ranking metrics: k must be positive integers, received ${bad}`);
}

function requireRankings(scores: ArrayLike<number>, relevances: ArrayLike<number>): void {
  const rows = scores.length;
  if (relevances.length !== rows) {
    throw new TypeError(
      `Cannot compute ranking metrics: relevances must be of ${rows} rows, received ${relevances.length}`,
    );
  }
  if (rows === 0) throw new RangeError("Cannot compute ranking metrics: at least one row is needed, received 0");
  for (let row = 0; row < rows; row++) {
    if (Number.isNaN(scores[row])) {
      throw new RangeError(`Cannot compute ranking metrics: scores must be numbers, received NaN at row ${row}`);
    }
    if (relevances[row] >= 0 && relevances[row] < Infinity) continue;
    throw new RangeError(
      `Cannot compute ranking metrics: relevances must be finite and not negative, received ${
        relevances[row]
      } at row ${row}`,
    );
  }
}
