/**
 * Whether one model is better than another on the same rows.
 *
 * @module
 */
import { percentileInterval, resample } from "./bootstrap.ts";
import type { GroupColumn } from "./by_group.ts";
import { type DelongTest, delongTest } from "./delong.ts";
import { evaluatePredictions, type Evaluation } from "./evaluation.ts";
import { clipOf, lossesOf } from "./likelihood.ts";
import { checkProbabilities, requireBothClasses } from "./rows.ts";

/** Options of {@linkcode comparePredictions}. */
export interface ComparisonOptions {
  /** Weight of each row, 1 when absent. */
  readonly weights?: ArrayLike<number>;
  /** Value of each row that tells its group, such as a user; groups are then what is independent and resampled. */
  readonly group?: GroupColumn;
  /** Resamples of the bootstrap. @default {1000} */
  readonly resamples?: number;
  /** Seed of the resamples. @default {1} */
  readonly seed?: number;
  /** Chance that an interval is meant to hold the true difference with. @default {0.95} */
  readonly level?: number;
}

/** How far the log losses of two models are apart. */
export interface LossDifference {
  /** Log loss of the model minus that of the first. */
  readonly difference: number;
  /** Standard deviation of the difference over the resamples. */
  readonly standardError: number;
  /** Percentile interval of the difference. */
  readonly interval: readonly [low: number, high: number];
  /** Twice the share of resamples on the rarer side of 0, of at least one. */
  readonly pValue: number;
}

/** A model against the first one. */
export interface Difference {
  /** Name of the model. */
  readonly model: string;
  /** Name of the first one. */
  readonly against: string;
  /** DeLong's test of the AUC; `difference` is the model's AUC minus that of the first. */
  readonly auc: DelongTest & { readonly adjustedPValue: number };
  /** Paired bootstrap of the log loss. */
  readonly logloss: LossDifference & { readonly adjustedPValue: number };
}

/** What {@linkcode comparePredictions} returns. */
export interface Comparison {
  /** Rows that all models were measured on. */
  readonly rows: number;
  /** Metrics of each model. */
  readonly models: Readonly<Record<string, Evaluation>>;
  /** Each further model against the first. */
  readonly differences: readonly Difference[];
}

/**
 * Compares models by their predictions of the same rows: metrics side by side, and each further model against the first,
 * by DeLong's test of the AUC and the paired bootstrap of the log loss. Both look at differences row by row, in which what
 * makes rows easy or hard for both models cancels out.
 *
 * Of several models, the `adjustedPValue`s are Holm's, by metric: the chance that any of the differences that are no
 * greater is found where there is none (Holm: A Simple Sequentially Rejective Multiple Test Procedure, 1979).
 *
 * @param predictions probabilities in [0, 1] by model, the one to compare with first
 * @param labels 0 or 1
 * @throws {TypeError} when there are fewer than two models, or the lengths differ
 * @throws {RangeError} when a probability leaves [0, 1] or is NaN, a label is neither 0 nor 1, a class has fewer than two rows
 * or groups, or an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const labels = Array.from({ length: 200 }, (_, row) => Number(row % 3 === 0));
 * const coarse = labels.map((label, row) => row % 7 === 0 ? 0.5 : 0.45 + 0.1 * label);
 * const sharp = labels.map((label, row) => row % 7 === 0 ? 0.5 : 0.2 + 0.6 * label);
 * const { differences: [{ auc, logloss }] } = comparePredictions({ coarse, sharp }, labels);
 * assert.equal(auc.difference, 0); // the same order
 * assert.ok(logloss.interval[1] < 0 && logloss.pValue < 0.01);
 * ```
 */
export function comparePredictions(
  predictions: Readonly<Record<string, ArrayLike<number>>>,
  labels: ArrayLike<number>,
  options: ComparisonOptions = {},
): Comparison {
  const [first, ...others] = Object.keys(predictions);
  if (others.length === 0) {
    throw new TypeError(
      `Cannot compare predictions: there must be two models or more, received ${first === undefined ? 0 : 1}`,
    );
  }
  const { weights, group: groups, level } = options;
  for (const values of Object.values(predictions)) {
    requireBothClasses("comparison", checkProbabilities("comparison", values, labels, weights));
  }
  const losses = compareLosses(predictions, labels, options);
  const areas = others.map((model) =>
    delongTest(predictions[model], predictions[first], labels, { weights, groups, level })
  );
  const [areaChances, lossChances] = [areas, losses].map((tests) => adjustByHolm(tests.map(({ pValue }) => pValue)));
  return {
    rows: labels.length,
    models: Object.fromEntries(
      Object.entries(predictions).map(([model, values]) => [model, evaluatePredictions(values, labels, weights)]),
    ),
    differences: others.map((model, i) => ({
      model,
      against: first,
      auc: { ...areas[i], adjustedPValue: areaChances[i] },
      logloss: { ...losses[i], adjustedPValue: lossChances[i] },
    })),
  };
}

/** Computes the differences of the log loss to that of the first model, all from the same resamples. */
function compareLosses(
  predictions: Readonly<Record<string, ArrayLike<number>>>,
  labels: ArrayLike<number>,
  { weights, group: groups, resamples, seed, level }: ComparisonOptions,
): LossDifference[] {
  const [base, ...others] = Object.values(predictions).map((values) => lossesOf(values, labels, clipOf(values)));
  const weightOf = weights ? (row: number) => weights[row] : () => 1;
  const excess = others.map((losses) => losses.map((loss, row) => weightOf(row) * (loss - base[row])));
  const mean = (counts?: ArrayLike<number>): number[] => {
    const sums = new Float64Array(excess.length);
    let total = 0;
    for (let row = 0; row < labels.length; row++) {
      const count = counts ? counts[row] : 1;
      if (count === 0) continue;
      total += count * weightOf(row);
      for (let model = 0; model < sums.length; model++) sums[model] += count * excess[model][row];
    }
    return Array.from(sums, (sum) => sum / total);
  };
  const points = mean();
  const replicates: number[][] = points.map(() => []);
  for (const counts of resample(labels.length, { resamples, seed, level, groups })) {
    mean(counts).forEach((difference, model) => replicates[model].push(difference));
  }
  return points.map((difference, model) => {
    const { low, high, standardError } = percentileInterval(replicates[model], level);
    return { difference, standardError, interval: [low, high], pValue: chanceOf(replicates[model]) };
  });
}

/** Returns twice the share of differences on the rarer side of 0; that no resample came there does not make it impossible. */
function chanceOf(differences: readonly number[]): number {
  const below = differences.filter((difference) => difference <= 0).length;
  const above = differences.filter((difference) => difference >= 0).length;
  return Math.min(1, 2 * (Math.min(below, above) + 1) / (differences.length + 1));
}

/**
 * Adjusts chances of several tests: the i-th least of m, from 0, becomes the greatest of `(m - j) p_j` over j <= i, at most 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(adjustByHolm([0.5, 0.0625, 0.25]), [0.5, 0.1875, 0.5]);
 * ```
 */
export function adjustByHolm(chances: readonly number[]): number[] {
  const adjusted = new Array<number>(chances.length);
  let most = 0;
  const order = chances.map((_, i) => i).sort((a, b) => chances[a] - chances[b]);
  order.forEach((test, i) => {
    most = Math.max(most, Math.min(1, (chances.length - i) * chances[test]));
    adjusted[test] = most;
  });
  return adjusted;
}
