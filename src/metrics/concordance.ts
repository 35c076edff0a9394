/**
 * How well risks order times to an end, some of which are not known.
 *
 * @module
 */
import { sortRows } from "./sort.ts";

/** Pairs of rows whose order is known. */
export interface OrderedPairs {
  /** Pairs in which the end of one row is known to have come before that of the other. */
  readonly pairs: number;
  /** Those whose earlier end has the higher risk, pairs of equal risks counting half. */
  readonly right: number;
}

/**
 * Computes the concordance index: the share of pairs of rows, the end of one of which is known to have come first, that
 * risks order right, pairs of equal risks counting half.
 *
 * A pair counts when row i ended and lasted for less than row j, or for as long as a censored j: what was seen last at
 * that time ended later. Rows that ended at the same time make no pair. F. Harrell et al.: Evaluating the yield of medical
 * tests. JAMA 247, 1982.
 *
 * Exact, in O(n log n): every count is an integer or a half, and only the last division rounds.
 *
 * @param risks the higher, the sooner the end is expected
 * @param times how long each row lasted, until its end or until it was last seen
 * @param events 1 for a row whose end was seen, 0 for a censored one
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a risk or time is NaN, an event is neither 0 nor 1, or no pair has a known order
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * // The first ended before the two others; the second was censored before the third ended.
 * assert.equal(concordance([0.9, 0.2, 0.9], [1, 2, 3], [1, 0, 1]), 0.75);
 * ```
 */
export function concordance(risks: ArrayLike<number>, times: ArrayLike<number>, events: ArrayLike<number>): number {
  const { pairs, right } = orderedPairs(risks, times, events);
  if (pairs > 0) return right / pairs;
  throw new RangeError(`Cannot compute concordance: ${noPairs(events)}`);
}

/** Says why there is no pair of known order. */
export function noPairs(events: ArrayLike<number>): string {
  let ended = 0;
  for (let i = 0; i < events.length; i++) ended += events[i];
  return `a row must have ended before another one, received ${ended} ends of ${events.length} rows`;
}

/**
 * Counts the pairs of {@linkcode concordance}.
 *
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a risk or time is NaN, or an event is neither 0 nor 1
 */
export function orderedPairs(
  risks: ArrayLike<number>,
  times: ArrayLike<number>,
  events: ArrayLike<number>,
): OrderedPairs {
  requireRows(risks, times, events);
  const lasted = Float64Array.from(times);
  const order = sortRows(lasted);
  const ranks = rankRows(Float64Array.from(risks));
  const later = new RankCounts(risks.length);
  let [pairs, right] = [0, 0];
  // From the longest time down, so that what has been added lasted longer.
  for (let end = order.length, start = end; end > 0; end = start) {
    while (start > 0 && lasted[order[start - 1]] === lasted[order[end - 1]]) start--;
    const group = order.subarray(start, end);
    for (const row of group) if (events[row] === 0) later.add(ranks[row]);
    for (const row of group) {
      if (events[row] === 0) continue;
      const below = later.countBelow(ranks[row]);
      pairs += later.count;
      right += below + (later.countBelow(ranks[row] + 1) - below) / 2;
    }
    for (const row of group) if (events[row] === 1) later.add(ranks[row]);
  }
  return { pairs, right };
}

/** Returns the place of each value among the distinct ones, from 0. */
function rankRows(values: Float64Array): Uint32Array {
  const ranks = new Uint32Array(values.length);
  const order = sortRows(values);
  for (let i = 1, rank = 0; i < order.length; i++) {
    if (values[order[i]] !== values[order[i - 1]]) rank++;
    ranks[order[i]] = rank;
  }
  return ranks;
}

/** Counts of ranks whose sums over all lower ranks take logarithmic time: a Fenwick tree. */
class RankCounts {
  readonly #sums: Uint32Array;
  /** Ranks added. */
  count = 0;

  constructor(ranks: number) {
    this.#sums = new Uint32Array(ranks + 1);
  }

  add(rank: number): void {
    this.count++;
    for (let i = rank + 1; i < this.#sums.length; i += i & -i) this.#sums[i]++;
  }

  /** Returns how many lower ranks were added. */
  countBelow(rank: number): number {
    let count = 0;
    for (let i = rank; i > 0; i -= i & -i) count += this.#sums[i];
    return count;
  }
}

function requireRows(risks: ArrayLike<number>, times: ArrayLike<number>, events: ArrayLike<number>): void {
  if (times.length !== risks.length || events.length !== risks.length) {
    throw new TypeError(
      "Cannot compute concordance: risks, times and events must have the same length, " +
        `received ${risks.length}, ${times.length} and ${events.length}`,
    );
  }
  for (let row = 0; row < risks.length; row++) {
    if (Number.isNaN(risks[row]) || Number.isNaN(times[row])) {
      throw new RangeError(`Cannot compute concordance: risks and times must be numbers, received NaN at row ${row}`);
    }
    if (events[row] !== 0 && events[row] !== 1) {
      throw new RangeError(
        `Cannot compute concordance: events must be 0 or 1, received ${events[row]} at row ${row}`,
      );
    }
  }
}
