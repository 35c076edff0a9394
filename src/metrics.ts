/**
 * Exact evaluation metrics in float64 on the CPU, for labels 0 and 1.
 *
 * @module
 */
export { auc, averagePrecision } from "./metrics/ranking.ts";
export { evaluatePredictions, type Evaluation, METRIC_NAMES, missingMetrics } from "./metrics/evaluation.ts";
export { brier, logloss, normalizedEntropy } from "./metrics/likelihood.ts";
export {
  calibration,
  type CalibrationOptions,
  calibrationRatio,
  type CalibrationRow,
  expectedCalibrationError,
} from "./metrics/calibration.ts";
