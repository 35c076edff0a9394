/**
 * Tails of the normal distribution.
 *
 * @module
 */

/** Terms of the continued fraction, enough for 15 digits from 2 on. */
const TERMS = 120;

/**
 * Computes the chance that a standard normal number is at least as far from 0 as z: `erfc(|z| / sqrt 2)`.
 *
 * Small z take the series `erf x = 2 / sqrt pi exp(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!`, whose terms are all positive, and
 * large ones Laplace's continued fraction of erfc, so that small chances keep their digits.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(twoSidedChance(0), 1);
 * assert.ok(Math.abs(twoSidedChance(-1.959963984540054) - 0.05) < 1e-14);
 * ```
 */
export function twoSidedChance(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  if (Number.isNaN(x)) return NaN;
  const density = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 2) {
    let [term, sum] = [x, 0];
    for (let n = 1; sum + term !== sum; n++) {
      sum += term;
      term *= 2 * x * x / (2 * n + 1);
    }
    return 1 - 2 * density * sum;
  }
  let rest = x;
  for (let n = TERMS; n >= 1; n--) rest = x + n / 2 / rest;
  return density / rest;
}

/**
 * Computes the z within which a standard normal number falls with the chance `level`: 1.96 for 0.95.
 *
 * @throws {RangeError} when `level` is not between 0 and 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.ok(Math.abs(normalQuantile(0.95) - 1.959963984540054) < 1e-13);
 * ```
 */
export function normalQuantile(level: number): number {
  requireLevel("normal quantile", level);
  let z = 0;
  // The tail falls ever more slowly, so that Newton's steps from 0 never pass the root.
  for (let step = 0; step < 100; step++) {
    const next = z + (twoSidedChance(z) - (1 - level)) / (Math.exp(-z * z / 2) * Math.sqrt(2 / Math.PI));
    if (Math.abs(next - z) <= 1e-15 * next) return next;
    z = next;
  }
  return z;
}

/**
 * Refuses a level that no interval has.
 *
 * @throws {RangeError} when it is not between 0 and 1
 */
export function requireLevel(what: string, level: number): void {
  if (level > 0 && level < 1) return;
  throw new RangeError(`Cannot compute ${what}: level must be between 0 and 1, received ${level}`);
}
