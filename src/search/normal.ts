/**
 * The normal distribution, cut off at both ends.
 *
 * @module
 */

/** Density of N(0, 1). */
export function density(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/**
 * Computes the probability of N(0, 1) above z >= 0, to some 15 digits of it: by the series of its distance from 1/2, and
 * further out by Laplace's continued fraction.
 */
function tail(z: number): number {
  if (z > 3) {
    let fraction = z;
    for (let k = 120; k > 0; k--) fraction = z + k / fraction;
    return density(z) / fraction;
  }
  let sum = z;
  for (let term = z, k = 3; term > 1e-17 * sum; k += 2) sum += term *= z * z / k;
  return 0.5 - density(z) * sum;
}

/** Computes the probability of N(0, 1) between a and b, a <= b, of the side where no digits are lost. */
export function mass(a: number, b: number): number {
  if (a > 0) return tail(a) - tail(b);
  if (b < 0) return tail(-b) - tail(-a);
  return 1 - tail(-a) - tail(b);
}

/** N(mean, deviation) between two ends. */
export interface CutNormal {
  /** Mean of the whole distribution. */
  readonly mean: number;
  /** Standard deviation of the whole distribution. */
  readonly deviation: number;
}

/**
 * Returns the number below which a share of a distribution between `low` and `high` is.
 *
 * @param share in (0, 1)
 */
export function quantile({ mean, deviation }: CutNormal, low: number, high: number, share: number): number {
  const least = (low - mean) / deviation;
  const wanted = share * mass(least, (high - mean) / deviation);
  let [below, above] = [low, high];
  // 60 halvings leave no digits of a double to find.
  for (let i = 0; i < 60; i++) {
    const middle = 0.5 * (below + above);
    if (mass(least, (middle - mean) / deviation) < wanted) below = middle;
    else above = middle;
  }
  return 0.5 * (below + above);
}
