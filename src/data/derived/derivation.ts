/**
 * What a feature is made of, where it is not the text of one column: several columns joined, or a part of a date.
 *
 * @module
 */
import type { Json } from "../../checkpoint/canonical_json.ts";
import { formatValue } from "../format.ts";
import { isKept } from "../kept_names.ts";
import type { CategoricalFeature, Feature, NumericFeature } from "../schema.ts";
import { requireKeys, requireText } from "../schema_checks.ts";
import { createDateReader, hasHours } from "./date_format.ts";
import { DATE_PARTS, type DatePart, requireTimeZone } from "./date_parts.ts";

/** Names that are made of the values of several columns: one for each combination. */
export interface CrossOf {
  /** The columns, two or more, whose values are joined in this order. */
  readonly cross: readonly string[];
}

/** Names of the parts of dates. */
export interface DateOf {
  /** The column of dates. */
  readonly date: string;
  /** Which part of them. */
  readonly part: DatePart;
  /** How the column writes dates. */
  readonly format: string;
  /** Zone whose clocks count. */
  readonly timeZone: string;
}

/** {@linkcode DateOf} as it is declared. */
export type DeclaredDateOf = Pick<DateOf, "date" | "part"> & Partial<DateOf>;

/** Numbers that earlier rows with the same value came to. */
export interface PastOf {
  /** What of these rows: the share with label 1, or their number. */
  readonly past: "rate" | "count";
  /** The column of the value, or the columns whose values are taken together. */
  readonly of: readonly string[];
  /** How far back the past reaches, in the unit of the times; absent for all of it. */
  readonly window?: number;
  /** Of a rate: rows at the prior rate that each value is taken to have had besides its own. */
  readonly smoothing?: number;
  /** Of a rate: the prior rate; absent for that of all earlier rows. */
  readonly prior?: number;
  /** Of a rate: which of several labels is meant; absent for the first. */
  readonly label?: string;
}

/** How the values of a feature are made of columns. */
export type Derivation = CrossOf | DateOf | PastOf;

/**
 * Reads how names are made of columns, and fills in the defaults.
 *
 * @param names of the feature and of its column, which must be one: such a feature has no column of its own
 * @throws {TypeError} when it is something else; the message names the feature
 * @throws {RangeError} when there is no such part, format or time zone of dates
 */
export function readDerivation(
  owner: string,
  json: unknown,
  { name, column }: { readonly name: string; readonly column: string },
): CrossOf | DateOf {
  if (column !== name) throw new TypeError(`Cannot read schema: ${owner} must have from or column, received both`);
  const from = `from of ${owner}`;
  if (isRecord(json) && "date" in json) return readDate(owner, requireKeys(from, json, DATE_KEYS));
  // What is kept of a statistic of the past may be the value of one column.
  const least = isKept(name) ? 1 : 2;
  return { cross: requireColumns(owner, "cross", requireKeys(from, json, ["cross"]).cross, least) };
}

const DATE_KEYS = ["date", "part", "format", "timeZone"];

function readDate(owner: string, { date, part, format = "auto", timeZone = "UTC" }: Record<string, unknown>): DateOf {
  for (const [key, value] of Object.entries({ date, part, format, timeZone })) requireText(owner, key, value);
  const texts = {
    date: date as string,
    part: part as DatePart,
    format: format as string,
    timeZone: timeZone as string,
  };
  if (!DATE_PARTS.includes(texts.part)) {
    throw new RangeError(
      `Cannot read schema: part of ${owner} must be one of ${DATE_PARTS.join(", ")}, received ${formatValue(part)}`,
    );
  }
  createDateReader(owner, texts.format);
  if (texts.part === "hour" && !hasHours(texts.format)) {
    throw new RangeError(`Cannot read schema: format of ${owner} must have HH, received ${formatValue(format)}`);
  }
  requireTimeZone(owner, texts.timeZone);
  return texts;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Returns what a feature is made of; nothing for one that is the text of its column. */
export function derivationOf(feature: Feature): Derivation | undefined {
  return feature.kind === "sequence" ? undefined : feature.from;
}

/** Returns a feature as JSON. */
export function featureJson(
  { from, ...feature }: CategoricalFeature | NumericFeature,
): { readonly [key: string]: Json | undefined } {
  return { ...feature, ...(from === undefined ? {} : { from: { ...from } }) };
}

/** Returns the columns that a feature is read from. */
export function columnsOf(feature: Feature): readonly string[] {
  const from = derivationOf(feature);
  if (from === undefined) return [feature.column];
  if ("past" in from) return from.of;
  return "date" in from ? [from.date] : from.cross;
}

/** Returns a list of different columns, as many as asked for at least. */
export function requireColumns(owner: string, key: string, value: unknown, least: number): readonly string[] {
  if (!Array.isArray(value) || value.length < least) {
    throw new TypeError(
      `Cannot read schema: ${key} of ${owner} must be a list of at least ${least} columns, received ${
        formatValue(value)
      }`,
    );
  }
  for (const column of value) requireText(owner, key, column);
  if (new Set(value).size < value.length) {
    throw new TypeError(`Cannot read schema: ${key} of ${owner} must be different columns, received ${value}`);
  }
  return value;
}
