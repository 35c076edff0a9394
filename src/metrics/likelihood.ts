/**
 * Metrics of the probabilities themselves.
 *
 * @module
 */
import { checkProbabilities, requireBothClasses, type Rows } from "./rows.ts";

/**
 * Computes the mean binary cross-entropy in nats: `sum_i w_i (-y_i ln p_i - (1 - y_i) ln(1 - p_i)) / sum_i w_i`.
 *
 * Probabilities are clipped to [eps, 1 - eps], as scikit-learn 1.2.1 does by default: eps is the machine epsilon of
 * the array given, 2^-23 for a Float32Array and 2^-52 for any other. The arithmetic is float64 in both cases.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a probability leaves [0, 1] or is NaN, or a label is neither 0 nor 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(logloss([0.5, 0.5], [0, 1]), Math.LN2);
 * ```
 */
export function logloss(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  return meanLogloss(checkProbabilities("logloss", probabilities, labels, weights), clipOf(probabilities));
}

/**
 * Computes the Brier score, the mean squared error of the probabilities: `sum_i w_i (p_i - y_i)^2 / sum_i w_i`.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a probability leaves [0, 1] or is NaN, or a label is neither 0 nor 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(brier([0.5, 1], [0, 1]), 0.125);
 * ```
 */
export function brier(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  const { values, labels: y, weights: w, positiveWeight, negativeWeight } = checkProbabilities(
    "brier",
    probabilities,
    labels,
    weights,
  );
  let total = 0;
  for (let i = 0; i < values.length; i++) total += w[i] * (values[i] - y[i]) ** 2;
  return total / (positiveWeight + negativeWeight);
}

/**
 * Computes the normalized entropy (He et al., ADKDD 2014): the log loss divided by that of always predicting the
 * observed rate r, `logloss / (-r ln r - (1 - r) ln(1 - r))`. Below 1, the model knows more than the rate.
 *
 * Probabilities are clipped as in {@linkcode logloss}.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a probability leaves [0, 1] or is NaN, a label is neither 0 nor 1, or only one class has
 * rows
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(normalizedEntropy([0.5, 0.5], [0, 1]), 1);
 * ```
 */
export function normalizedEntropy(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  const rows = checkProbabilities("normalized entropy", probabilities, labels, weights);
  requireBothClasses("normalized entropy", rows);
  const rate = rows.positiveWeight / (rows.positiveWeight + rows.negativeWeight);
  const entropy = -rate * Math.log(rate) - (1 - rate) * Math.log1p(-rate);
  return meanLogloss(rows, clipOf(probabilities)) / entropy;
}

/** Returns the distance from 0 and 1 that probabilities keep in the log loss. */
export function clipOf(probabilities: ArrayLike<number>): number {
  return probabilities instanceof Float32Array ? 2 ** -23 : 2 ** -52;
}

/** Computes the cross-entropy of each row. */
export function lossesOf(probabilities: ArrayLike<number>, labels: ArrayLike<number>, clip: number): Float64Array {
  const losses = new Float64Array(labels.length);
  for (let i = 0; i < losses.length; i++) losses[i] = lossOf(probabilities[i], labels[i], clip);
  return losses;
}

function lossOf(probability: number, label: number, clip: number): number {
  const p = Math.min(Math.max(probability, clip), 1 - clip);
  return -(label === 1 ? Math.log(p) : Math.log1p(-p));
}

function meanLogloss({ values, labels, weights, positiveWeight, negativeWeight }: Rows, clip: number): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += weights[i] * lossOf(values[i], labels[i], clip);
  return total / (positiveWeight + negativeWeight);
}
