/**
 * What hazards say of a lifetime, and how well they say it.
 *
 * @module
 */
import { noPairs, orderedPairs } from "./concordance.ts";
import { type Evaluation, METRIC_NAMES, numbersOf } from "./evaluation.ts";

/** What a head predicts of each row. */
export interface SurvivalCurves {
  /** Ascending ends of the K intervals, K + 1 of them. */
  readonly ends: readonly number[];
  /** Probabilities of lasting beyond each interval, `[rows, K]`: S_k = (1 - h_1) ... (1 - h_k). */
  readonly survival: Float32Array<ArrayBuffer>;
  /** Expected time within the intervals, `[rows]`: the sum over k of S_k times the length of interval k. */
  readonly expectedTime: Float64Array<ArrayBuffer>;
}

/**
 * Turns the hazards of intervals into survival probabilities and expected times.
 *
 * The expected time counts what is sure to be survived of each interval, from the first end on: it orders rows as their
 * lifetimes do, and is less than the mean lifetime.
 *
 * @param hazards `[rows]` for each interval
 * @param ends ascending ends of the intervals, one more than there are hazards
 * @throws {TypeError} when there is another number of hazards
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { survival, expectedTime } = survivalCurves([[0.5], [0.25]], [0, 1, 3]);
 * assert.deepEqual([...survival, ...expectedTime], [0.5, 0.375, 1.25]);
 * ```
 */
export function survivalCurves(hazards: readonly ArrayLike<number>[], ends: readonly number[]): SurvivalCurves {
  const intervals = hazards.length;
  if (ends.length !== intervals + 1) {
    throw new TypeError(
      `Cannot compute survival: there must be ${ends.length - 1} hazards, one for each interval, received ${intervals}`,
    );
  }
  const rows = hazards[0]?.length ?? 0;
  const survival = new Float32Array(rows * intervals);
  const expectedTime = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let left = 1;
    for (let k = 0; k < intervals; k++) {
      left *= 1 - hazards[k][row];
      survival[row * intervals + k] = left;
      expectedTime[row] += left * (ends[k + 1] - ends[k]);
    }
  }
  return { ends, survival, expectedTime };
}

/** Predictions of a head beside what is known. */
export interface HeadPredictions {
  /** Hazards `[rows]` of each interval. */
  readonly hazards: readonly ArrayLike<number>[];
  /** Labels `[rows]` of each interval: 1 where the row ended in it, 0 where it survived it, -1 for neither. */
  readonly labels: readonly ArrayLike<number>[];
  /** Ascending ends of the intervals. */
  readonly ends: readonly number[];
}

/** Lifetimes of the rows of {@linkcode HeadPredictions}. */
export interface KnownLifetimes {
  /** Weights of the rows in the log loss. */
  readonly weights: ArrayLike<number>;
  /** How long the rows lasted, until their end or until they were last seen. */
  readonly times: ArrayLike<number>;
  /** 1 where the end was seen, 0 where not. */
  readonly events: ArrayLike<number>;
}

/**
 * Computes the metrics of heads of intervals, and their means.
 *
 * | metric | value |
 * | --- | --- |
 * | `concordance` | share of pairs of rows that the expected time orders right |
 * | `logloss` | weighted mean negative log-likelihood of a row: what training minimizes, without regularization |
 * | `calibration` | sum of the hazards that rows were exposed to over the number of ends in the intervals |
 *
 * The others, which ask for labels of two classes, are NaN.
 *
 * @param heads predictions of the same rows by head
 * @throws {RangeError} when there is no row
 */
export function evaluateSurvival(heads: Readonly<Record<string, HeadPredictions>>, known: KnownLifetimes): Evaluation {
  const rows = known.times.length;
  if (rows === 0) throw new RangeError("Cannot evaluate times: at least one row is needed, received 0");
  const tasks = Object.fromEntries(Object.entries(heads).map(([name, head]) => [name, evaluateHead(head, known)]));
  const all = Object.values(tasks);
  if (all.length === 1) return all[0];
  const mean = (metric: string): number =>
    all.reduce((sum, evaluation) => sum + numbersOf(evaluation)[metric], 0) / all.length;
  const means = SURVIVAL_METRICS.concat(METRIC_NAMES).map((metric) => [metric, mean(metric)]);
  return { ...Object.fromEntries(means), rows, notes: Object.assign({}, ...all.map(({ notes }) => notes)), tasks };
}

/** Names of the metrics that lifetimes allow. */
export const SURVIVAL_METRICS: readonly string[] = ["concordance", "logloss", "calibration"];

/** Tells which metrics of a head the rows do not allow, and why, by the metric's name. */
export function missingSurvivalMetrics(
  labels: HeadPredictions["labels"],
  { times, events }: Pick<KnownLifetimes, "times" | "events">,
): Record<string, string> {
  // All risks alike: what pairs there are does not depend on them.
  const { pairs } = orderedPairs(new Float64Array(times.length), times, events);
  return missingFor(labels, events, pairs);
}

/** @param pairs pairs of rows whose order is known */
function missingFor(
  labels: HeadPredictions["labels"],
  events: ArrayLike<number>,
  pairs: number,
): Record<string, string> {
  const others = METRIC_NAMES.filter((metric) => !SURVIVAL_METRICS.includes(metric));
  const hasEnd = labels.some((column) => Array.from(column).includes(1));
  return {
    ...Object.fromEntries(others.map((metric) => [metric, "labels are times, whose order concordance measures"])),
    ...(pairs === 0 && { concordance: noPairs(events) }),
    ...(!hasEnd && { calibration: `no row ended within the intervals, received ${events.length} rows` }),
  };
}

function evaluateHead({ hazards, labels, ends }: HeadPredictions, known: KnownLifetimes): Evaluation {
  const { weights, times, events } = known;
  const risks = survivalCurves(hazards, ends).expectedTime.map((time) => -time);
  const { pairs, right } = orderedPairs(risks, times, events);
  let [loss, expected, ended, total] = [0, 0, 0, 0];
  for (let row = 0; row < times.length; row++) total += weights[row];
  hazards.forEach((column, k) => {
    // Float32 rounds the hazard of a sure end to 1, as it does a probability; see `logloss`.
    const eps = column instanceof Float32Array ? 2 ** -23 : 2 ** -52;
    for (let row = 0; row < times.length; row++) {
      const label = labels[k][row];
      if (label < 0) continue;
      const h = Math.min(Math.max(column[row], eps), 1 - eps);
      loss -= weights[row] * (label === 1 ? Math.log(h) : Math.log1p(-h));
      expected += column[row];
      ended += label;
    }
  });
  return {
    ...{ auc: NaN, brier: NaN, normalizedEntropy: NaN },
    concordance: pairs > 0 ? right / pairs : NaN,
    logloss: total > 0 ? loss / total : NaN,
    calibration: ended > 0 ? expected / ended : NaN,
    rows: times.length,
    notes: missingFor(labels, events, pairs),
  };
}
