/**
 * Intervals by resampling rows, or whole groups of rows.
 *
 * @module
 */
import { randomU32By, requireU32 } from "../data/random.ts";
import { type GroupColumn, groupRows } from "./by_group.ts";
import { requireLevel } from "./normal.ts";

/** An interval that a metric lies in. */
export interface Interval {
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** Standard deviation of the metric over the resamples. */
  readonly standardError: number;
  /** Resamples on which the metric could be computed. */
  readonly resamples: number;
}

/** Options of {@linkcode bootstrap}. */
export interface BootstrapOptions {
  /** How often rows are drawn. @default {1000} */
  readonly resamples?: number;
  /** Seed of the draws, in [0, 2^32). @default {1} */
  readonly seed?: number;
  /** Chance that the interval is meant to hold the metric with. @default {0.95} */
  readonly level?: number;
  /**
   * Value of each row that tells its group, such as a user: whole groups are drawn, since rows of a group resemble each
   * other and say less than as many rows of different groups. @default rows are drawn one by one
   */
  readonly groups?: GroupColumn;
}

/**
 * Computes percentile intervals of metrics by the bootstrap: as many rows as there are, or as many groups, are drawn with
 * replacement again and again, and the ends are percentiles of the metrics of these resamples (Efron, Tibshirani: An
 * Introduction to the Bootstrap, 1993, chapter 13).
 *
 * A row that was drawn n times counts n times: metrics take these numbers as weights, and so all metrics of a resample come
 * from the same draw. Draws are functions of seed, resample and place; the same seed gives the same interval.
 *
 * @param measure computes metrics by name from how often each row counts, an array that is used again afterwards; NaN
 * where a resample does not allow one
 * @param rows number of rows
 * @returns an interval for each metric; its ends are NaN where no resample allowed it
 * @throws {TypeError} when there are groups for another number of rows
 * @throws {RangeError} when there is no row, or an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const values = [1, 2, 3, 4, 5, 6, 7, 8];
 * const { mean } = bootstrap((counts) => ({ mean: values.reduce((sum, x, i) => sum + counts[i] * x, 0) / 8 }), 8);
 * assert.ok(mean.low < 4.5 && mean.high > 4.5);
 * ```
 */
export function bootstrap<Name extends string>(
  measure: (counts: Uint16Array) => Readonly<Record<Name, number>>,
  rows: number,
  options: BootstrapOptions = {},
): Record<Name, Interval> {
  const replicates: Partial<Record<Name, number[]>> = {};
  for (const counts of resample(rows, options)) {
    for (const [name, value] of Object.entries(measure(counts)) as [Name, number][]) {
      (replicates[name] ??= []).push(value);
    }
  }
  const { level = 0.95 } = options;
  return Object.fromEntries(
    Object.entries(replicates).map(([name, values]) => [name, percentileInterval(values as number[], level)]),
  ) as Record<Name, Interval>;
}

/**
 * Draws resamples one after the other.
 *
 * @returns how often each row counts, in one array for all resamples
 * @throws {TypeError} when there are groups for another number of rows
 * @throws {RangeError} when there is no row, or an option is out of its range
 */
export function* resample(rows: number, options: BootstrapOptions = {}): Generator<Uint16Array> {
  const { resamples = 1000, seed = 1, level = 0.95, groups } = options;
  requireLevel("interval", level);
  requireU32("compute interval", "seed", seed);
  if (!Number.isSafeInteger(resamples) || resamples < 2) {
    throw new RangeError(`Cannot compute interval: resamples must be an integer of at least 2, received ${resamples}`);
  }
  if (rows === 0) throw new RangeError("Cannot compute interval: at least one row is needed, received 0");
  const of = groups && groupRows("interval", groups, rows);
  // Few bytes a row, so that the counts of a million rows stay in a cache; no row is drawn 2^16 times.
  const counts = new Uint16Array(of ? of.sizes.length : rows);
  const byRow = of ? new Uint16Array(rows) : counts;
  for (let sample = 0; sample < resamples; sample++) {
    drawCounts(counts, seed, sample);
    if (of) { for (let row = 0; row < rows; row++) byRow[row] = counts[of.of[row]]; }
    yield byRow;
  }
}

/** Draws as many places as there are, with replacement, and counts how often each was drawn. */
function drawCounts(counts: Uint16Array, seed: number, sample: number): void {
  const places = counts.length;
  const draw = randomU32By(seed, sample);
  counts.fill(0);
  for (let i = 0; i < places; i++) counts[Math.floor(draw(i) / 2 ** 32 * places)]++;
}

/**
 * Computes the percentiles that leave `(1 - level) / 2` of the replicates on either side, linearly interpolated.
 *
 * @param replicates the metric of each resample; those that are NaN are left out
 * @param level share of the replicates within the interval
 * @throws {RangeError} when `level` is not between 0 and 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { low, high, resamples } = percentileInterval([3, 1, NaN, 2, 5, 4], 0.5);
 * assert.deepEqual([low, high, resamples], [2, 4, 5]);
 * ```
 */
export function percentileInterval(replicates: readonly number[], level = 0.95): Interval {
  requireLevel("interval", level);
  const sorted = Float64Array.from(replicates.filter((value) => !Number.isNaN(value))).sort();
  const { length } = sorted;
  const at = (share: number): number => {
    const place = share * (length - 1);
    const below = Math.floor(place);
    return sorted[below] + (sorted[Math.min(below + 1, length - 1)] - sorted[below]) * (place - below);
  };
  const mean = sorted.reduce((sum, value) => sum + value, 0) / length;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    low: length > 0 ? at((1 - level) / 2) : NaN,
    high: length > 0 ? at((1 + level) / 2) : NaN,
    standardError: length > 1 ? Math.sqrt(squares / (length - 1)) : NaN,
    resamples: length,
  };
}
