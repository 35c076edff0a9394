/**
 * All metrics of an evaluation at once; one that the labels do not allow does not take the others with it.
 *
 * @module
 */
import { calibrationRatio } from "./calibration.ts";
import { brier, logloss, normalizedEntropy } from "./likelihood.ts";
import { auc } from "./ranking.ts";

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
  /** Rows evaluated. */
  rows: number;
  /** Why a metric is NaN, by its name; absent when all were computed. */
  notes?: Readonly<Record<string, string>>;
};

/** Names of the metrics of an {@linkcode Evaluation}. */
export const METRIC_NAMES: readonly string[] = ["auc", "logloss", "brier", "normalizedEntropy", "calibration"];

/**
 * Tells which metrics the labels do not allow, and why, by the metric's name.
 *
 * @param labels 0 or 1
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
  let positives = 0;
  for (let i = 0; i < labels.length; i++) positives += labels[i];
  if (positives > 0 && positives < labels.length) return {};
  const why = `labels hold only one class, received ${positives} positives of ${labels.length} rows`;
  return { auc: why, normalizedEntropy: why, ...(positives === 0 && { calibration: why }) };
}

/**
 * Computes all metrics of predictions.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when there is no row, a probability leaves [0, 1] or is NaN, or a label is neither 0 nor 1
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
export function evaluatePredictions(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Evaluation {
  const notes = missingMetrics(labels);
  const unless = (name: string, metric: typeof auc): number => notes[name] ? NaN : metric(probabilities, labels);
  return {
    auc: unless("auc", auc),
    logloss: logloss(probabilities, labels),
    brier: brier(probabilities, labels),
    normalizedEntropy: unless("normalizedEntropy", normalizedEntropy),
    calibration: unless("calibration", calibrationRatio),
    rows: labels.length,
    ...(Object.keys(notes).length > 0 && { notes }),
  };
}
