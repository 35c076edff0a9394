/**
 * Reading delimited text into a data set.
 *
 * @module
 */
import { type ReadCsvOptions, requireCsvOptions } from "./csv_options.ts";
import { Cutters } from "./cutting/cutters.ts";
import type { Dataset } from "./dataset.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { openText } from "./delimited_text.ts";
import type { TextRecord } from "./records.ts";
import type { Schema } from "./schema.ts";
import { nameSource, type Source } from "./source.ts";
import type { Table } from "./table.ts";
import { readTables, trims } from "./table_reading.ts";
import type { RowWatcher } from "./watcher.ts";

export type { ReadCsvOptions } from "./csv_options.ts";
export type { NamedStream, Source } from "./source.ts";

/**
 * Reads CSV, TSV and the like, plain or gzip, into a data set. A declared schema is fitted to these rows; a fitted one
 * is used as it is, so that equal values get equal rows. Files are read in the order given, as one data set.
 *
 * A malformed row has another number of fields than the first line, quotes that RFC 4180 does not allow, a label that
 * is neither of two, or a number or time that is none. It counts as the line that it starts on, quoted line breaks and
 * blank lines counted too. A quote still open after 1 MiB, or at the end of the file, makes its line malformed; with
 * `onBadRow: "skip"` reading goes on with the very next line.
 *
 * @throws {SyntaxError} when a row is malformed or has no label, or the text is not what the encoding says
 * @throws {RangeError} when a column is not in the file, there is no row to fit to, or labels are of more than two texts
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
  return await readCsvWatched(source, schema, options);
}

/** Reads as {@linkcode readCsv} does, and tells a watcher of each row. */
export async function readCsvWatched(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadCsvOptions,
  watcher?: RowWatcher,
): Promise<Dataset> {
  requireCsvOptions(schema, options);
  using cutters = new Cutters();
  const open = (one: Source) => openDelimited(one, { ...options, trim: trims(schema, options) }, cutters);
  return await readTables(source, open, { schema, options, watcher });
}

/**
 * Opens delimited text as a table.
 *
 * @param cutters those of the reading that the file is part of
 * @throws {SyntaxError} when there is no text, or its first line does not name the columns
 */
export async function openDelimited(source: Source, options: ReadCsvOptions, cutters: Cutters): Promise<Table> {
  const name = nameSource(source);
  const { header = true } = options;
  const text = openText(source, options);
  const first = await text.open();
  if (first === undefined) {
    throw new SyntaxError(`Cannot read "${name}": expected a line of columns, received no text`);
  }
  const columns = nameColumns(name, first, header).map((column) => ({ name: column }));
  return {
    name,
    unit: "line",
    columns,
    records: () => text.records(header === true),
    ...(text.blocks && {
      blocks: (wanted, numbers) => text.blocks!(header === true, { width: columns.length, wanted, numbers }, cutters),
    }),
    [Symbol.asyncDispose]: () => text.close(),
  };
}

function nameColumns(name: string, record: TextRecord, header: boolean | readonly string[]): readonly string[] {
  if (isList(header)) return header;
  if (record.wrong !== undefined) throw new SyntaxError(`Cannot read "${name}" line ${record.line}: ${record.wrong}`);
  return header ? record.cells! : record.cells!.map((_, index) => String(index));
}

function isList<T>(value: T | readonly T[] | boolean): value is readonly T[] {
  return Array.isArray(value);
}
