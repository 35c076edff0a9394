/**
 * Input checks shared by all metrics: bad rows are refused by number, never averaged in.
 *
 * @module
 */

/** Checked input of a metric, copied to flat arrays so that every inner loop sees one array type. */
export interface Rows {
  /** Scores or probabilities. */
  values: Float64Array;
  /** Labels, each 0 or 1. */
  labels: Uint8Array;
  /** Weights of the rows; all ones when none were given. */
  weights: Float64Array;
  /** Sum of the weights of the rows with label 1. */
  positiveWeight: number;
  /** Sum of the weights of the rows with label 0. */
  negativeWeight: number;
  /** Number of rows with label 1, whatever their weight. */
  positives: number;
}

/**
 * Checks scores of any size, infinite ones included.
 *
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when there is no row, a score is NaN, a label is neither 0 nor 1, or a weight is negative or not
 * finite
 */
export function checkScores(
  metric: string,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Rows {
  const rows = checkLabels(metric, "scores", scores, labels, weights);
  const bad = rows.values.findIndex(Number.isNaN);
  if (bad >= 0) throw new RangeError(`Cannot compute ${metric}: scores must be numbers, received NaN at row ${bad}`);
  return rows;
}

/**
 * Checks probabilities, which must lie in [0, 1].
 *
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when there is no row, a probability leaves [0, 1] or is NaN, a label is neither 0 nor 1, or a
 * weight is negative or not finite
 */
export function checkProbabilities(
  metric: string,
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Rows {
  const rows = checkLabels(metric, "probabilities", probabilities, labels, weights);
  const bad = rows.values.findIndex((p) => !(p >= 0 && p <= 1));
  if (bad >= 0) {
    throw new RangeError(
      `Cannot compute ${metric}: probabilities must lie in [0, 1], received ${rows.values[bad]} at row ${bad}`,
    );
  }
  return rows;
}

/**
 * Throws unless both classes carry weight.
 *
 * @throws {RangeError} when one of them does not
 */
export function requireBothClasses(metric: string, rows: Rows): void {
  const { labels, positives, positiveWeight, negativeWeight } = rows;
  if (positives === 0 || positives === labels.length) {
    throw new RangeError(
      `Cannot compute ${metric}: labels hold only one class, received ${positives} positives of ${labels.length} rows`,
    );
  }
  if (positiveWeight === 0 || negativeWeight === 0) {
    throw new RangeError(
      `Cannot compute ${metric}: both classes need a weight above 0, ` +
        `received ${positiveWeight} for positives and ${negativeWeight} for negatives`,
    );
  }
}

/** Takes the numbers of some rows; a loop, since `from` with a function is slow for millions of rows. */
export function takeNumbers(values: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  const taken = new Float64Array(rows.length);
  for (let i = 0; i < taken.length; i++) taken[i] = values[rows[i]];
  return taken;
}

function checkLabels(
  metric: string,
  name: string,
  values: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Rows {
  const length = values.length;
  requireLength(metric, name, length, "labels", labels.length);
  if (weights) requireLength(metric, name, length, "weights", weights.length);
  if (length === 0) throw new RangeError(`Cannot compute ${metric}: at least one row is needed, received 0`);

  const rows: Rows = {
    values: new Float64Array(values),
    labels: new Uint8Array(length),
    weights: weights ? new Float64Array(weights) : new Float64Array(length).fill(1),
    positiveWeight: 0,
    negativeWeight: 0,
    positives: 0,
  };
  for (let i = 0; i < length; i++) {
    const label = labels[i];
    const weight = rows.weights[i];
    if (label !== 0 && label !== 1) {
      throw new RangeError(`Cannot compute ${metric}: labels must be 0 or 1, received ${label} at row ${i}`);
    }
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(
        `Cannot compute ${metric}: weights must be finite and not negative, received ${weight} at row ${i}`,
      );
    }
    rows.labels[i] = label;
    rows.positives += label;
    if (label === 1) rows.positiveWeight += weight;
    else rows.negativeWeight += weight;
  }
  if (rows.positiveWeight + rows.negativeWeight === 0) {
    throw new RangeError(`Cannot compute ${metric}: weights must not all be 0, received ${length} zeros`);
  }
  return rows;
}

function requireLength(metric: string, name: string, length: number, otherName: string, otherLength: number): void {
  if (length === otherLength) return;
  throw new TypeError(
    `Cannot compute ${metric}: ${name} and ${otherName} must have the same length, ` +
      `received ${length} and ${otherLength}`,
  );
}
