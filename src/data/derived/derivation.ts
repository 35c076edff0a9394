/**
 * What a feature is made of, where it is not the text of one column: several texts joined, or a part of a date.
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

/** Names that are made of several texts: one for each combination. */
export interface CrossOf {
  /** Two or more, joined in this order. */
  readonly cross: readonly CrossPart[];
}

/**
 * What a cross joins: the text of a column, or what a feature of the schema makes of columns. A schema that was read has a
 * text here for a column alone; as it is declared, it may be the name of such a feature.
 */
export type CrossPart = string | ColumnOf | DateOf | CrossOf | BucketOf;

/** A column that has the name of a feature which crosses can be made of. */
export interface ColumnOf {
  /** The column. */
  readonly column: string;
}

/** Numbers of buckets, from 0 upwards, as texts. */
export interface BucketOf {
  /** Name of the numeric feature whose buckets they are. */
  readonly bucket: string;
  /** Its column. */
  readonly column: string;
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
  return readCross(owner, requireKeys(from, json, ["cross"]), isKept(name) ? 1 : 2);
}

const DATE_KEYS = ["date", "part", "format", "timeZone"];

function readCross(owner: string, json: Record<string, unknown>, least: number): CrossOf {
  return { cross: requireList(owner, "cross", json.cross, least).map((part) => readPart(owner, part)) };
}

function readPart(owner: string, part: unknown): CrossPart {
  const what = `part of ${owner}`;
  if (!isRecord(part)) {
    requireText(owner, "cross", part);
    return part as string;
  }
  if ("date" in part) return readDate(owner, requireKeys(what, part, DATE_KEYS));
  if ("cross" in part) return readCross(owner, requireKeys(what, part, ["cross"]), 2);
  const { bucket, column } = requireKeys(what, part, ["bucket", "column"]);
  requireText(what, "column", column);
  if (bucket === undefined) return { column: column as string };
  requireText(what, "bucket", bucket);
  return { bucket: bucket as string, column: column as string };
}

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
  return { ...feature, ...(from === undefined ? {} : { from: { ...from } as unknown as Json }) };
}

/** A column that a feature is made of. */
export interface Source {
  readonly column: string;
  /** Whether its values are names, of which each digit counts, or dates or numbers. */
  readonly what: "name" | "date" | "number";
}

/** Returns the columns that a feature is made of, in the order of its raw texts; one of them may come twice. */
export function sourcesOf(from: Derivation): readonly Source[] {
  if ("past" in from) return from.of.map(nameIn);
  return sourcesOfPart(from);
}

const nameIn = (column: string): Source => ({ column, what: "name" });

function sourcesOfPart(part: CrossPart): readonly Source[] {
  if (typeof part === "string") return [nameIn(part)];
  if ("cross" in part) return part.cross.flatMap(sourcesOfPart);
  if ("date" in part) return [{ column: part.date, what: "date" }];
  return "bucket" in part ? [{ column: part.column, what: "number" }] : [nameIn(part.column)];
}

/** Returns the columns that a feature is read from, in the order of its raw texts; one of them may come twice. */
export function columnsOf(feature: Feature): readonly string[] {
  const from = derivationOf(feature);
  return from === undefined ? [feature.column] : sourcesOf(from).map(({ column }) => column);
}

/** Returns a list of different columns, as many as asked for at least. */
export function requireColumns(owner: string, key: string, value: unknown, least: number): readonly string[] {
  const list = requireList(owner, key, value, least);
  for (const column of list) requireText(owner, key, column);
  return list as readonly string[];
}

function requireList(owner: string, key: string, value: unknown, least: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length < least) {
    throw new TypeError(
      `Cannot read schema: ${key} of ${owner} must be a list of at least ${least} columns, received ${
        formatValue(value)
      }`,
    );
  }
  const texts = value.map((part) => typeof part === "string" ? part : JSON.stringify(part));
  if (new Set(texts).size < texts.length) {
    throw new TypeError(`Cannot read schema: ${key} of ${owner} must be different columns, received ${texts}`);
  }
  return value;
}
