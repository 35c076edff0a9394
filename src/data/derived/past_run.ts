/**
 * Statistics of the rows of one training, which go on from those of the trainings before.
 *
 * @module
 */
import { formatValue } from "../format.ts";
import { makeF32, makeF64, makeU32 } from "../large_arrays.ts";
import type { PastOf } from "./derivation.ts";
import { MOST_RECENT, type PastFit, type RecentRows } from "./past_fit.ts";
import { type PastRows, type PastStatistics, pastStatistics, type SeenBefore } from "./past_statistics.ts";

/** Rows that statistics are made of, with the texts of their values, those known before first. */
export interface RunRows extends Omit<PastRows, "distinct"> {
  readonly texts: readonly string[];
}

/**
 * Computes the statistics of rows that come after all those known before, as if they were read behind these, and what is
 * known at their end.
 *
 * @throws {RangeError} when they do not all come after, or what is known is too little to go on with
 */
export function continuePast(
  name: string,
  from: PastOf,
  rows: RunRows,
  before?: PastFit,
): { readonly numbers: Float64Array; readonly past: PastFit } {
  const { texts, ...given } = rows;
  const own = { ...given, distinct: texts.length };
  if (before !== undefined) requireLater(name, from, own, before);
  const recent = before?.recent;
  // What a window is to forget is seen once more; what none forgets is known as it stands.
  const all = recent ? behind(recent, own) : own;
  const statistics = pastStatistics(all, from, recent ? undefined : before && seenBefore(before));
  const skipped = recent?.times.length ?? 0;
  return { numbers: statistics.numbers.subarray(skipped), past: pastAtEnd(from, all, texts, statistics) };
}

function seenBefore({ rows, clicks, all }: PastFit): SeenBefore {
  return { rows, clicks, all: { rows: all[0], clicks: all[1] } };
}

/** Refuses rows among those before, which would learn of later labels. */
function requireLater(name: string, from: PastOf, { times }: PastRows, before: PastFit): void {
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot grow schema: ${what}`);
  };
  if (from.window !== undefined && before.recent === undefined) {
    refuse(`feature "${name}" must know the rows in its window, at most ${MOST_RECENT} of them, received none`);
  }
  if (times === undefined) return;
  if (before.until === undefined) refuse(`feature "${name}" must know the time of its last row, received none`);
  const first = leastOf(times);
  if (first > before.until!) return;
  refuse(
    `times must be later than ${before.until}, the last of the rows before, since feature "${name}" is made of these, ` +
      `received ${formatValue(first)}`,
  );
}

/** Puts rows behind those of a window. */
function behind({ times, values, labels }: RecentRows, rows: PastRows): PastRows {
  const count = times.length;
  const join = <T extends Uint32Array | Float32Array | Float64Array>(made: T, first: readonly number[], last: T): T => {
    made.set(first);
    made.set(last, count);
    return made;
  };
  const size = count + rows.values.length;
  return {
    distinct: rows.distinct,
    values: join(makeU32(size), values, rows.values),
    labels: join(makeF32(size), labels, rows.labels!),
    times: join(makeF64(size), times, rows.times!),
  };
}

/** Returns what is known at the end of rows. */
function pastAtEnd(
  from: PastOf,
  { times, values, labels }: PastRows,
  texts: readonly string[],
  { rows, clicks, all, counted }: PastStatistics,
): PastFit {
  // Values whose rows are all out of the window are as good as new.
  const kept = texts.map((text, i) => ({ text, i })).filter(({ i }) => rows[i] > 0);
  const past: PastFit = {
    values: kept.map(({ text }) => text),
    rows: kept.map(({ i }) => rows[i]),
    clicks: kept.map(({ i }) => clicks[i]),
    all: [all.rows, all.clicks],
    ...(times === undefined ? {} : { until: greatestOf(times) }),
  };
  if (counted === undefined || counted.length > MOST_RECENT) return past;
  const places = new Uint32Array(texts.length + 1);
  kept.forEach(({ i }, place) => places[i + 1] = place + 1);
  const recent = Array.from(counted);
  return {
    ...past,
    recent: {
      times: recent.map((row) => times![row]),
      values: recent.map((row) => places[values[row]]),
      labels: recent.map((row) => from.past === "rate" ? labels![row] : 0),
    },
  };
}

function leastOf(numbers: Float64Array): number {
  return numbers.reduce((least, x) => Math.min(least, x), Infinity);
}

function greatestOf(numbers: Float64Array): number {
  return numbers.reduce((most, x) => Math.max(most, x), -Infinity);
}
