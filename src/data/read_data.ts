/**
 * Reading data whatever the form of the files.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import { throughCache } from "./cache.ts";
import { openDelimited } from "./csv.ts";
import { type ReadCsvOptions, requireCsvOptions } from "./csv_options.ts";
import { Cutters } from "./cutting/cutters.ts";
import type { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { formatValue } from "./format.ts";
import { isJsonLines, readObjectParts, requireJsonOptions } from "./json_lines.ts";
import { limitMemory } from "./large_arrays.ts";
import { readLibsvmParts } from "./libsvm.ts";
import { openParquet, TEXT_OPTIONS } from "./parquet.ts";
import { ParquetThreads } from "./parquet/threads.ts";
import { onlyPart } from "./part_cut.ts";
import { isRow, type Row } from "./row_cells.ts";
import { readRows } from "./rows.ts";
import type { Schema } from "./schema.ts";
import { nameSource, type Source } from "./source.ts";
import { listSources } from "./source_list.ts";
import { readTableParts, type TableRequest, trims } from "./table_reading.ts";
import type { RowWatcher } from "./watcher.ts";

/** A form of data files: delimited text, an object a line, tokens of libsvm, Parquet. */
export type DataFileFormat = "csv" | "jsonl" | "libsvm" | "parquet";

/** All forms of data files. */
export const DATA_FORMATS: readonly DataFileFormat[] = ["csv", "jsonl", "libsvm", "parquet"];

/** Options of {@linkcode readData}: those of the files' form. */
export interface ReadDataOptions extends ReadCsvOptions {
  /** Form of the files. @default {by the end of each name: parquet, jsonl, ndjson, libsvm, libfm, libffm, svm, else csv} */
  format?: DataFileFormat;
  /**
   * Folder to keep the encoded rows in: the same files are encoded once. Rows are encoded afresh when a file, the schema,
   * an option or the division of the rows has changed, or the file in the folder is damaged.
   *
   * @default {none}
   */
  cache?: string;
  /**
   * Bytes of memory that the process is to have at most, from here on: large arrays of data sets are then made in files
   * without names, of the system's folder for temporary files, or in `cache` where it is given.
   *
   * @default {no limit}
   */
  memory?: number;
  /** Told now and then how many rows of delimited text and Parquet are read. */
  onRows?: (rows: number) => void;
  /** Told in a sentence whether the rows are encoded or come from the cache, and why. */
  onCache?: (message: string) => void;
}

/**
 * Reads data into a data set, as `readCsv`, `readJsonLines`, `readLibsvm`, `readParquet` and `readRows` do, by the names
 * of the files or as told. Delimited text and Parquet can be read together; other forms stand alone.
 *
 * A folder stands for the files in it and below, a path such as `logs/*.csv.gz` for those of such names, both in the
 * order of their paths. A folder named `dt=2026-11-27` gives its files a column `dt`. Names that begin with `_` or `.`
 * are left out.
 *
 * @param source files, folders and patterns, or rows in memory
 * @param schema declared, to be fitted to these rows, or fitted; rows of libsvm need a fitted one
 * @throws {TypeError} when rows in memory or a stream are to be cached
 * @throws {RangeError} when no file has such a name, or the files are of forms that cannot be read together
 * @throws {Error} as the readers of the forms do
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical } from "./schema.ts";
 *
 * const files = [new File(["y,user\n1,a\n"], "dt=1/part-0.csv"), new File(["y,user\n0,b\n"], "dt=2/part-0.csv")];
 * const data = await readData(files, { label: "y", time: "dt", features: [categorical("user")] });
 * assert.deepEqual([data.rows, [...data.times!]], [2, [1, 2]]);
 * ```
 */
export async function readData(
  source: Source | readonly Source[] | readonly Row[],
  schema: Schema | FittedSchema,
  options: ReadDataOptions = {},
): Promise<Dataset> {
  const [data] = await readCached(source, schema, options, async (reading) => [
    await readDataWatched(source, schema, reading),
  ]);
  return data;
}

/**
 * Encodes rows, or takes them from the folder of the options where they name one.
 *
 * @param encode reads and divides the rows by the options it is given
 * @param divided how rows are divided; part of what decides whether the folder has them
 */
export async function readCached(
  source: Source | readonly Source[] | readonly Row[],
  schema: Schema | FittedSchema,
  { cache: folder, onCache: say, memory, ...options }: ReadDataOptions,
  encode: (options: ReadDataOptions) => Promise<Dataset[]>,
  divided?: Json,
): Promise<Dataset[]> {
  if (memory !== undefined) await limitMemory(memory, folder);
  if (folder === undefined) return await encode(options);
  if (isRows(source)) throw new TypeError("Cannot cache rows: they must come from files, received rows in memory");
  const { onRows: _, ...how } = options;
  const reading = { ...how, divided } as { readonly [key: string]: Json | undefined };
  return await throughCache({ folder, say, source, schema, reading }, () => encode(options));
}

/** Reads as {@linkcode readData} does, and tells a watcher of each row. */
export async function readDataWatched(
  source: Source | readonly Source[] | readonly Row[],
  schema: Schema | FittedSchema,
  { format, onRows, ...options }: ReadDataOptions,
  watcher?: RowWatcher,
): Promise<Dataset> {
  if (isRows(source)) return readRows(source, schema, { labeled: true, unknown: "ignore", ...options });
  return await onlyPart(readWatchedParts(source, schema, { format, onRows, ...options }, watcher));
}

/** Reads files as {@linkcode readDataWatched} does, in parts of at most so many rows. */
export async function* readWatchedParts(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  { format, onRows, ...options }: ReadDataOptions,
  watcher?: RowWatcher,
  partRows = Infinity,
): AsyncGenerator<Dataset> {
  const sources = await listSources(source);
  const form = formOf(sources, format);
  if (form === "libsvm") {
    yield* readLibsvmParts(sources, { schema: requireFitted(schema), ...options }, watcher, partRows);
    return;
  }
  requireFormOptions(form, schema, options);
  yield* readFormParts(form, sources, { schema, options, watcher, onRows }, partRows);
}

/** Forms of files with named columns; `"table"` is delimited text and Parquet together. */
export type ColumnFormat = Exclude<DataFileFormat, "libsvm"> | "table";

/**
 * Checks options against the form of files and the schema.
 *
 * @throws {TypeError} when an option is unknown or does not go with the form or the schema
 * @throws {RangeError} when a value is out of its range
 */
export function requireFormOptions(form: ColumnFormat, schema: Schema | FittedSchema, options: ReadCsvOptions): void {
  if (form === "jsonl") requireJsonOptions(schema, options);
  else requireCsvOptions(schema, options, form === "parquet" ? TEXT_OPTIONS : []);
}

/** Reads files of a form with options that are known to be good. */
export async function readForm(
  form: ColumnFormat,
  sources: readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadCsvOptions,
): Promise<Dataset> {
  return await onlyPart(readFormParts(form, sources, { schema, options }, Infinity));
}

async function* readFormParts(
  form: ColumnFormat,
  sources: readonly Source[],
  request: TableRequest & { readonly options: ReadCsvOptions },
  partRows: number,
): AsyncGenerator<Dataset> {
  const { schema, options, watcher } = request;
  if (form === "jsonl") {
    yield* readObjectParts(sources, schema, options, watcher, partRows);
    return;
  }
  const text = { ...options, trim: trims(schema, options) };
  using threads = new ParquetThreads();
  using cutters = new Cutters();
  const open = (one: Source) =>
    (form === "table" ? formOfName(one) : form) === "parquet"
      ? openParquet(one, threads)
      : openDelimited(one, text, cutters);
  yield* readTableParts(sources, open, request, partRows);
}

/**
 * Returns the form of files, by their names where none is given; `"table"` for delimited text and Parquet together.
 *
 * @throws {RangeError} when there is no such form, or forms cannot be read together
 */
export function formOf(sources: readonly Source[], format?: DataFileFormat): ColumnFormat | "libsvm" {
  if (format !== undefined) {
    if (DATA_FORMATS.includes(format)) return format;
    throw new RangeError(
      `Cannot read data: format must be one of ${DATA_FORMATS.join(", ")}, received ${formatValue(format)}`,
    );
  }
  const [first = "csv", ...others] = new Set(sources.map(formOfName));
  if (others.length === 0) return first;
  if ([first, ...others].every((form) => form === "csv" || form === "parquet")) return "table";
  const other = sources.find((source) => formOfName(source) !== first)!;
  throw new RangeError(
    `Cannot read data: files must be of one form, received ${first} "${nameSource(sources[0])}" and ` +
      `${formOfName(other)} "${nameSource(other)}"; tell the format, or read them one after the other`,
  );
}

/** Tells whether a source is rows in memory. */
export function isRows(source: Source | readonly Source[] | readonly Row[]): source is readonly Row[] {
  const first: unknown = Array.isArray(source) ? source[0] : undefined;
  return isRow(first) && !(first instanceof URL) && typeof (first as { stream?: unknown }).stream !== "function";
}

function formOfName(source: Source): DataFileFormat {
  const [name] = nameSource(source).split("?");
  if (/\.(libsvm|libfm|libffm|svm)(\.gz)?$/i.test(name)) return "libsvm";
  if (/\.(parquet|parq|pq)$/i.test(name)) return "parquet";
  return isJsonLines(source) ? "jsonl" : "csv";
}

function requireFitted(schema: Schema | FittedSchema): FittedSchema {
  if (schema instanceof FittedSchema) return schema;
  throw new TypeError(
    "Cannot read data: libsvm files have a schema of their own, received a declared one; use readLibsvm",
  );
}
