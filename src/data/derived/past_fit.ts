/**
 * What a fitted schema knows of the past: the statistics of the training rows as they were at their end.
 *
 * @module
 */
import type { Json } from "../../checkpoint/canonical_json.ts";
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
  /** Time of the last row, where the schema has times: rows to go on with are later. */
  readonly until?: number;
  /** The rows within the window, where there is one: as time goes on, they are to be forgotten. */
  readonly recent?: RecentRows;
}

/** Rows within a window, by time. */
export interface RecentRows {
  /** Time of each row. */
  readonly times: readonly number[];
  /** Value of each row: 0 for a missing one, else its number from 1 on. */
  readonly values: readonly number[];
  /** Label of each row; 0 for those of counts. */
  readonly labels: readonly number[];
}

/** Most rows of a window that a schema keeps. One with more of them encodes as others do, and cannot grow. */
export const MOST_RECENT = 1 << 20;

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

/** Returns what of the past decides how rows are encoded, without what only growing reads. */
export function encodingPast({ values, rows, clicks, all }: PastFit): PastFit {
  return { values, rows, clicks, all };
}

/** Returns what is known of the past as JSON. */
export function pastJson({ recent, ...past }: PastFit): { readonly [key: string]: Json | undefined } {
  return { ...past, ...(recent && { recent: { ...recent } }) };
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
  requireRecent(json as PastFit, refuse);
  return { past: json as PastFit };
}

function requireRecent({ values, until, recent }: PastFit, refuse: (what: string) => never): void {
  if (until !== undefined && !Number.isFinite(until)) refuse("past with a last time that is a number");
  if (recent === undefined) return;
  const lists = [recent.times, recent.values, recent.labels];
  const areNumbers = lists.every((list) => Array.isArray(list) && list.every(Number.isFinite));
  const isKnown = (value: number) => Number.isInteger(value) && value >= 0 && value <= values.length;
  if (areNumbers && lists.every(({ length }) => length === recent.times.length) && recent.values.every(isKnown)) return;
  refuse("past with recent times, values and labels of as many rows");
}
