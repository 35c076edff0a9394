/**
 * Metrics of the agreement between probabilities and observed rates.
 *
 * @module
 */
import { checkProbabilities, type Rows } from "./rows.ts";

/** Bins of the calibration error of evaluations and reports; each holds about the same number of rows. */
export const ECE_BINS = { bins: 10, strategy: "quantile" } as const;

/** Options of {@linkcode calibration} and {@linkcode expectedCalibrationError}. */
export interface CalibrationOptions {
  /** Number of bins. @default {10} */
  bins?: number;
  /**
   * Where the bins end: `uniform` cuts [0, 1] into equal widths, `quantile` cuts at the linearly interpolated
   * percentiles of the probabilities (of the rows, whatever their weights). @default {"uniform"}
   */
  strategy?: "uniform" | "quantile";
  /** Weight of each row, 1 when absent. */
  weights?: ArrayLike<number>;
}

/** One bin of a calibration table. */
export interface CalibrationRow {
  /** Lower end of the bin, exclusive, except in the first bin. */
  lower: number;
  /** Upper end of the bin, inclusive. */
  upper: number;
  /** Number of rows in the bin. */
  rows: number;
  /** Sum of their weights. */
  weight: number;
  /** Weighted mean of their probabilities. */
  meanPrediction: number;
  /** Weighted share of positives. */
  observedRate: number;
}

/**
 * Computes a calibration table: mean prediction against observed rate in each bin of the probabilities. A probability
 * equal to an inner edge falls in the lower bin; bins without weight are left out.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when `bins` is not a positive integer, a probability leaves [0, 1] or is NaN, or a label is
 * neither 0 nor 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const [low, high] = calibration([0.1, 0.3, 0.8], [0, 1, 1], { bins: 2 });
 * assert.deepEqual(low, { lower: 0, upper: 0.5, rows: 2, weight: 2, meanPrediction: 0.2, observedRate: 0.5 });
 * assert.deepEqual(high, { lower: 0.5, upper: 1, rows: 1, weight: 1, meanPrediction: 0.8, observedRate: 1 });
 * ```
 */
export function calibration(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: CalibrationOptions = {},
): CalibrationRow[] {
  return tabulate(checkProbabilities("calibration", probabilities, labels, options.weights), "calibration", options);
}

/**
 * Computes the expected calibration error: `sum over bins of (share of weight) |observed rate - mean prediction|`, with
 * the bins of {@linkcode calibration}.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when `bins` is not a positive integer, a probability leaves [0, 1] or is NaN, or a label is
 * neither 0 nor 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(expectedCalibrationError([0.25, 0.25, 0.75, 0.75], [0, 0, 1, 1], { bins: 2 }), 0.25);
 * ```
 */
export function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: CalibrationOptions = {},
): number {
  const metric = "expected calibration error";
  const rows = checkProbabilities(metric, probabilities, labels, options.weights);
  const total = rows.positiveWeight + rows.negativeWeight;
  return tabulate(rows, metric, options).reduce(
    (sum, bin) => sum + (bin.weight / total) * Math.abs(bin.observedRate - bin.meanPrediction),
    0,
  );
}

/**
 * Computes predicted over observed positives, `sum_i w_i p_i / sum_i w_i y_i`: above 1 the model promises too many.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a probability leaves [0, 1] or is NaN, a label is neither 0 nor 1, or no positive has weight
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(calibrationRatio([0.5, 0.25, 0.75], [0, 0, 1]), 1.5);
 * ```
 */
export function calibrationRatio(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  const rows = checkProbabilities("calibration ratio", probabilities, labels, weights);
  if (rows.positiveWeight === 0) {
    throw new RangeError(
      `Cannot compute calibration ratio: positives need a weight above 0, ` +
        `received ${rows.positives} positives of ${rows.labels.length} rows`,
    );
  }
  let predicted = 0;
  for (let i = 0; i < rows.values.length; i++) predicted += rows.weights[i] * rows.values[i];
  return predicted / rows.positiveWeight;
}

function tabulate(rows: Rows, metric: string, options: CalibrationOptions): CalibrationRow[] {
  const { bins = 10, strategy = "uniform" } = options;
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`Cannot compute ${metric}: bins must be a positive integer, received ${bins}`);
  }
  const edges = strategy === "uniform" ? uniformEdges(bins) : quantileEdges(rows.values, bins);
  const table = Array.from({ length: bins }, (_, bin) => {
    return { lower: edges[bin], upper: edges[bin + 1], rows: 0, weight: 0, meanPrediction: 0, observedRate: 0 };
  });
  for (let i = 0; i < rows.values.length; i++) {
    const bin = table[binOf(rows.values[i], edges)];
    const weight = rows.weights[i];
    bin.rows++;
    bin.weight += weight;
    bin.meanPrediction += weight * rows.values[i];
    bin.observedRate += weight * rows.labels[i];
  }
  const filled = table.filter((bin) => bin.weight > 0);
  for (const bin of filled) {
    bin.meanPrediction /= bin.weight;
    bin.observedRate /= bin.weight;
  }
  return filled;
}

/** Returns the bin of {@linkcode ECE_BINS} of each of ascending probabilities. */
export function placeInBins(ascending: Float64Array): Uint8Array {
  const edges = edgesOfSorted(ascending, ECE_BINS.bins);
  const bins = new Uint8Array(ascending.length);
  for (let i = 0; i < bins.length; i++) bins[i] = binOf(ascending[i], edges);
  return bins;
}

function uniformEdges(bins: number): Float64Array {
  return Float64Array.from({ length: bins + 1 }, (_, edge) => edge / bins);
}

function quantileEdges(values: Float64Array, bins: number): Float64Array {
  return edgesOfSorted(values.slice().sort(), bins);
}

function edgesOfSorted(sorted: Float64Array, bins: number): Float64Array {
  return Float64Array.from({ length: bins + 1 }, (_, edge) => {
    const position = ((sorted.length - 1) * edge) / bins;
    const below = Math.floor(position);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
  });
}

/** Counts the inner edges strictly below `value`, by bisection. */
function binOf(value: number, edges: Float64Array): number {
  let low = 1;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
