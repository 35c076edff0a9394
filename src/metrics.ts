/**
 * Exact evaluation metrics in float64 on the CPU, for labels 0 and 1, and for times to an end.
 *
 * @example Comparing two predictions of the same labels
 * ```ts
 * import assert from "node:assert/strict";
 * import { auc, logloss } from "./metrics.ts";
 *
 * const labels = [0, 1, 1, 0];
 * assert.equal(auc([0.1, 0.9, 0.8, 0.3], labels), 1);
 * assert(logloss([0.1, 0.9, 0.8, 0.3], labels) < logloss([0.4, 0.6, 0.6, 0.4], labels));
 * ```
 *
 * @module
 */
export { auc, averagePrecision } from "./metrics/ranking.ts";
export {
  evaluatePredictions,
  evaluateTasks,
  type Evaluation,
  METRIC_NAMES,
  missingMetrics,
  numbersOf,
  type TaskPredictions,
} from "./metrics/evaluation.ts";
export { evaluateTargets, mae, rmse, type TargetEvaluation } from "./metrics/regression.ts";
export { evaluateNumbers, missingNumberMetrics, NUMBER_METRICS } from "./metrics/numbers.ts";
export { concordance } from "./metrics/concordance.ts";
export {
  evaluateSurvival,
  type HeadPredictions,
  type KnownLifetimes,
  SURVIVAL_METRICS,
  type SurvivalCurves,
  survivalCurves,
} from "./metrics/survival.ts";
export { brier, logloss, normalizedEntropy } from "./metrics/likelihood.ts";
export {
  calibration,
  type CalibrationOptions,
  calibrationRatio,
  type CalibrationRow,
  expectedCalibrationError,
} from "./metrics/calibration.ts";
export { rateInterval } from "./metrics/interval.ts";
export { populationStability } from "./metrics/population_stability.ts";
