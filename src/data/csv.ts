/**
 * Reading delimited text into a data set.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import type { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { readRecords, type TextRecord } from "./records.ts";
import { parseSchema, type Schema } from "./schema.ts";
import { type LineBlock, nameSource, readLines, type Source } from "./source.ts";

export type { NamedStream, Source } from "./source.ts";

/** Options of {@linkcode readCsv}. */
export interface ReadCsvOptions {
  /** Character between fields. @default {tab for names in .tsv; else comma, tab, semicolon or bar, by the first line} */
  delimiter?: string;
  /** Whether `"` encloses fields; otherwise it is a character like others. @default {true} */
  quotes?: boolean;
  /** Whether the first line names the columns, or their names; with `false` they are `"0"`, `"1"`, ... @default {true} */
  header?: boolean | readonly string[];
  /** What to do about a malformed row: refuse the file, or leave the row out and count it. @default {"error"} */
  onBadRow?: "error" | "skip";
  /** Texts that stand for a missing value. A fitted schema brings those of its training data. @default {[""]} */
  missing?: readonly string[];
  /** Whether to read the label column. Only a fitted schema can do without. @default {true} */
  labelled?: boolean;
  /** Most rows to read, over all files. @default {all} */
  limit?: number;
  /** Label of the text encoding, as `TextDecoder` knows it. @default {"utf-8"} */
  encoding?: string;
}

/**
 * Reads CSV, TSV and the like, plain or gzip, into a data set. A declared schema is fitted to these rows; a fitted one
 * is used as it is, so that equal values get equal rows. Files are read in the order given, as one data set.
 *
 * A malformed row has another number of fields than the first line, quotes that RFC 4180 does not allow, a label or
 * number or time that is none. It counts as the line that it starts on, quoted line breaks and blank lines counted
 * too. A quote still open after 1 MiB, or at the end of the file, makes its line malformed; with `onBadRow: "skip"`
 * reading goes on with the very next line.
 *
 * @throws {SyntaxError} when a row is malformed, or the text is not what the encoding says
 * @throws {RangeError} when a column is not in the file, or there is no row to fit to
 * @throws {TypeError} when an option is unknown or does not go with the schema
 * @throws {Error} when a file cannot be opened
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, numeric } from "./schema.ts";
 *
 * const schema = { label: "click", features: [numeric("price", { scale: "log" }), categorical("user")] };
 * const data = await readCsv(new File(["click,price,user\n1,3,u7\n0,,u8\n"], "train.csv"), schema);
 * assert.deepEqual([data.rows, data.positives, data.schema.rowCount], [2, 1, 5]);
 * ```
 */
export async function readCsv(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadCsvOptions = {},
): Promise<Dataset> {
  requireOptions(schema, options);
  const sources = isList(source) ? source : [source];
  if (sources.length === 0) throw new RangeError("Cannot read data: there must be a file, received none");
  let builder: DatasetBuilder | undefined;
  for (const one of sources) {
    builder = await readSource(one, schema, options, builder);
    if (builder.rows >= (options.limit ?? Infinity)) break;
  }
  if (!(schema instanceof FittedSchema)) requireRow(builder!, sources);
  return builder!.finish();
}

const OPTIONS = ["delimiter", "quotes", "header", "onBadRow", "missing", "labelled", "limit", "encoding"];
const DELIMITERS = [",", "\t", ";", "|"];

/** Adds the rows of one file to a builder, which the first file makes. */
async function readSource(
  source: Source,
  schema: Schema | FittedSchema,
  options: ReadCsvOptions,
  builder: DatasetBuilder | undefined,
): Promise<DatasetBuilder> {
  const name = nameSource(source);
  const { header = true, missing, labelled = true, onBadRow = "error", limit = Infinity } = options;
  let layout: Layout | undefined;
  for await (const records of cutRecords(source, options)) {
    for (const record of records) {
      if (layout === undefined) {
        layout = locateColumns(name, nameColumns(name, record, header), schema, labelled);
        builder ??= new DatasetBuilder(schema, { labelled, missing, timed: layout.time >= 0 });
        if (header === true) continue;
      }
      if (builder!.rows >= limit) return builder!;
      const wrong = record.wrong ?? addRecord(builder!, layout, record.cells!);
      if (wrong === undefined) continue;
      if (onBadRow === "error") throw new SyntaxError(`Cannot read "${name}" line ${record.line}: ${wrong}`);
      builder!.skip(`${name}:${record.line}: ${wrong}`);
    }
  }
  if (layout === undefined) {
    throw new SyntaxError(`Cannot read "${name}": expected a line of columns, received no text`);
  }
  return builder!;
}

/** Reads the records of a source; the first line that is not blank decides on the delimiter. */
function cutRecords(source: Source, options: ReadCsvOptions): AsyncGenerator<TextRecord[]> {
  const format = { delimiter: options.delimiter ?? "", quotes: options.quotes ?? true };
  const lines = readLines(source, options.encoding ?? "utf-8");
  async function* watched(): AsyncGenerator<LineBlock> {
    for await (const block of lines) {
      const first = format.delimiter === "" ? block.lines.find((line) => line !== "") : undefined;
      if (first !== undefined) format.delimiter = guessDelimiter(nameSource(source), first);
      yield block;
    }
  }
  return readRecords(watched(), format);
}

function guessDelimiter(name: string, line: string): string {
  if (/\.(tsv|tab)(\.gz)?$/i.test(name)) return "\t";
  const bare = line.replace(/"[^"]*"?/g, "");
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

/** Where the cells of a row stand; -1 for a column that is not read. */
interface Layout {
  width: number;
  fields: number[];
  label: number;
  time: number;
}

function nameColumns(name: string, record: TextRecord, header: boolean | readonly string[]): readonly string[] {
  if (isList(header)) return header;
  if (record.wrong !== undefined) throw new SyntaxError(`Cannot read "${name}" line ${record.line}: ${record.wrong}`);
  return header ? record.cells! : record.cells!.map((_, index) => String(index));
}

function locateColumns(
  name: string,
  columns: readonly string[],
  schema: Schema | FittedSchema,
  labelled: boolean,
): Layout {
  const listed = columns.map((column) => `"${column}"`).join(", ");
  const locate = (column: string, use: string): number => {
    const index = columns.indexOf(column);
    if (index >= 0 && columns.indexOf(column, index + 1) < 0) return index;
    const trouble = index < 0 ? "no column" : "several columns";
    throw new RangeError(`Cannot read "${name}": ${trouble} "${column}" for ${use}, received columns ${listed}`);
  };
  const { time } = schema;
  // Only fitting needs the time: what is predicted may have none.
  const timed = time !== undefined && (!(schema instanceof FittedSchema) || columns.includes(time));
  return {
    width: columns.length,
    fields: schema.features.map((feature) => locate(feature.column, `feature "${feature.name}"`)),
    label: labelled ? locate(schema.label, "the label") : -1,
    time: timed ? locate(time, "the time") : -1,
  };
}

function addRecord(builder: DatasetBuilder, layout: Layout, cells: readonly string[]): string | undefined {
  if (cells.length !== layout.width) return `expected ${layout.width} fields, received ${cells.length}`;
  return builder.add({
    texts: layout.fields.map((column) => cells[column]),
    label: cells[layout.label],
    time: cells[layout.time],
  });
}

function requireRow(builder: DatasetBuilder, sources: readonly Source[]): void {
  if (builder.rows > 0) return;
  const names = sources.map((source) => `"${nameSource(source)}"`).join(", ");
  const skipped = builder.reasons.length > 0 ? `; skipped ${builder.reasons[0]}` : "";
  throw new RangeError(`Cannot read ${names}: there must be a row to fit to, received none${skipped}`);
}

function requireOptions(schema: Schema | FittedSchema, options: ReadCsvOptions): void {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key)) {
      throw new TypeError(`Cannot read data: options are ${OPTIONS.join(", ")}, received "${key}"`);
    }
  }
  const { delimiter, missing, labelled, limit = Infinity, onBadRow = "error" } = options;
  const fitted = schema instanceof FittedSchema;
  if (!fitted) parseSchema(schema);
  if (delimiter !== undefined && !/^[^"\r\n]+$/.test(delimiter)) {
    throw new RangeError(
      `Cannot read data: delimiter must be a text without quotes and line ends, received "${delimiter}"`,
    );
  }
  if (!(limit > 0)) throw new RangeError(`Cannot read data: limit must be above 0, received ${limit}`);
  if (onBadRow !== "error" && onBadRow !== "skip") {
    throw new RangeError(`Cannot read data: onBadRow must be "error" or "skip", received ${JSON.stringify(onBadRow)}`);
  }
  if (fitted && missing) throw new TypeError("Cannot read data: a fitted schema has its own missing, received another");
  if (!fitted && labelled === false) {
    throw new TypeError("Cannot read data: fitting needs labels, received labelled false");
  }
  if (fitted && schema.fields.some((field) => field.weighted)) {
    throw new TypeError(
      "Cannot read data: fields with a value each are read by readLibsvm, received a schema with them",
    );
  }
}

function isList<T>(value: T | readonly T[] | boolean): value is readonly T[] {
  return Array.isArray(value);
}
