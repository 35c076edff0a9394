/**
 * Statistics of earlier rows, by value: how many there were, and what share of them had label 1.
 *
 * @module
 */
import { rowNumbers } from "../random.ts";
import type { PastOf } from "./derivation.ts";

/** Rows that statistics are made of. */
export interface PastRows {
  /** Value of each row: 0 for a missing one, else its number from 1 on. */
  readonly values: Uint32Array;
  /** How many values there are. */
  readonly distinct: number;
  /** Label of each row, 0 or 1; -1 for an unknown one, whose row then counts in no rate. Counts need none. */
  readonly labels?: Float32Array;
  /** Time of each row; the order of the rows where there are none. */
  readonly times?: Float64Array;
}

/** How many rows there were, and how many of them had label 1. */
export interface Tally {
  readonly rows: number;
  readonly clicks: number;
}

/** What was seen of rows before, by value. */
export interface SeenBefore {
  /** Rows of the first values, from value 1 on. */
  readonly rows: readonly number[];
  /** Rows with label 1 of these. */
  readonly clicks: readonly number[];
  /** All rows. */
  readonly all: Tally;
}

/** Statistics of all rows, and what is known at their end. */
export interface PastStatistics {
  /** For each row, the statistic of the rows before it; NaN where there is none. */
  readonly numbers: Float64Array;
  /** Rows by value at the end, from value 1 on. */
  readonly rows: Float64Array;
  /** Rows with label 1 by value at the end. */
  readonly clicks: Float64Array;
  /** All rows at the end, whatever their values. */
  readonly all: Tally;
  /** Rows that count at the end, by time, where there is a window. */
  readonly counted?: Uint32Array;
}

/**
 * Computes, for each row, the statistic of the rows of a strictly smaller time, within the window if there is one.
 *
 *   count  n,            rate  (c + s p) / (n + s)
 *
 * where n rows had the same value, c of them label 1, s is the smoothing and p the prior: the share of label 1 among all
 * earlier rows, unless it is given. A row's own label, those of rows at the same time and those of later rows enter nothing.
 * At the end, the window reaches back from the last time.
 *
 * @param before what was seen of earlier rows, which no window forgets
 */
export function pastStatistics(rows: PastRows, from: PastOf, before?: SeenBefore): PastStatistics {
  const count = rows.values.length;
  const numbers = new Float64Array(count);
  const { times } = rows;
  const { window = Infinity } = from;
  const order = rowNumbers(count);
  if (times) order.sort((a, b) => times[a] - times[b] || a - b);
  const timeAt = (place: number): number => times ? times[order[place]] : place;
  const seen = new SeenRows(rows, from, before);
  let oldest = 0;
  const forgetBefore = (time: number, last: number): void => {
    while (oldest < last && timeAt(oldest) < time) seen.add(order[oldest++], -1);
  };
  for (let start = 0; start < count;) {
    const time = timeAt(start);
    let end = start;
    while (end < count && timeAt(end) === time) end++;
    forgetBefore(time - window, start);
    for (let place = start; place < end; place++) numbers[order[place]] = seen.statisticOf(order[place]);
    for (let place = start; place < end; place++) seen.add(order[place], 1);
    start = end;
  }
  if (count > 0) forgetBefore(timeAt(count - 1) - window, count);
  const end = { numbers, rows: seen.rows.subarray(1), clicks: seen.clicks.subarray(1), all: seen.all };
  if (from.window === undefined) return end;
  return { ...end, counted: order.subarray(oldest).filter((row) => seen.counts(row)) };
}

/** Returns the statistic of a value; NaN where nothing is known. */
export function statisticOf(from: PastOf, value: Tally, all: Tally): number {
  if (from.past === "count") return value.rows;
  const { smoothing = 0, prior = all.clicks / all.rows } = from;
  // Without any earlier row there is no prior, and 0 / 0 is no number either.
  return (value.clicks + smoothing * prior) / (value.rows + smoothing);
}

/** Rows that were seen so far, by value. */
class SeenRows {
  readonly rows: Float64Array;
  readonly clicks: Float64Array;
  readonly all: { rows: number; clicks: number } = { rows: 0, clicks: 0 };
  readonly #rows: PastRows;
  readonly #from: PastOf;

  constructor(rows: PastRows, from: PastOf, before?: SeenBefore) {
    this.#rows = rows;
    this.#from = from;
    this.rows = new Float64Array(rows.distinct + 1);
    this.clicks = new Float64Array(rows.distinct + 1);
    if (before === undefined) return;
    this.rows.set(before.rows, 1);
    this.clicks.set(before.clicks, 1);
    this.all = { ...before.all };
  }

  /** Tells whether a row counts: not where a rate lacks its label. */
  counts(row: number): boolean {
    return this.#labelOf(row) >= 0;
  }

  #labelOf(row: number): number {
    return this.#from.past === "rate" ? this.#rows.labels![row] : 0;
  }

  /** Counts a row in, or out again. */
  add(row: number, sign: 1 | -1): void {
    const { values } = this.#rows;
    const label = this.#labelOf(row);
    if (label < 0) return;
    this.rows[values[row]] += sign;
    this.clicks[values[row]] += sign * label;
    this.all.rows += sign;
    this.all.clicks += sign * label;
  }

  /** Returns the statistic of a row's value. */
  statisticOf(row: number): number {
    const value = this.#rows.values[row];
    if (value === 0) return NaN;
    return statisticOf(this.#from, { rows: this.rows[value], clicks: this.clicks[value] }, this.all);
  }
}
