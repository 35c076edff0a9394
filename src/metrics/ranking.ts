/**
 * Metrics of the order of the scores.
 *
 * @module
 */
import { checkScores, requireBothClasses } from "./rows.ts";
import { sortRows } from "./sort.ts";

/**
 * Computes the area under the ROC curve: the share of (positive, negative) pairs that the scores rank right, tied pairs
 * counting half; with weights, a pair counts `w_positive * w_negative`.
 *
 * Exact: without weights every count is an integer or a half and only the last division rounds (up to 2^53 pairs).
 *
 * @param scores logits or probabilities; only their order matters
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a score is NaN, a label is neither 0 nor 1, or only one class has rows
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(auc([0.1, 0.4, 0.4, 0.9], [0, 0, 1, 1]), 0.875); // 3 pairs right, 1 tied, of 4
 * ```
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>, weights?: ArrayLike<number>): number {
  const rows = checkScores("auc", scores, labels, weights);
  requireBothClasses("auc", rows);
  const { values, labels: y, weights: w } = rows;
  const order = sortRows(values);

  let negativesBelow = 0;
  let rightPairs = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    let positives = 0;
    let negatives = 0;
    for (end = start; end < order.length && values[order[end]] === values[order[start]]; end++) {
      const row = order[end];
      if (y[row] === 1) positives += w[row];
      else negatives += w[row];
    }
    rightPairs += positives * (negativesBelow + negatives / 2);
    negativesBelow += negatives;
  }
  return rightPairs / (rows.positiveWeight * rows.negativeWeight);
}

/**
 * Computes the average precision: `sum_k (recall_k - recall_{k-1}) precision_k` over the distinct scores, descending;
 * rows with equal scores enter together.
 *
 * @param scores logits or probabilities; only their order matters
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a score is NaN, a label is neither 0 nor 1, or no positive has weight
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(averagePrecision([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]), 0.5 * 1 + 0.5 * (2 / 3));
 * ```
 */
export function averagePrecision(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  const rows = checkScores("average precision", scores, labels, weights);
  const { values, labels: y, weights: w, positiveWeight } = rows;
  if (positiveWeight === 0) {
    throw new RangeError(
      `Cannot compute average precision: positives need a weight above 0, ` +
        `received ${rows.positives} positives of ${y.length} rows`,
    );
  }
  const order = sortRows(values);

  let total = 0;
  let truePositives = 0;
  let predicted = 0;
  for (let start = order.length - 1, end = start; start >= 0; start = end) {
    let positives = 0;
    for (end = start; end >= 0 && values[order[end]] === values[order[start]]; end--) {
      const row = order[end];
      if (y[row] === 1) positives += w[row];
      predicted += w[row];
    }
    truePositives += positives;
    // A recall step of zero adds nothing; leaving it out also avoids 0 / 0 while only rows of weight 0 were met.
    if (positives > 0) total += (positives / positiveWeight) * (truePositives / predicted);
  }
  return total;
}
