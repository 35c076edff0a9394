/**
 * What a fitted schema knows of the past: the statistics of the training rows as they were at their end.
 *
 * @module
 */
import type { FieldFit } from "../fitted_schema.ts";
import { isTextList } from "../vocabulary.ts";
import { derivationOf, type PastOf } from "./derivation.ts";
import { statisticOf, type Tally } from "./past_statistics.ts";

/** Statistics of the training rows by value, as of their end. */
export interface PastFit {
  /** Values that were seen, where one is made of several columns as crosses are. */
  readonly values: readonly string[];
  /** How many rows had each of them. */
  readonly rows: readonly number[];
  /** How many of those rows had label 1. */
  readonly clicks: readonly number[];
  /** All rows, and those of them with label 1. */
  readonly all: readonly [rows: number, clicks: number];
}

const NONE: Tally = { rows: 0, clicks: 0 };

/** Returns how a feature's numbers are made of earlier rows; nothing for other features. */
export function pastOf(feature: Parameters<typeof derivationOf>[0]): PastOf | undefined {
  const from = derivationOf(feature);
  return from !== undefined && "past" in from ? from : undefined;
}

/** Statistics by value, made when they are first asked for, since servers encode many small requests. */
const known = new WeakMap<PastFit, ReadonlyMap<string, Tally>>();

/** Returns a function from a value to its statistic, as of the end of the training rows; NaN where nothing is known. */
export function statisticsOf({ feature, past }: FieldFit): (value: string) => number {
  const from = pastOf(feature)!;
  const fit = past!;
  let tallies = known.get(fit);
  if (tallies === undefined) {
    tallies = new Map(fit.values.map((value, i) => [value, { rows: fit.rows[i], clicks: fit.clicks[i] }]));
    known.set(fit, tallies);
  }
  const all = { rows: fit.all[0], clicks: fit.all[1] };
  const found = tallies;
  return (value) => statisticOf(from, found.get(value) ?? NONE, all);
}

/** Reads what a schema's JSON has for a field; nothing for a field that knows nothing of the past. */
export function readPastFit(
  feature: FieldFit["feature"],
  json: unknown,
  refuse: (what: string) => never,
): Pick<FieldFit, "past"> {
  if (pastOf(feature) === undefined) return {};
  const { values, rows, clicks, all } = (json ?? {}) as Partial<PastFit>;
  const lists = [rows, clicks, all];
  const areCounts = lists.every((list) => Array.isArray(list) && list.every((count) => Number.isInteger(count)));
  if (!isTextList(values) || !areCounts || [rows, clicks].some((list) => list!.length !== values.length)) {
    return refuse("past with a list of values and lists of as many counts");
  }
  return { past: json as PastFit };
}
