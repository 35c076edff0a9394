/**
 * All metrics of an evaluation at once; one that the labels do not allow does not take the others with it.
 *
 * @module
 */
import type { Interval } from "./bootstrap.ts";
import { calibrationRatio } from "./calibration.ts";
import {
  evaluateFurther,
  type EvaluationOptions,
  furtherMetricsOf,
  type GroupCounts,
  type RowColumn,
} from "./further.ts";
import { brier, logloss, normalizedEntropy } from "./likelihood.ts";
import { auc } from "./ranking.ts";
import type { TopMetric } from "./rankings.ts";
import type { SliceEvaluation } from "./slices.ts";

/** Metrics of a data set. A metric that cannot be computed is NaN, and `notes` says why. */
export type Evaluation = {
  /** Area under the ROC curve; NaN when the labels hold one class. */
  auc: number;
  /** Mean binary cross-entropy. */
  logloss: number;
  /** Mean squared error of the probability. */
  brier: number;
  /** Log loss over that of the constant label rate; NaN when the labels hold one class. */
  normalizedEntropy: number;
  /** Sum of probabilities over the number of positives; NaN when there are none. */
  calibration: number;
  /** Share of pairs of rows that the expected times order right; only where labels are times. */
  concordance?: number;
  /** Average precision; where it was asked for. */
  averagePrecision?: number;
  /** Expected calibration error over tenths of the rows; where it was asked for. */
  ece?: number;
  /** Mean AUC within groups, weighted by their rows; where there are groups. */
  gauc?: number;
  /** Mean AUC within groups, all alike; where there are groups. */
  gaucMean?: number;
  /** Mean reciprocal rank of the first positive row of a group; where there are groups. */
  mrr?: number;
  /** Metrics of the first rows of each group's ranking; where there are groups. */
  [metric: `${TopMetric}@${number}`]: number;
  /** Root of the mean squared error; only where labels are numbers. */
  rmse?: number;
  /** Mean absolute error; only where labels are numbers. */
  mae?: number;
  /** Rows evaluated. */
  rows: number;
  /** Groups behind the metrics of groups. */
  groups?: GroupCounts;
  /** Metrics by slice of each column that was asked for. */
  slices?: Readonly<Record<string, readonly SliceEvaluation[]>>;
  /** 95 % intervals by metric, where they were asked for. */
  intervals?: Readonly<Record<string, Interval>>;
  /** Why a metric is NaN, by its name; absent when all were computed. */
  notes?: Readonly<Record<string, string>>;
  /** Metrics of each task over the rows whose label is known, or of each head, where there are several; those above are their means. */
  tasks?: Readonly<Record<string, Evaluation>>;
};

/** Names of the metrics of an {@linkcode Evaluation}. */
export const METRIC_NAMES: readonly string[] = ["auc", "logloss", "brier", "normalizedEntropy", "calibration"];

/**
 * Tells which metrics the labels do not allow, and why, by the metric's name.
 *
 * @param labels 0 or 1; without any, no metric can be computed
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(missingMetrics([0, 1]), {});
 * assert.equal(missingMetrics([1, 1]).auc, "labels hold only one class, received 2 positives of 2 rows");
 * ```
 */
export function missingMetrics(labels: ArrayLike<number>): Record<string, string> {
  if (labels.length === 0) return Object.fromEntries(METRIC_NAMES.map((metric) => [metric, "no label is known"]));
  let positives = 0;
  for (let i = 0; i < labels.length; i++) positives += labels[i];
  if (positives > 0 && positives < labels.length) return {};
  const why = `labels hold only one class, received ${positives} positives of ${labels.length} rows`;
  return { auc: why, normalizedEntropy: why, ...(positives === 0 && { calibration: why }) };
}

/**
 * Computes all metrics of predictions, and what options ask for beside them: further metrics, those of groups and of
 * slices, intervals.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent; rows of weight 0 count for nothing
 * @throws {TypeError} when the lengths differ, or a metric of groups is asked for without a group
 * @throws {RangeError} when there is no row, a probability leaves [0, 1] or is NaN, a label is neither 0 nor 1, or there is
 * no such metric
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { auc, brier, notes } = evaluatePredictions([0.5, 0.5], [1, 1]);
 * assert.deepEqual([auc, brier], [NaN, 0.25]);
 * assert.equal(notes?.auc, "labels hold only one class, received 2 positives of 2 rows");
 * ```
 */
export function evaluatePredictions(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
  options: EvaluationOptions = {},
): Evaluation {
  const counted = weights ? Array.from(labels).filter((_, row) => weights[row] > 0) : labels;
  if (counted.length === 0 && labels.length > 0) return { ...NOTHING, rows: labels.length };
  const missing = missingMetrics(counted);
  const { further, notes: others } = isPlain(options)
    ? { further: {}, notes: {} }
    : evaluateFurther(probabilities, labels, weights, options);
  const notes = { ...missing, ...others };
  const measure = (metric: typeof auc): number => metric(probabilities, labels, weights);
  const unless = (name: string, metric: typeof auc): number => notes[name] ? NaN : measure(metric);
  return {
    auc: unless("auc", auc),
    logloss: measure(logloss),
    brier: measure(brier),
    normalizedEntropy: unless("normalizedEntropy", normalizedEntropy),
    calibration: unless("calibration", calibrationRatio),
    ...further,
    rows: labels.length,
    ...(Object.keys(notes).length > 0 && { notes }),
  };
}

/** Tells whether options ask for nothing beside the metrics that are always computed. */
function isPlain({ metrics = [], group, by, intervals }: EvaluationOptions): boolean {
  return metrics.length === 0 && group === undefined && by === undefined && !intervals;
}

/** Predictions of a task beside its labels. */
export interface TaskPredictions {
  /** In [0, 1]. */
  readonly probabilities: ArrayLike<number>;
  /** 0, 1, or -1 where the label is unknown. */
  readonly labels: ArrayLike<number>;
  /** Weights of the rows. @default 1 each */
  readonly weights?: ArrayLike<number>;
}

/**
 * Computes all metrics of each task over the rows whose label is known, and their means.
 *
 * @param predictions predictions and labels of the same rows by task
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} as {@linkcode evaluatePredictions} does
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const click = { probabilities: [0.2, 0.9, 0.4], labels: [0, 1, 0] };
 * const buy = { probabilities: [0.1, 0.3, 0.2], labels: [-1, 0, 1] };
 * const { auc, rows, tasks } = evaluateTasks({ click, buy });
 * assert.deepEqual([auc, rows, tasks?.click.auc, tasks?.buy.auc, tasks?.buy.rows], [0.5, 3, 1, 0, 2]);
 * ```
 */
export function evaluateTasks(
  predictions: Readonly<Record<string, TaskPredictions>>,
  options: EvaluationOptions = {},
): Evaluation {
  const tasks = Object.fromEntries(
    Object.entries(predictions).map(([name, task]) => [name, evaluateKnown(task, options)]),
  );
  const means = [...METRIC_NAMES, ...furtherMetricsOf(options)].map((metric) => {
    const values = Object.values(tasks).map((evaluation) => numbersOf(evaluation)[metric] ?? NaN);
    return [metric, values.reduce((sum, value) => sum + value, 0) / values.length];
  });
  const notes: Record<string, string> = {};
  for (const [name, evaluation] of Object.entries(tasks)) {
    for (const [metric, why] of Object.entries(evaluation.notes ?? {})) notes[metric] ??= `task "${name}": ${why}`;
  }
  const [first] = Object.values(predictions);
  return {
    ...Object.fromEntries(means),
    rows: first.labels.length,
    ...(Object.keys(notes).length > 0 && { notes }),
    tasks,
  };
}

/** The evaluation of no rows. */
const NOTHING = {
  ...Object.fromEntries(METRIC_NAMES.map((metric) => [metric, NaN])),
  rows: 0,
  notes: missingMetrics([]),
} as Evaluation;

function evaluateKnown({ probabilities, labels, weights }: TaskPredictions, options: EvaluationOptions): Evaluation {
  const known = Array.from(labels, (label, row) => label >= 0 ? row : -1).filter((row) => row >= 0);
  if (known.length === 0) return NOTHING;
  const take = (values: ArrayLike<number>): Float64Array => Float64Array.from(known, (row) => values[row]);
  const pick = (column: RowColumn): RowColumn => known.map((row) => column[row]);
  const { group, by } = options;
  return evaluatePredictions(take(probabilities), take(labels), weights && take(weights), {
    ...options,
    ...(group && { group: pick(group) }),
    ...(by && { by: Object.fromEntries(Object.entries(by).map(([name, column]) => [name, pick(column)])) }),
  });
}

/** Returns the numbers of an evaluation by name; those of a task are behind a point, as in `auc.click`. */
export function numbersOf({ tasks = {}, ...own }: Evaluation): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [name, value] of Object.entries(own)) if (typeof value === "number") all[name] = value;
  for (const [task, evaluation] of Object.entries(tasks)) {
    for (const [name, value] of Object.entries(numbersOf(evaluation))) all[`${name}.${task}`] = value;
  }
  return all;
}
