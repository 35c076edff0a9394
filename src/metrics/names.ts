/**
 * Names of metrics, and whether more of them is better.
 *
 * @module
 */
import { parseRankingMetric, type RankingMetric, TOP_METRICS } from "./rankings.ts";

/** Metric that an evaluation computes when asked. */
export type FurtherMetric = "averagePrecision" | "ece" | GroupedMetric;

/** Metric of groups of rows, such as those of a user. */
export type GroupedMetric = "gauc" | "gaucMean" | RankingMetric;

/** Metric that early stopping can watch alone. */
export type WatchedMetric =
  | "auc"
  | "logloss"
  | "brier"
  | "normalizedEntropy"
  | "concordance"
  | "rmse"
  | "mae"
  | FurtherMetric;

const PLAIN: readonly string[] = ["averagePrecision", "ece"];
const BY_GROUP: readonly string[] = ["gauc", "gaucMean", "mrr"];

/** Metrics of which less is better. */
const ERRORS: readonly string[] = ["logloss", "brier", "normalizedEntropy", "ece", "rmse", "mae"];

/** How metrics that can be asked for are listed. */
export const FURTHER_METRICS: readonly string[] = [
  ...PLAIN,
  ...BY_GROUP,
  ...TOP_METRICS.map((metric) => `${metric}@K`),
];

/** Tells whether a name is of a metric that an evaluation computes when asked. */
export function isFurtherMetric(name: string): name is FurtherMetric {
  return PLAIN.includes(name) || isGroupedMetric(name);
}

/** Tells whether a metric is one of groups of rows. */
export function isGroupedMetric(name: string): name is GroupedMetric {
  return BY_GROUP.includes(name) || parseRankingMetric(name) !== undefined;
}

/**
 * Returns whether more or less of a metric is better; the metric may be of a task, as `logloss.click`.
 *
 * @returns nothing for `calibration`, which is best at 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(["auc", "ece.click", "ndcg@5", "calibration"].map(directionOf), ["max", "min", "max", undefined]);
 * ```
 */
export function directionOf(metric: string): "max" | "min" | undefined {
  const [name] = metric.split(".");
  return name === "calibration" ? undefined : ERRORS.includes(name) ? "min" : "max";
}

/**
 * Returns the metrics that are computed of groups unless others are named.
 *
 * @param k how many first rows count
 */
export function groupedMetrics(k: readonly number[] = [1, 5, 10]): GroupedMetric[] {
  return ["gauc", "gaucMean", "mrr", ...TOP_METRICS.flatMap((metric) => k.map((n) => `${metric}@${n}` as const))];
}

/**
 * Refuses metrics that there are not, and those of groups where there is none.
 *
 * @throws {RangeError} in the first case
 * @throws {TypeError} in the second
 */
export function requireFurtherMetrics(action: string, names: readonly string[], hasGroup: boolean): void {
  for (const name of names) {
    if (!isFurtherMetric(name)) {
      throw new RangeError(
        `Cannot ${action}: metrics to ask for are ${FURTHER_METRICS.join(", ")}, received "${name}"`,
      );
    }
    if (isGroupedMetric(name) && !hasGroup) {
      throw new TypeError(`Cannot ${action}: metric "${name}" needs a group, received none`);
    }
  }
}
