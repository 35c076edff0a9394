/**
 * The population stability index: how far the shares of two populations are apart.
 *
 * @module
 */

/** Share that an empty bin counts as, since the logarithm of 0 is none. */
const LEAST_SHARE = 1e-4;

/**
 * Computes the population stability index over bins: `sum_k (q_k - p_k) ln(q_k / p_k)`, where p and q are the shares of the
 * two populations in bin k, each at least 0.0001.
 *
 * It is 0 for equal shares. By custom, less than 0.1 is no shift, 0.1 to 0.2 a moderate one, and more a large one. Of equal
 * populations of n and m rows in K bins, it is (K - 1) (1 / n + 1 / m) on average.
 *
 * @param expected counts of the population to compare with, by bin
 * @param counts counts of the other one
 * @returns NaN when a population is empty
 * @throws {TypeError} when the bins differ in number
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(populationStability([30, 70], [60, 140]), 0);
 * assert.ok(Math.abs(populationStability([1, 1], [1, 3]) - 0.25 * Math.log(3)) < 1e-12);
 * ```
 */
export function populationStability(expected: ArrayLike<number>, counts: ArrayLike<number>): number {
  if (expected.length !== counts.length) {
    throw new TypeError(
      `Cannot compute population stability: there must be ${expected.length} bins, received ${counts.length}`,
    );
  }
  const [before, after] = [expected, counts].map((bins) => Array.from(bins).reduce((sum, count) => sum + count, 0));
  if (before === 0 || after === 0) return NaN;
  return stabilityOfShares(
    Array.from(expected, (count) => Math.max(count / before, LEAST_SHARE)),
    Array.from(counts, (count) => Math.max(count / after, LEAST_SHARE)),
  );
}

/** Computes `sum_k (q_k - p_k) ln(q_k / p_k)` of shares p and q, none of which is 0. */
export function stabilityOfShares(expected: readonly number[], shares: readonly number[]): number {
  return shares.reduce((index, q, k) => index + (q - expected[k]) * Math.log(q / expected[k]), 0);
}
