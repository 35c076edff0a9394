/**
 * Describing data before anything is trained on it.
 *
 * @module
 */
import { createCellForms } from "./cell_forms.ts";
import { cutCrossOf } from "./derived/cut_column.ts";
import { columnsOf, derivationOf } from "./derived/derivation.ts";
import {
  deriversOf,
  type FieldCell,
  formsOfCells,
  missingTextsOf,
  type RawTexts,
  rowDeriver,
} from "./derived/derive.ts";
import { pastOf } from "./derived/past_fit.ts";
import type { FieldDescription } from "./describe/field.ts";
import { quantilesOf } from "./describe/number_sample.ts";
import { RANKED_ROWS, rankFields, type Ranking } from "./describe/ranking.ts";
import { RowSample } from "./describe/row_sample.ts";
import { RowsTally } from "./describe/rows.ts";
import { createLabelReader } from "./label.ts";
import { MissingTexts } from "./missing_texts.ts";
import { placeInSample } from "./random.ts";
import { type ReadDataOptions, readDataWatched } from "./read_data.ts";
import { Rejections, requireRejectionOptions, type RowFault } from "./rejections.ts";
import { type Row, RowReader } from "./row_cells.ts";
import { readRows, requireRowsOptions } from "./rows.ts";
import { categorical, type Feature, parseSchema, type Schema } from "./schema.ts";
import type { Source } from "./source.ts";
import { type TextRules, textRulesOf } from "./text_rules.ts";
import { createTimeReader } from "./time.ts";
import type { WatchedRow } from "./watcher.ts";

export type { FieldDescription, NumberDescription, ValueDescription } from "./describe/field.ts";
export type { RankedFields, Ranking } from "./describe/ranking.ts";

/** Times that the ends of parts are taken from; of more rows, a sample. */
const SAMPLED_TIMES = 1 << 20;

/** Options of {@linkcode describe}, beside those of reading files. */
export interface DescribeOptions extends ReadDataOptions {
  /** Most frequent values that are told of each field. @default {10} */
  top?: number;
  /** Parts of equally many rows, by the declared time or else by position, that are compared; 1 for none. @default {4} */
  parts?: number;
  /** Values of a field that are counted exactly; of more, counts are approximate and memory stays bounded. @default {65536} */
  maxValues?: number;
  /** AUC of a field alone from which on it is called a leak. @default {0.9} */
  leakAuc?: number;
  /** Population stability index from which on a field is said to drift. @default {0.2} */
  driftIndex?: number;
  /**
   * Ranks the fields by what they say of the label: 1 each alone, 2 in pairs too, 3 in triples too, which takes a while from
   * some thirty fields on. @default {0, no ranking}
   */
  rank?: number;
}

/** What data holds. */
export interface Description {
  /** Column of the label; of several labels the first. */
  readonly label: string;
  /** Rows described. */
  readonly rows: number;
  /** Those with label 1. */
  readonly positives: number;
  /** Malformed rows that were left out. */
  readonly skipped: number;
  /** Rows that were left out because they have no label. */
  readonly missingLabels: number;
  /** Rows that are equal to earlier ones in all fields and the label, and whether that is an estimate. */
  readonly duplicates: { readonly rows: number; readonly approximate: boolean };
  /** What the parts of time were cut by, `"position"` or the column of the time, and their number. */
  readonly parts: { readonly by: string; readonly count: number };
  /** The fields, in the order of the schema; sequences, statistics of the past and crosses of buckets are left out. */
  readonly fields: readonly FieldDescription[];
  /** What fields, pairs and triples say of the label, where it was asked for. */
  readonly ranking?: Ranking;
}

/** A row as it is described. */
interface Cells {
  readonly texts: readonly FieldCell[];
  readonly label: string | undefined;
  readonly time: string | undefined;
}

/** Takes a row, or returns what is wrong with it. */
type Take = (cells: Cells) => RowFault | undefined;

/** Reads all rows once; those that `take` finds wrong are refused, or left out and counted. */
type Pass = (take: Take) => Promise<Pick<Description, "skipped" | "missingLabels">>;

/**
 * Describes data by field: cardinality, missing values, frequent values with their label rates, numbers, drift between
 * parts of time, and how well the field alone predicts the label.
 *
 * Files are read twice, the first time for the ends of the parts, and once where `parts` is 1. Memory is bounded by fields and
 * `maxValues`, plus 8 bytes a row. What is an estimate then says so: see {@linkcode FieldDescription}.
 *
 * @param data files as `readData` takes them but for libsvm, or rows in memory
 * @param schema its fields are described, without sequences, statistics of the past and crosses of buckets
 * @throws {TypeError} when an option is unknown, or labels are times
 * @throws {RangeError} when an option is out of its range, a column is not there, or there is no row
 * @throws {SyntaxError} when a row is malformed or has no label, unless such rows are skipped
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, numeric } from "./schema.ts";
 *
 * const schema = { label: "click", features: [categorical("user"), numeric("price")] };
 * const file = new File(["click,user,price\n1,a,3\n0,b,\n0,a,5\n"], "clicks.csv");
 * const { rows, fields: [user, price] } = await describe(file, schema);
 * assert.deepEqual([rows, user.cardinality, user.top[0].value, user.top[0].rate], [3, 2, "a", 0.5]);
 * assert.deepEqual([price.missing, price.numbers!.mean], [1 / 3, 4]);
 * ```
 */
export async function describe(
  data: Source | readonly Source[] | readonly Row[],
  schema: Schema,
  options: DescribeOptions = {},
): Promise<Description> {
  const { format, top = 10, parts = 4, maxValues = 1 << 16, leakAuc = 0.9, driftIndex = 0.2, rank = 0, ...others } =
    options;
  if (![0, 1, 2, 3].includes(rank)) {
    throw new RangeError(`Cannot describe data: rank must be 0, 1, 2 or 3, received ${rank}`);
  }
  for (const [name, count] of Object.entries({ top, parts, maxValues })) {
    if (Number.isSafeInteger(count) && count >= 1) continue;
    throw new RangeError(`Cannot describe data: ${name} must be an integer of at least 1, received ${count}`);
  }
  requireRejectionOptions(others);
  if (format === "libsvm") throw new TypeError("Cannot describe data: files of libsvm have no columns");
  const declared = parseSchema(schema);
  if (declared.real) throw new TypeError("Cannot describe data: labels must be 0 or 1, received numbers");
  const reading = { ...others, trim: others.trim ?? declared.trim };
  if (declared.survival) throw new TypeError("Cannot describe data: labels must be 0 or 1, received times");
  const features = declared.features.filter((feature) =>
    feature.kind !== "sequence" && pastOf(feature) === undefined && cutCrossOf(feature) === undefined
  );
  if (features.length === 0) throw new TypeError("Cannot describe data: the schema must have a field, received none");
  const label = declared.label ?? declared.labels![0];
  const pass = isRows(data)
    ? passOverRows(data, { ...declared, features }, reading)
    : passOverFiles(data, { ...declared, features }, { ...reading, format });
  const partOf = parts === 1 ? () => 0 : await findParts(pass, declared, label, parts, reading);
  const tally = new RowsTally(features, parts, maxValues);
  const sample = rank > 0 ? new RowSample(features, RANKED_ROWS) : undefined;
  const read = createReader(declared, label, reading);
  const { missing = [""] } = reading;
  const present = createTextReader(features, textRulesOf(features, { ...declared, trim: reading.trim }), missing);
  const counts = await pass((cells) => {
    const row = read(cells);
    if ("reason" in row) return row;
    const texts = present(cells.texts);
    if ("reason" in texts) return texts;
    tally.add(texts, row.label, partOf(row.time ?? tally.rows));
    sample?.add(texts, row.label);
  });
  if (tally.rows === 0) throw new RangeError("Cannot describe data: there must be a row, received none");
  return {
    ...{ label, rows: tally.rows, positives: tally.positives, ...counts, duplicates: tally.duplicates },
    parts: { by: declared.time ?? "position", count: parts },
    fields: tally.describe(top, { leakAuc, driftIndex }),
    ...(sample && { ranking: rankFields(features, sample, rank, top) }),
  };
}

function isRows(data: Source | readonly Source[] | readonly Row[]): data is readonly Row[] {
  const first: unknown = Array.isArray(data) ? data[0] : undefined;
  return typeof first === "object" && !(first instanceof URL) &&
    typeof (first as { stream: unknown }).stream !== "function";
}

/** Makes a function that returns the texts of a row's fields, undefined for missing values. */
function createTextReader(
  features: readonly Feature[],
  rules: readonly TextRules[],
  missing: readonly string[],
): (cells: readonly FieldCell[]) => readonly (string | undefined)[] | RowFault {
  const forms = createCellForms(features, rules, missing);
  const derive = rowDeriver(features, deriversOf(features, forms, new MissingTexts(missing)));
  const made = formsOfCells(features, forms);
  const absent = features.map((feature) => missingTextsOf(feature, new MissingTexts(missing)));
  return (cells) => {
    const texts = derive ? derive(cells) : cells;
    if ("reason" in texts) return texts;
    return (texts as RawTexts).map((text, f) => {
      const formed = made[f](text);
      return formed === undefined || absent[f].has(formed) ? undefined : formed;
    });
  };
}

/** Makes a function that reads the label and time of a row; each pass needs its own, since first rows decide on forms. */
function createReader(
  schema: Schema,
  label: string,
  { missing = [""] }: DescribeOptions,
): (cells: Cells) => { readonly label: number; readonly time: number | undefined } | RowFault {
  const labels = createLabelReader(schema, label, new MissingTexts(missing));
  const times = schema.time === undefined ? undefined : createTimeReader();
  return (cells) => {
    const value = labels.read(cells.label);
    if (typeof value !== "number") return value;
    const time = times?.(cells.time ?? "");
    return typeof time === "string" ? { reason: `column "${schema.time}": ${time}` } : { label: value, time };
  };
}

/** Returns the part of a row by its time, or by its number where there are no times. */
async function findParts(
  pass: Pass,
  schema: Schema,
  label: string,
  parts: number,
  options: DescribeOptions,
): Promise<(key: number) => number> {
  const read = createReader(schema, label, options);
  const times: number[] = [];
  let rows = 0;
  await pass((cells) => {
    const row = read(cells);
    if ("reason" in row) return row;
    rows++;
    if (row.time === undefined) return;
    const place = placeInSample(2, rows, SAMPLED_TIMES);
    if (place < SAMPLED_TIMES) times[place] = row.time;
  });
  if (schema.time === undefined) return (row) => Math.min(parts - 1, Math.floor(row * parts / rows));
  const shares = Array.from({ length: parts - 1 }, (_, k) => (k + 1) / parts);
  const ends = times.length > 0 ? quantilesOf(Float64Array.from(times).sort(), shares) : [];
  return (time) => ends.filter((end) => end < time).length;
}

function passOverRows(rows: readonly Row[], schema: Schema, options: DescribeOptions): Pass {
  requireRowsOptions(schema, options);
  return (take) => {
    const rejections = new Rejections(options);
    const reader = new RowReader(schema, { labeled: true, timed: schema.time !== undefined, unknown: "ignore" });
    rows.forEach((row, index) => {
      const cells = reader.read(row);
      const fault = "fault" in cells ? cells.fault : take({
        texts: cells.texts,
        label: cells.labels![0] as string | undefined,
        time: cells.time,
      });
      if (fault) rejections.take(fault, `row ${index}`, `row ${index}`);
    });
    const { skipped, missingLabels } = rejections;
    return Promise.resolve({ skipped, missingLabels });
  };
}

/** Passes over files with a reader that keeps next to nothing of them and tells of each row. */
function passOverFiles(
  source: Source | readonly Source[],
  schema: Schema,
  { missing: _, ...options }: DescribeOptions,
): Pass {
  const { time, features } = schema;
  const label = schema.label ?? schema.labels![0];
  // A fitted field without values reads any text and remembers none.
  const [column] = columnsOf(features[0]);
  const probe = { label: "y", features: [categorical("x", { column, minCount: 2 })] };
  const { schema: fitted } = readRows([{ y: 1, [column]: "" }], probe, { unknown: "ignore" });
  const read = features.flatMap(columnsOf);
  const columns = [...read, label, ...(time === undefined ? [] : [time])];
  return async (take) => {
    const rejections = new Rejections(options);
    const row = ({ file, line, unit = "line", texts, fault }: WatchedRow): void => {
      if (fault !== undefined) return;
      const wrong = take({
        texts: cellsOf(features, texts),
        label: texts[read.length],
        time: texts[read.length + 1],
      });
      if (wrong) rejections.take(wrong, `"${file}" ${unit} ${line}`, `${file}:${line}`);
    };
    const data = await readDataWatched(source, fitted, { ...options, labeled: false }, { columns, row });
    return { skipped: data.skipped + rejections.skipped, missingLabels: rejections.missingLabels };
  };
}

/** Returns the cells of fields from the texts of their columns. */
function cellsOf(features: readonly Feature[], texts: readonly string[]): FieldCell[] {
  let next = 0;
  return features.map((feature) => {
    const raw = texts.slice(next, next += columnsOf(feature).length);
    return derivationOf(feature) === undefined ? raw[0] : raw;
  });
}
