/**
 * Reading delimited text into a data set.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import { type Layout, locateColumns } from "./csv_layout.ts";
import { type ReadCsvOptions, requireCsvOptions } from "./csv_options.ts";
import type { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { readRecords, type TextRecord } from "./records.ts";
import { Rejections, type RowFault } from "./rejections.ts";
import type { Schema } from "./schema.ts";
import { type LineBlock, nameSource, readLines, type Source } from "./source.ts";
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
  return await readDelimited(source, schema, options, watcher);
}

/** Reads as {@linkcode readCsvWatched} does, with options that are known to be good. */
export async function readDelimited(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadCsvOptions,
  watcher?: RowWatcher,
): Promise<Dataset> {
  const sources = isList(source) ? source : [source];
  if (sources.length === 0) throw new RangeError("Cannot read data: there must be a file, received none");
  const reading = new Reading(schema, options, watcher);
  for (const one of sources) {
    if (!await reading.readSource(one)) break;
  }
  return reading.finish(sources);
}

const DELIMITERS = [",", "\t", ";", "|"];

/** Rows under way from files to a data set. */
class Reading {
  readonly #schema: Schema | FittedSchema;
  readonly #options: ReadCsvOptions;
  readonly #watcher: RowWatcher | undefined;
  readonly #trim: boolean;
  readonly #rejections: Rejections;
  #builder: DatasetBuilder | undefined;

  constructor(schema: Schema | FittedSchema, options: ReadCsvOptions, watcher: RowWatcher | undefined) {
    this.#schema = schema;
    this.#options = options;
    this.#watcher = watcher;
    this.#trim = options.trim ?? (schema instanceof FittedSchema && schema.trim);
    this.#rejections = new Rejections(options);
  }

  /** Reads a file; returns whether more rows are wanted. */
  async readSource(source: Source): Promise<boolean> {
    const name = nameSource(source);
    const { header = true, limit = Infinity } = this.#options;
    let layout: Layout | undefined;
    for await (const records of this.#cutRecords(source)) {
      for (const record of records) {
        if (layout === undefined) {
          layout = this.#locate(name, record);
          this.#builder ??= this.#createBuilder(layout);
          if (header === true) continue;
        }
        if (this.#builder!.rows >= limit) return false;
        this.#take(name, record, layout);
      }
    }
    if (layout === undefined) {
      throw new SyntaxError(`Cannot read "${name}": expected a line of columns, received no text`);
    }
    return true;
  }

  /** Returns the rows read as a data set. */
  finish(sources: readonly Source[]): Dataset {
    const builder = this.#builder!;
    if (!(this.#schema instanceof FittedSchema) && builder.rows === 0) {
      const names = sources.map((source) => `"${nameSource(source)}"`).join(", ");
      throw new RangeError(
        `Cannot read ${names}: there must be a row to fit to, received none${this.#rejections.excuse}`,
      );
    }
    return builder.finish(this.#rejections);
  }

  /** Reads the records of a source; the first line that is not blank decides on the delimiter. */
  #cutRecords(source: Source): AsyncGenerator<TextRecord[]> {
    const { delimiter = "", quotes = true, encoding = "utf-8" } = this.#options;
    const format = { delimiter, quotes, trim: this.#trim };
    const lines = readLines(source, encoding);
    async function* watched(): AsyncGenerator<LineBlock> {
      for await (const block of lines) {
        const first = format.delimiter === "" ? block.lines.find((line) => line !== "") : undefined;
        if (first !== undefined) format.delimiter = guessDelimiter(nameSource(source), first);
        yield block;
      }
    }
    return readRecords(watched(), format);
  }

  #locate(name: string, first: TextRecord): Layout {
    const { header = true, labeled = true } = this.#options;
    const columns = nameColumns(name, first, header);
    const bare = this.#trim ? columns.map((column) => column.trim()) : columns;
    return locateColumns(name, bare, { schema: this.#schema, labeled, watched: this.#watcher?.columns ?? [] });
  }

  #createBuilder(layout: Layout): DatasetBuilder {
    const { labeled = true, missing } = this.#options;
    return new DatasetBuilder(this.#schema, { labeled, missing, trim: this.#trim, timed: layout.time >= 0 });
  }

  /** Stores a row, or refuses it, or leaves it out and counts it. */
  #take(name: string, record: TextRecord, layout: Layout): void {
    const fault = record.wrong === undefined ? this.#add(layout, record.cells!) : { reason: record.wrong };
    if (fault) this.#rejections.take(fault, `"${name}" line ${record.line}`, `${name}:${record.line}`);
    if (!this.#watcher) return;
    // Where the number of cells is wrong, it is not known which of them is which.
    const cells = record.cells?.length === layout.width ? record.cells : undefined;
    const texts = layout.watched.map((column) => cells?.[column] ?? "");
    if (this.#trim) texts.forEach((text, index) => texts[index] = text.trim());
    this.#watcher.row({ file: name, line: record.line, texts, fault: fault?.reason });
  }

  #add(layout: Layout, cells: readonly string[]): RowFault | undefined {
    if (cells.length !== layout.width) return { reason: `expected ${layout.width} fields, received ${cells.length}` };
    return this.#builder!.add({
      texts: layout.fields.map((column) => cells[column]),
      labels: layout.labels.map((column) => cells[column]),
      time: cells[layout.time],
    });
  }
}

function guessDelimiter(name: string, line: string): string {
  if (/\.(tsv|tab)(\.gz)?$/i.test(name)) return "\t";
  const bare = line.replace(/"[^"]*"?/g, "");
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

function nameColumns(name: string, record: TextRecord, header: boolean | readonly string[]): readonly string[] {
  if (isList(header)) return header;
  if (record.wrong !== undefined) throw new SyntaxError(`Cannot read "${name}" line ${record.line}: ${record.wrong}`);
  return header ? record.cells! : record.cells!.map((_, index) => String(index));
}

function isList<T>(value: T | readonly T[] | boolean): value is readonly T[] {
  return Array.isArray(value);
}
