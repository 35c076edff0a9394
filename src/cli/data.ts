/**
 * Reading the data files of a command.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import { throughCache } from "../data/cache.ts";
import { warningOfOneClass } from "../data/classes.ts";
import type { ReadCsvOptions } from "../data/csv.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { limitMemory } from "../data/large_arrays.ts";
import type { ReadLibsvmOptions } from "../data/libsvm.ts";
import { type ColumnFormat, DATA_FORMATS, type ReadDataOptions } from "../data/read_data.ts";
import type { Schema } from "../data/schema.ts";
import type { ReadSqlOptions } from "../data/sql.ts";
import type { RowWatcher } from "../data/watcher.ts";
import { formOfFiles, QUERY, readFiles, toSource } from "./data_files.ts";
import type { OptionGroups, Options } from "./options.ts";
import { ReadingProgress } from "./reading_progress.ts";
import { progressStream, type Streams } from "./streams.ts";
import { formatCount } from "./table.ts";

/** Options that say how data files are read. */
export const DATA_OPTIONS = {
  data: {
    value: "FILE",
    help: "file to read, plain or gzip, or its http address; a folder of files; a pattern in quotes,\n" +
      "such as 'logs/*.csv.gz'; - for stdin, with --format; may be repeated",
  },
  format: {
    value: "KIND",
    help: "csv for all delimited text, jsonl for an object a line, libsvm, or parquet (default by\n" +
      "name: jsonl for .jsonl and .ndjson, libsvm for .libsvm, .libfm, .libffm and .svm,\n" +
      "parquet for .parquet, .parq and .pq, else csv)",
  },
  sql: {
    value: "QUERY",
    help: "query whose rows are read in place of --data, by DuckDB, such as\n" +
      "\"select * from 'logs/*.parquet'\"; its package of some 70 MB is fetched at the first use",
  },
  database: { value: "FILE", help: "DuckDB database with the tables of --sql" },
  delimiter: { value: "TEXT", help: "text between fields, or tab (default: a character, by the first line)" },
  quote: { value: "KIND", help: 'double (default): " encloses fields; none: it is a character like others' },
  trim: { help: "remove blanks around fields and names of columns (default: as in training)" },
  encoding: { value: "NAME", help: "encoding of the text, such as latin1 or utf-16le (default utf-8)" },
  header: {
    value: "NAMES",
    help:
      "names of the columns where the first line is data;\nnone names them 0, 1, 2, ...; for libsvm, names of the fields",
  },
  limit: { value: "N", help: "read N rows at most" },
} as const satisfies OptionGroups[string];

/** Options that say what becomes of rows that cannot be used. */
export const BAD_ROW_OPTION = {
  "on-bad-row": {
    value: "WHAT",
    help:
      "error (default) refuses a file with a malformed row, naming file and line;\nskip leaves the row out and counts it",
  },
  "on-missing-label": {
    value: "WHAT",
    help: "the same about a row whose label is missing (default: as --on-bad-row)",
  },
} as const satisfies OptionGroups[string];

/** Option that says which texts are missing values. */
export const MISSING_OPTION = {
  missing: {
    value: "TEXTS",
    help:
      "texts beside the empty one that stand for a missing value,\nwith commas between them, exactly as in the file",
  },
} as const satisfies OptionGroups[string];

type DataOption = keyof typeof DATA_OPTIONS;

/** Options that files of a form do not have. */
const FOREIGN_OPTIONS: Readonly<Record<ColumnFormat | "libsvm", readonly DataOption[]>> = {
  csv: [],
  table: [],
  jsonl: ["delimiter", "quote", "header"],
  libsvm: ["delimiter", "quote", "trim", "encoding"],
  parquet: ["delimiter", "quote", "header", "encoding"],
};

/** How data files are read. */
export type DataFormat = ReadDataOptions & Pick<ReadLibsvmOptions, "threshold"> & Pick<ReadSqlOptions, "database">;

/** Returns what is to be read: the names of files, or a query in their place. */
export function requireFiles(options: Options<DataOption>): readonly string[] {
  const files = filesOf(options);
  return files.length > 0 ? files : options.refuse('option "--data" is missing');
}

/** Returns what {@linkcode requireFiles} returns, or nothing where nothing is to be read. */
export function filesOf(options: Options<DataOption>): readonly string[] {
  options.exclude("sql", ["data", "format"]);
  options.require("sql", ["database"]);
  const sql = options.text("sql");
  return sql === undefined ? options.texts("data") : [`${QUERY}${sql}`];
}

/** Reads how files are to be read from the options that all commands with data have. */
export async function readDataFormat(options: Options<DataOption>): Promise<DataFormat> {
  const delimiter = options.text("delimiter");
  const header = options.text("header");
  const format = options.choice("format", DATA_FORMATS);
  const form = await formOfFiles(filesOf(options), { format });
  const foreign = FOREIGN_OPTIONS[form].find((name) => options.has(name));
  if (foreign) options.refuse(`option "--${foreign}" is not for ${form} files`);
  return {
    format,
    ...(delimiter !== undefined && { delimiter: parseDelimiter(options, delimiter) }),
    ...(options.choice("quote", ["double", "none"]) === "none" && { quotes: false }),
    ...(options.has("trim") && { trim: true }),
    ...(options.has("encoding") && { encoding: parseEncoding(options, options.required("encoding")) }),
    ...(header !== undefined && { header: header === "none" ? false : options.exact("header") }),
    ...(options.has("database") && { database: options.text("database") }),
    ...(options.has("limit") && { limit: options.integer("limit", 1) }),
  };
}

/** Reads what becomes of rows that cannot be used. */
export function readRejections(
  options: Options<keyof typeof BAD_ROW_OPTION>,
): Pick<ReadCsvOptions, "onBadRow" | "onMissingLabel"> {
  return {
    onBadRow: options.choice("on-bad-row", ["error", "skip"]),
    onMissingLabel: options.choice("on-missing-label", ["error", "skip"]),
  };
}

/**
 * Reads data files as one data set and reports rows that were left out.
 *
 * @param schema declared or fitted; absent for libsvm files that the schema is to be fitted to
 * @param watcher told of each row; such rows are never taken from a cache
 */
export async function readData(
  files: readonly string[],
  schema: Schema | FittedSchema | undefined,
  options: DataFormat,
  streams: Streams,
  watcher?: RowWatcher,
): Promise<Dataset> {
  if (!watcher) return (await readDivided(files, schema, options, streams))[0];
  const data = await readFiles(files, schema, options, watcher);
  reportLeftOut(data, "Left out", streams);
  requireRow(files, data);
  return data;
}

function requireRow(files: readonly string[], { rows }: Dataset): void {
  if (rows > 0) return;
  const names = files.map((file) => file.replace(QUERY, "")).join('", "');
  throw new RangeError(`Cannot use "${names}": there must be a row, received none`);
}

/** How rows are divided once they are read. */
export interface Division {
  /** All that decides on it. */
  readonly by: Json;
  /** Divides the rows; the first part says how many of the whole were left out. */
  divide(whole: Dataset): Dataset[];
}

/** Reads data files as {@linkcode readData} does and divides the rows, or takes the parts from the cache. */
export async function readDivided(
  files: readonly string[],
  schema: Schema | FittedSchema | undefined,
  { cache: folder, onCache: _onCache, onRows: _onRows, memory, ...options }: DataFormat,
  streams: Streams,
  division?: Division,
): Promise<Dataset[]> {
  if (memory !== undefined) await limitMemory(memory, folder);
  const encode = async (): Promise<Dataset[]> => {
    using progress = new ReadingProgress(progressStream);
    const onRows = (rows: number): void => progress.update(rows);
    const whole = await readFiles(files, schema, { ...options, onRows }, undefined);
    requireRow(files, whole);
    const parts = division?.divide(whole) ?? [whole];
    progress[Symbol.dispose]();
    const end = progress.describeEnd(whole.rows);
    if (end !== undefined) streams.err(end);
    return parts;
  };
  const reading = { ...options, divided: division?.by } as { readonly [key: string]: Json | undefined };
  const say = (message: string): void => streams.err(message);
  const parts = folder === undefined
    ? await encode()
    : await throughCache({ folder, say, source: files.map(toSource), schema, reading }, encode);
  reportLeftOut(parts[0], "Left out", streams);
  return parts;
}

/** Says how many rows were left out, and why the first ones were. */
export function reportLeftOut(
  data: Pick<Dataset, "missingLabels" | "skipped" | "skippedReasons">,
  what: string,
  streams: Streams,
): void {
  if (data.missingLabels > 0) streams.err(`Left out ${formatCount(data.missingLabels, "row")} whose label is missing`);
  if (data.skipped === 0) return;
  streams.err(`${what} ${formatCount(data.skipped, "malformed row")}:`);
  for (const reason of data.skippedReasons) streams.err(`  ${reason}`);
  const more = data.skipped - data.skippedReasons.length;
  if (more > 0) streams.err(`  and ${formatCount(more)} more`);
}

/** Says in a line what a data set holds. */
export function describeData(name: string, data: Dataset): string {
  const { tasks } = data.schema;
  const rows = `${name}: ${formatCount(data.rows, "row")}`;
  if (data.labeled && data.lifetimes) {
    const ended = data.lifetimes.events.reduce((sum, event) => sum + event, 0);
    return `${rows}, ${formatCount(ended)} ended, ${formatCount(data.rows - ended)} censored`;
  }
  if (data.labeled && data.schema.real) {
    const mean = data.labelsOf(0).reduce((sum, label) => sum + label, 0) / data.rows;
    return `${rows}, mean label ${mean.toFixed(4)}`;
  }
  const shares = tasks.map((task, t) => {
    const { known, positives } = data.classesOf(t);
    const share = `${((100 * positives) / known).toFixed(2)} % positive`;
    if (tasks.length === 1) return share;
    return known === 0 ? `${task} unknown` : `${task} ${share}${known < data.rows ? ` of ${formatCount(known)}` : ""}`;
  });
  return `${rows}${data.labeled ? `, ${shares.join(", ")}` : ""}`;
}

/** Warns of a part on which AUC and calibration cannot be measured, because all its labels are the same. */
export function warnOfOneClass(name: string, data: Dataset, streams: Streams): void {
  const warning = warningOfOneClass(name, data);
  if (warning) streams.err(`warning: ${warning}`);
}

function parseDelimiter(options: Options<DataOption>, text: string): string {
  const delimiter = text === "tab" || text === "\\t" ? "\t" : text;
  if (/^[^"\r\n]+$/.test(delimiter)) return delimiter;
  return options.refuse(`option "--delimiter" must be a text without quotes and line ends, received "${text}"`);
}

function parseEncoding(options: Options<DataOption>, text: string): string {
  try {
    return new TextDecoder(text).encoding;
  } catch {
    return options.refuse(`option "--encoding" must be a name such as latin1 or utf-16le, received "${text}"`);
  }
}
