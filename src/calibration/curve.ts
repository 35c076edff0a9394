/**
 * Curves from a model's logits to probabilities that are rates.
 *
 * @module
 */

/** p = sigmoid(slope z + shift). */
export interface LogisticCurve {
  /** Kind of the curve. */
  readonly kind: "logistic";
  /** Factor of the logit; below 1 where a model is too sure of itself. */
  readonly slope: number;
  /** Added to it. */
  readonly shift: number;
}

/** Straight lines between points (x, y) of probabilities, x = sigmoid(z), and level past the ends. */
export interface IsotonicCurve {
  /** Kind of the curve. */
  readonly kind: "isotonic";
  /** Uncalibrated probabilities, ascending. */
  readonly x: readonly number[];
  /** Calibrated ones, none below the one before. */
  readonly y: readonly number[];
}

/** A curve. */
export type CalibrationCurve = LogisticCurve | IsotonicCurve;

/** Returns 1 / (1 + exp(-z)). */
export function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

/** Returns the probability that a curve gives a logit. */
export function probabilityOf(curve: CalibrationCurve, logit: number): number {
  return curve.kind === "logistic" ? sigmoid(curve.slope * logit + curve.shift) : interpolate(curve, sigmoid(logit));
}

/** Returns the y of a curve at x. */
export function interpolate({ x, y }: IsotonicCurve, at: number): number {
  let [low, high] = [0, x.length - 1];
  if (!(at > x[low])) return y[low];
  if (at >= x[high]) return y[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= at) low = middle;
    else high = middle;
  }
  return y[low] + (y[high] - y[low]) * (at - x[low]) / (x[high] - x[low]);
}
