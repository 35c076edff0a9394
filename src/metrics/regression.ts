/**
 * Metrics of predictions of numbers, such as ratings or seconds watched.
 *
 * @module
 */

/** Metrics of {@linkcode evaluateTargets}. */
export interface TargetEvaluation {
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Mean of prediction minus target: above 0 the model promises too much. */
  readonly bias: number;
  /** Rows evaluated. */
  readonly rows: number;
}

/**
 * Computes the root mean squared error, `sqrt(sum_i w_i (p_i - y_i)^2 / sum_i w_i)`.
 *
 * @param predictions finite numbers
 * @param targets finite numbers
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when there is no row, a number is not finite, or no row has weight
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(rmse([1, 5], [4, 1]), Math.sqrt(12.5));
 * ```
 */
export function rmse(
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  return evaluateTargets(predictions, targets, weights).rmse;
}

/**
 * Computes the mean absolute error, `sum_i w_i |p_i - y_i| / sum_i w_i`.
 *
 * @param predictions finite numbers
 * @param targets finite numbers
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when there is no row, a number is not finite, or no row has weight
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(mae([1, 5], [4, 1], [1, 3]), 3.75);
 * ```
 */
export function mae(
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  return evaluateTargets(predictions, targets, weights).mae;
}

/**
 * Computes {@linkcode rmse}, {@linkcode mae} and the mean error of predictions of numbers in one pass.
 *
 * @param predictions finite numbers
 * @param targets finite numbers
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when there is no row, a number is not finite, or no row has weight
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(evaluateTargets([2, 5], [4, 3]), { rmse: 2, mae: 2, bias: 0, rows: 2 });
 * ```
 */
export function evaluateTargets(
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights?: ArrayLike<number>,
): TargetEvaluation {
  requireTargets(predictions, targets, weights);
  const rows = predictions.length;
  let [squares, sizes, errors, total] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const weight = weights ? weights[row] : 1;
    const error = predictions[row] - targets[row];
    squares += weight * error * error;
    sizes += weight * Math.abs(error);
    errors += weight * error;
    total += weight;
  }
  if (!(total > 0)) throw new RangeError(`Cannot compute errors: a row must have weight, received ${rows} zeros`);
  return { rmse: Math.sqrt(squares / total), mae: sizes / total, bias: errors / total, rows };
}

function requireTargets(
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
): void {
  const rows = predictions.length;
  for (const [name, values] of Object.entries({ targets, weights })) {
    if (!values || values.length === rows) continue;
    throw new TypeError(`Cannot compute errors: ${name} must be of ${rows} rows, received ${values.length}`);
  }
  if (rows === 0) throw new RangeError("Cannot compute errors: at least one row is needed, received 0");
  for (const [name, values] of Object.entries({ predictions, targets })) {
    for (let row = 0; row < rows; row++) {
      if (Number.isFinite(values[row])) continue;
      throw new RangeError(`Cannot compute errors: ${name} must be finite, received ${values[row]} at row ${row}`);
    }
  }
  for (let row = 0; weights && row < rows; row++) {
    if (weights[row] >= 0 && weights[row] < Infinity) continue;
    throw new RangeError(
      `Cannot compute errors: weights must be finite and not negative, received ${weights[row]} at row ${row}`,
    );
  }
}
