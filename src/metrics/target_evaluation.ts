/**
 * All metrics of predictions of numbers at once, with rankings, slices and intervals.
 *
 * @module
 */
import { bootstrap, type Interval } from "./bootstrap.ts";
import type { GroupCounts, RowColumn } from "./further.ts";
import { meanOf, type RankingMetric, type RankingOptions, rankingsByGroup, TOP_METRICS } from "./rankings.ts";
import { type ErrorMetrics, meanErrors, requireTargets } from "./regression.ts";
import { sliceRows } from "./slices.ts";

/** What {@linkcode evaluateTargets} is asked for beside errors. */
export interface TargetOptions extends RankingOptions {
  /** Value of each row that tells its group, such as a user, whose rows are ranked; rows without one are left out of that. */
  readonly group?: RowColumn;
  /** Columns by name whose values slice the rows, as in `EvaluationOptions`. */
  readonly by?: Readonly<Record<string, RowColumn>>;
  /** Number of resamples to compute 95 % intervals of the errors from, of groups where there are some; `true` for 1000. */
  readonly intervals?: boolean | number;
  /** Seed of the resamples. @default {1} */
  readonly seed?: number;
}

/** Errors of a slice. */
export interface TargetSlice extends ErrorMetrics {
  /** Value or range of the column. */
  readonly value: string;
  /** Rows of the slice. */
  readonly rows: number;
  /** 95 % intervals by metric, where they were asked for. */
  readonly intervals?: Readonly<Record<string, Interval>>;
}

/** Metrics of predictions of numbers. */
export interface TargetEvaluation extends ErrorMetrics {
  /** Rows evaluated. */
  readonly rows: number;
  /** Metrics of the rankings of groups, with the targets as grades; where there are groups. */
  readonly rankings?: Readonly<Partial<Record<RankingMetric, number>>>;
  /** Groups behind them. */
  readonly groups?: Omit<GroupCounts, "oneClass">;
  /** Errors by slice of each column that was asked for. */
  readonly slices?: Readonly<Record<string, readonly TargetSlice[]>>;
  /** 95 % intervals by metric, where they were asked for. */
  readonly intervals?: Readonly<Record<string, Interval>>;
}

/**
 * Computes the errors of predictions of numbers, such as ratings, and how well they rank the rows of groups: `ndcg@k` with
 * the targets as grades, and where `relevantFrom` says which targets are relevant, the other metrics of `rankingMetrics`.
 *
 * @param predictions finite numbers
 * @param targets finite numbers, with a group at least 0
 * @param weights weight of each row in the errors, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when there is no row, a number is not finite, no row has weight, or an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const user = ["a", "a", "b", "b"];
 * const { rmse, rankings } = evaluateTargets([2, 5, 1, 4], [3, 4, 5, 2], undefined, { group: user, k: [1], relevantFrom: 4 });
 * assert.equal(rmse, Math.sqrt((1 + 1 + 16 + 4) / 4));
 * assert.equal(rankings!["ndcg@1"], (1 + 2 / 5) / 2);
 * assert.equal(rankings!["hitRate@1"], 0.5);
 * ```
 */
export function evaluateTargets(
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights?: ArrayLike<number>,
  options: TargetOptions = {},
): TargetEvaluation {
  requireTargets(predictions, targets, weights);
  const { group, by } = options;
  for (const [name, column] of Object.entries({ ...by, ...(group && { group }) })) {
    if (column.length === targets.length) continue;
    throw new TypeError(`Cannot evaluate: "${name}" must be of ${targets.length} rows, received ${column.length}`);
  }
  const all = { predictions, targets, weights };
  const every = Uint32Array.from({ length: targets.length }, (_, row) => row);
  const slices = by && Object.fromEntries(
    Object.entries(by).map(([name, column]) => [
      name,
      sliceRows(column).map(({ value, rows }) => ({ value, rows: rows.length, ...measure(all, rows, options) })),
    ]),
  );
  return {
    ...measure(all, every, options),
    rows: targets.length,
    ...(group && rank(all, group, options)),
    ...(slices && { slices }),
  };
}

interface TargetRows {
  readonly predictions: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  readonly weights?: ArrayLike<number>;
}

/** Computes the errors of some rows, and their intervals where they are asked for. */
function measure(
  all: TargetRows,
  own: ArrayLike<number>,
  { intervals, seed, group }: TargetOptions,
): ErrorMetrics & { intervals?: Record<string, Interval> } {
  const take = (values: ArrayLike<number>): Float64Array => Float64Array.from(own, (row) => values[row]);
  const [predictions, targets, weights] = [take(all.predictions), take(all.targets), all.weights && take(all.weights)];
  const errors = meanErrors(predictions, targets, weights);
  if (!intervals) return errors;
  // Rows without a group are groups of their own.
  const groups = group && Array.from(own, (row) => group[row] ?? `\0${row}`);
  const resamples = typeof intervals === "number" ? intervals : undefined;
  const both = new Float64Array(own.length);
  const replicate = (counts: Uint16Array): Record<string, number> => {
    for (let i = 0; i < both.length; i++) both[i] = counts[i] * (weights ? weights[i] : 1);
    return { ...meanErrors(predictions, targets, both) };
  };
  return { ...errors, intervals: bootstrap(replicate, own.length, { resamples, seed, groups }) };
}

/** Ranks the rows of groups. */
function rank(
  { predictions, targets }: TargetRows,
  group: RowColumn,
  { k = [1, 5, 10], relevantFrom, gain }: TargetOptions,
): Pick<TargetEvaluation, "rankings" | "groups"> {
  const known = Array.from({ length: group.length }, (_, row) => row).filter((row) => group[row] !== undefined);
  const take = (values: ArrayLike<number>): number[] => known.map((row) => values[row]);
  const metrics = relevantFrom === undefined ? ["ndcg" as const] : TOP_METRICS;
  const names: RankingMetric[] = [
    ...(relevantFrom === undefined ? [] : ["mrr" as const]),
    ...metrics.flatMap((metric) => k.map((n) => `${metric}@${n}` as const)),
  ];
  const own = known.map((row) => group[row]!);
  const rowsWithout = group.length - known.length;
  if (known.length === 0) {
    const none = Object.fromEntries(names.map((name) => [name, NaN]));
    return { rankings: none, groups: { groups: 0, withoutRelevant: 0, rowsWithout } };
  }
  const ranked = rankingsByGroup(take(predictions), take(targets), own, names, { relevantFrom, gain });
  return {
    rankings: Object.fromEntries(names.map((name) => [name, meanOf(ranked.values[name])])),
    groups: { groups: ranked.values[names[0]].length, withoutRelevant: ranked.withoutRelevant, rowsWithout },
  };
}
