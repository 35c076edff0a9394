/**
 * Numbers of a field: exact moments and range, and a sample of rows for all else.
 *
 * @module
 */
import { placeInSample } from "../random.ts";
import type { RowPlace } from "./tally.ts";

/** Rows that a sample holds; of fewer rows, everything is exact. */
export const SAMPLED_ROWS = 1 << 16;

/** A sampled row. */
export interface SampledRow extends RowPlace {
  /** The number. */
  readonly value: number;
}

/** Numbers of a field. */
export class NumberSample {
  /** Rows with a number. */
  rows = 0;
  /** Smallest number. */
  least = Infinity;
  /** Largest number. */
  most = -Infinity;
  /** Arithmetic mean. */
  mean = 0;
  #squares = 0;
  readonly #sample: SampledRow[] = [];

  /** Standard deviation over all rows. */
  get deviation(): number {
    return Math.sqrt(this.#squares / this.rows);
  }

  /** The sampled rows, all where there are no more than {@linkcode SAMPLED_ROWS}. */
  get sample(): readonly SampledRow[] {
    return this.#sample;
  }

  /** Takes a row in. Row n replaces a sampled one with chance size / n, so that each is in the sample equally likely. */
  add(value: number, { label, fold, part }: RowPlace): void {
    this.rows++;
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
    // The running form of Welford, which does not cancel.
    const step = value - this.mean;
    this.mean += step / this.rows;
    this.#squares += step * (value - this.mean);
    const row = { value, label, fold, part };
    const place = placeInSample(0, this.rows, SAMPLED_ROWS);
    if (place < SAMPLED_ROWS) this.#sample[place] = row;
  }
}

/** Returns quantiles of ascending numbers, by linear interpolation between them: that of p is at place p (n - 1). */
export function quantilesOf(sorted: ArrayLike<number>, shares: readonly number[]): number[] {
  return shares.map((share) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  });
}
