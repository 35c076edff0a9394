/**
 * The population stability index: how far two histograms over the same bins are apart.
 *
 * @module
 */
import { stabilityOfShares } from "../metrics/population_stability.ts";

/** Counts by bin. */
export type Counts = ArrayLike<number>;

/**
 * Computes the population stability index of counts against expected ones:
 *
 * `PSI = sum_k (q_k - p_k) ln(q_k / p_k)`, where `p_k = (expected_k + 1/2) / (sum expected + K/2)`, `q_k` likewise of the
 * counts, and K is the number of bins. The half in each bin keeps empty bins from making it infinite.
 *
 * It is 0 for equal shares. By custom, less than 0.1 is no shift, 0.1 to 0.2 a moderate one, and more a large one.
 *
 * @returns NaN when there are no counts, or none are expected
 * @throws {RangeError} when the bins differ in number
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(stabilityIndex([30, 70], [30, 70]), 0);
 * assert.ok(stabilityIndex([500, 500], [100, 900]) > 0.2);
 * ```
 */
export function stabilityIndex(expected: Counts, counts: Counts): number {
  if (expected.length !== counts.length) {
    throw new RangeError(`Cannot compare counts: there must be ${expected.length} bins, received ${counts.length}`);
  }
  const [before, now] = [sumOf(expected), sumOf(counts)];
  if (before === 0 || now === 0) return NaN;
  const half = counts.length / 2;
  return stabilityOfShares(
    Array.from(expected, (count) => (count + 0.5) / (before + half)),
    Array.from(counts, (count) => (count + 0.5) / (now + half)),
  );
}

/** Adds counts up. */
export function sumOf(counts: Counts): number {
  let sum = 0;
  for (let k = 0; k < counts.length; k++) sum += counts[k];
  return sum;
}
