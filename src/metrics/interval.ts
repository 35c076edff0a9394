/**
 * Intervals of rates.
 *
 * @module
 */

/** Quantile of the normal distribution that leaves 2.5 % above. */
const Z = 1.959963984540054;

/**
 * Computes the 95 % interval of a rate by Wilson's score: the rates p with `|k - n p| <= z sqrt(n p (1 - p))`. Unlike the
 * normal interval it stays within [0, 1] and means something for few rows (Wilson, JASA 1927).
 *
 * @param positives k, the rows with label 1
 * @param rows n
 * @returns [0, 1] when there are no rows
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const [low, high] = rateInterval(0, 10);
 * assert.equal(low, 0);
 * assert.ok(Math.abs(high - 0.2775) < 1e-4);
 * ```
 */
export function rateInterval(positives: number, rows: number): [low: number, high: number] {
  if (rows === 0) return [0, 1];
  const square = Z * Z / rows;
  const rate = positives / rows;
  const center = (rate + square / 2) / (1 + square);
  const half = Math.sqrt(rate * (1 - rate) * square + square * square / 4) / (1 + square);
  // Rounding must not take an end of [0, 1] away from it.
  return [positives === 0 ? 0 : center - half, positives === rows ? 1 : center + half];
}
