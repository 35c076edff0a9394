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
export { type GroupedAuc, groupedAuc } from "./metrics/grouped_auc.ts";
export type { GroupColumn } from "./metrics/by_group.ts";
export {
  type RankingEvaluation,
  type RankingMetric,
  rankingMetrics,
  type RankingOptions,
  TOP_METRICS,
  type TopMetric,
} from "./metrics/rankings.ts";
export { type ErrorMetrics, mae, rmse } from "./metrics/regression.ts";
export {
  evaluateTargets,
  type TargetEvaluation,
  type TargetOptions,
  type TargetSlice,
} from "./metrics/target_evaluation.ts";
export { bootstrap, type BootstrapOptions, type Interval, percentileInterval } from "./metrics/bootstrap.ts";
export {
  type DelongInterval,
  delongInterval,
  type DelongOptions,
  type DelongTest,
  delongTest,
} from "./metrics/delong.ts";
export type { EvaluationOptions, GroupCounts, RowColumn } from "./metrics/further.ts";
export {
  directionOf,
  FURTHER_METRICS,
  type FurtherMetric,
  type GroupedMetric,
  type WatchedMetric,
} from "./metrics/names.ts";
export type { SliceEvaluation } from "./metrics/slices.ts";
export {
  adjustByHolm,
  comparePredictions,
  type Comparison,
  type ComparisonOptions,
  type Difference,
  type LossDifference,
} from "./metrics/comparison.ts";
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
