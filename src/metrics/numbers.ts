/**
 * The evaluation of predictions of numbers.
 *
 * @module
 */
import { type Evaluation, METRIC_NAMES } from "./evaluation.ts";
import { meanErrors, requireTargets } from "./regression.ts";

/** Names of the metrics that labels which are numbers allow. */
export const NUMBER_METRICS: readonly string[] = ["rmse", "mae"];

/** Why labels that are numbers do not allow the others, by the metric's name. */
export const missingNumberMetrics: Readonly<Record<string, string>> = Object.fromEntries(
  METRIC_NAMES.map((metric) => [metric, "labels are numbers, whose errors rmse and mae measure"]),
);

/**
 * Computes the metrics of predictions of numbers. The others, which ask for labels of two classes, are NaN.
 *
 * @throws {RangeError} when there is no row, a number is not finite, or no row has weight
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { rmse, mae, auc } = evaluateNumbers([2, 5], [4, 3]);
 * assert.deepEqual([rmse, mae, auc], [2, 2, NaN]);
 * ```
 */
export function evaluateNumbers(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Evaluation {
  requireTargets(predictions, labels, weights);
  const { rmse, mae } = meanErrors(predictions, labels, weights);
  return {
    ...{ auc: NaN, logloss: NaN, brier: NaN, normalizedEntropy: NaN, calibration: NaN },
    ...{ rmse, mae, rows: predictions.length, notes: missingNumberMetrics },
  };
}
