/**
 * How sure an AUC is, and the difference of two on the same rows.
 *
 * @module
 */
import { type GroupColumn, groupRows } from "./by_group.ts";
import { normalQuantile, twoSidedChance } from "./normal.ts";
import { checkScores, requireBothClasses, type Rows } from "./rows.ts";
import { sortRows } from "./sort.ts";

/** Options of {@linkcode delongInterval} and {@linkcode delongTest}. */
export interface DelongOptions {
  /** Weight of each row, 1 when absent. */
  readonly weights?: ArrayLike<number>;
  /**
   * Value of each row that tells its group, such as a user: rows of a group may depend on each other, groups must not.
   *
   * @default each row is independent of the others
   */
  readonly groups?: GroupColumn;
  /** Chance that the interval is meant to hold the true value with. @default {0.95} */
  readonly level?: number;
}

/** What {@linkcode delongInterval} returns. */
export interface DelongInterval {
  /** Area under the ROC curve. */
  readonly auc: number;
  /** Its standard error. */
  readonly standardError: number;
  /** Interval of the AUC, cut to [0, 1]. */
  readonly interval: readonly [low: number, high: number];
}

/** What {@linkcode delongTest} returns. */
export interface DelongTest {
  /** Area under the ROC curve of each model. */
  readonly auc: readonly [a: number, b: number];
  /** Variances of the areas and their covariance. */
  readonly covariance: readonly [readonly [number, number], readonly [number, number]];
  /** AUC of a minus that of b. */
  readonly difference: number;
  /** Standard error of the difference. */
  readonly standardError: number;
  /** Difference in standard errors; 0 where both are 0. */
  readonly z: number;
  /** Chance of a difference that large, on either side, where the models are equally good. */
  readonly pValue: number;
  /** Interval of the difference. */
  readonly interval: readonly [low: number, high: number];
}

/**
 * Computes the standard error and the interval of an AUC.
 *
 * E. DeLong, D. DeLong, D. Clarke-Pearson: Comparing the Areas under Two or More Correlated Receiver Operating
 * Characteristic Curves. Biometrics 44, 1988; in O(n log n), since the placements of all rows come from one sort (Sun, Xu:
 * Fast Implementation of DeLong's Algorithm. IEEE SPL 21, 2014). With groups: Obuchowski: Nonparametric Analysis of
 * Clustered ROC Curve Data. Biometrics 53, 1997.
 *
 * @param scores logits or probabilities; only their order matters
 * @param labels 0 or 1
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a score is NaN, a label is neither 0 nor 1, or a class has fewer than two rows, or groups, with
 * weight
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { auc, interval: [low, high] } = delongInterval([0.1, 0.4, 0.35, 0.8, 0.7, 0.2], [0, 0, 1, 1, 1, 0]);
 * assert.ok(low < auc && auc <= high);
 * ```
 */
export function delongInterval(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: DelongOptions = {},
): DelongInterval {
  const { auc: [auc], covariance } = varyAuc([scores], labels, options);
  const standardError = Math.sqrt(covariance[0][0]);
  const half = normalQuantile(options.level ?? 0.95) * standardError;
  return { auc, standardError, interval: [Math.max(0, auc - half), Math.min(1, auc + half)] };
}

/**
 * Tests whether the AUCs of two models on the same rows differ, by the method of {@linkcode delongInterval}: both are
 * measured on the same rows, so that most of what is random about them cancels out in the difference.
 *
 * @param a scores of a model
 * @param b scores of another one
 * @param labels 0 or 1
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a score is NaN, a label is neither 0 nor 1, or a class has fewer than two rows, or groups, with
 * weight
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const labels = [0, 0, 0, 1, 1, 1, 0, 1];
 * const { difference, pValue } = delongTest([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 3, 5, 6, 8, 7], labels);
 * assert.equal(difference, 2 / 16);
 * assert.ok(pValue > 0.05);
 * ```
 */
export function delongTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: DelongOptions = {},
): DelongTest {
  const { auc: [first, second], covariance: [[aa, ab], [ba, bb]] } = varyAuc([a, b], labels, options);
  const difference = first - second;
  // Two equal orders differ by nothing but rounding.
  const standardError = Math.sqrt(Math.max(0, aa + bb - 2 * ab));
  const z = difference === 0 ? 0 : difference / standardError;
  const half = normalQuantile(options.level ?? 0.95) * standardError;
  return {
    auc: [first, second],
    covariance: [[aa, ab], [ba, bb]],
    difference,
    standardError,
    z,
    pValue: twoSidedChance(z),
    interval: [difference - half, difference + half],
  };
}

/**
 * Computes the AUCs of several scores of the same rows, and their covariances.
 *
 * The influence of a positive row is `w_i (V_i - auc) / W`, where V_i is the weighted share of the negatives that it
 * outranks and W the weight of all positives; that of a negative row likewise. They are added up by group, to A_g and B_g,
 * and the covariance is `m / (m - 1) sum A A' + n / (n - 1) sum B B' + c / (c - 1) sum (A B' + B A')` with m, n and c
 * groups that have positives, negatives, any. Where each row is its own group, the last sum is 0 and the others are DeLong's.
 */
function varyAuc(
  all: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  { weights, groups: column }: DelongOptions,
): { auc: number[]; covariance: number[][] } {
  const groups = column && groupRows("auc interval", column, labels.length);
  const models = all.map((scores) => {
    const rows = checkScores("auc interval", scores, labels, weights);
    requireBothClasses("auc interval", rows);
    return { rows, ...influencesOf(rows) };
  });
  const { rows } = models[0];
  const size = groups?.sizes.length ?? labels.length;
  const sums = models.map(({ influences }) => {
    const [positive, negative] = [new Float64Array(size), new Float64Array(size)];
    for (let row = 0; row < influences.length; row++) {
      (rows.labels[row] === 1 ? positive : negative)[groups ? groups.of[row] : row] += influences[row];
    }
    return { positive, negative };
  });
  const factors = factorsOf(rows, groups?.of, size);
  const dot = (x: Float64Array, y: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += x[i] * y[i];
    return sum;
  };
  const covariance = sums.map((x) =>
    sums.map((y) =>
      factors.positive * dot(x.positive, y.positive) + factors.negative * dot(x.negative, y.negative) +
      factors.both * (dot(x.positive, y.negative) + dot(x.negative, y.positive))
    )
  );
  return { auc: models.map(({ auc }) => auc), covariance };
}

/** Computes the AUC and how much each row moves it. */
function influencesOf(rows: Rows): { auc: number; influences: Float64Array } {
  const { values, labels, weights, positiveWeight, negativeWeight } = rows;
  const order = sortRows(values);
  const influences = new Float64Array(values.length);
  let [positivesBelow, negativesBelow, right] = [0, 0, 0];
  for (let start = 0, end = 0; start < order.length; start = end) {
    let [positives, negatives] = [0, 0];
    for (end = start; end < order.length && values[order[end]] === values[order[start]]; end++) {
      if (labels[order[end]] === 1) positives += weights[order[end]];
      else negatives += weights[order[end]];
    }
    right += positives * (negativesBelow + negatives / 2);
    const outranked = (negativesBelow + negatives / 2) / negativeWeight;
    const outranking = 1 - (positivesBelow + positives / 2) / positiveWeight;
    for (let i = start; i < end; i++) influences[order[i]] = labels[order[i]] === 1 ? outranked : outranking;
    positivesBelow += positives;
    negativesBelow += negatives;
  }
  const auc = right / (positiveWeight * negativeWeight);
  for (let row = 0; row < influences.length; row++) {
    influences[row] = weights[row] * (influences[row] - auc) / (labels[row] === 1 ? positiveWeight : negativeWeight);
  }
  return { auc, influences };
}

/** Returns n / (n - 1) of the groups that have positives, negatives and any rows with weight. */
function factorsOf(
  { labels, weights }: Rows,
  of: Uint32Array | undefined,
  size: number,
): { positive: number; negative: number; both: number } {
  const has = new Uint8Array(size);
  for (let row = 0; row < labels.length; row++) {
    if (weights[row] > 0) has[of ? of[row] : row] |= labels[row] === 1 ? 1 : 2;
  }
  const count = (mask: number): number => has.reduce((sum, classes) => sum + Number((classes & mask) > 0), 0);
  const [positives, negatives, both] = [count(1), count(2), count(3)];
  if (positives < 2 || negatives < 2) {
    const what = of ? "groups with rows" : "rows";
    throw new RangeError(
      `Cannot compute auc interval: there must be two ${what} of each class, received ${positives} and ${negatives}`,
    );
  }
  return { positive: positives / (positives - 1), negative: negatives / (negatives - 1), both: both / (both - 1) };
}
