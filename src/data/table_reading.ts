/**
 * Collecting the rows of tables into a data set.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import { locateColumns } from "./csv_layout.ts";
import type { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { type RejectionOptions, Rejections, type RowFault } from "./rejections.ts";
import type { Schema } from "./schema.ts";
import type { SequenceCell } from "./sequence_column.ts";
import { nameSource, type Source } from "./source.ts";
import { listSources, partitionsOf } from "./source_list.ts";
import type { Table, TableRecord } from "./table.ts";
import { CellReader } from "./table_cells.ts";
import type { RowWatcher } from "./watcher.ts";

/** Options of reading tables, whatever the form of their files. */
export interface ReadColumnsOptions extends RejectionOptions {
  /** Whether blanks around fields and names of columns are removed. @default {as in a fitted schema, else false} */
  trim?: boolean;
  /** Texts that stand for a missing value. A fitted schema brings those of its training data. @default {[""]} */
  missing?: readonly string[];
  /** Whether to read the label column. Only a fitted schema can do without. @default {true} */
  labeled?: boolean;
  /** Most rows to read, over all files. @default {all} */
  limit?: number;
}

/** What rows are read for, and who follows them. */
export interface TableRequest {
  /** Declared or fitted. */
  readonly schema: Schema | FittedSchema;
  /** How rows are read. */
  readonly options: ReadColumnsOptions;
  /** Told of each row. */
  readonly watcher?: RowWatcher;
}

/**
 * Reads tables as one data set.
 *
 * @param source files, folders and patterns
 * @param open opens a file as a table
 */
export async function readTables(
  source: Source | readonly Source[],
  open: (source: Source) => Promise<Table>,
  request: TableRequest,
): Promise<Dataset> {
  const sources = await listSources(source);
  const reading = new TableReading(request);
  for (const one of sources) {
    await using table = await open(one);
    if (!await reading.read(withPartitions(table, one))) break;
  }
  return reading.finish(sources.map(nameSource));
}

/** Returns whether blanks are removed. */
export function trims(schema: Schema | FittedSchema, { trim }: ReadColumnsOptions): boolean {
  return trim ?? schema.trim ?? false;
}

/** Rows under way from tables to a data set. */
export class TableReading {
  readonly #request: TableRequest;
  readonly #trim: boolean;
  readonly #rejections: Rejections;
  #builder: DatasetBuilder | undefined;

  constructor(request: TableRequest) {
    this.#request = request;
    this.#trim = trims(request.schema, request.options);
    this.#rejections = new Rejections(request.options);
  }

  /** Reads a table; returns whether more rows are wanted. */
  async read(table: Table): Promise<boolean> {
    const { schema, options: { labeled = true, limit = Infinity }, watcher } = this.#request;
    const columns = table.columns.map(({ name }) => this.#trim ? name.trim() : name);
    const layout = locateColumns(table.name, columns, { schema, labeled, watched: watcher?.columns ?? [] });
    const cells = new CellReader(table, layout, schema);
    this.#builder ??= this.#createBuilder(layout.time >= 0);
    for await (const records of table.records(cells.wanted)) {
      for (const record of records) {
        if (this.#builder.rows >= limit) return false;
        this.#take(table, record, cells);
      }
    }
    return true;
  }

  /** Returns the rows read as a data set. */
  finish(names: readonly string[]): Dataset {
    const builder = this.#builder!;
    if (!(this.#request.schema instanceof FittedSchema) && builder.rows === 0) {
      const quoted = names.map((name) => `"${name}"`).join(", ");
      throw new RangeError(
        `Cannot read ${quoted}: there must be a row to fit to, received none${this.#rejections.excuse}`,
      );
    }
    return builder.finish(this.#rejections);
  }

  #createBuilder(timed: boolean): DatasetBuilder {
    const { schema, options: { labeled = true, missing } } = this.#request;
    return new DatasetBuilder(schema, { labeled, missing, trim: this.#trim, timed });
  }

  /** Stores a row, or refuses it, or leaves it out and counts it. */
  #take({ name, unit }: Table, record: TableRecord, reader: CellReader): void {
    const { cells, line } = record;
    const fault = record.wrong === undefined ? this.#add(cells!, reader) : { reason: record.wrong };
    if (fault) {
      const short = unit === "line" ? `${name}:${line}` : `${name} row ${line}`;
      this.#rejections.take(fault, `"${name}" ${unit} ${line}`, short);
    }
    const { watcher } = this.#request;
    if (!watcher) return;
    const texts = reader.watched(cells);
    if (this.#trim) texts.forEach((text, index) => texts[index] = text.trim());
    watcher.row({ file: name, line, unit, texts, fault: fault?.reason });
  }

  #add(cells: readonly SequenceCell[], reader: CellReader): RowFault | undefined {
    const read = reader.read(cells);
    return "reason" in read ? read : this.#builder!.add(read);
  }
}

/** Returns a table that has, behind its own columns, those that the names of its folders hold. */
function withPartitions(table: Table, source: Source): Table {
  const partitions = partitionsOf(source);
  if (partitions.length === 0) return table;
  const texts = partitions.map(({ text }) => text);
  const width = table.columns.length;
  return {
    name: table.name,
    unit: table.unit,
    columns: [...table.columns, ...partitions.map(({ name }) => ({ name }))],
    async *records(wanted) {
      const own = new Set([...wanted].filter((position) => position < width));
      for await (const records of table.records(own)) {
        for (const record of records) {
          const { cells } = record;
          if (cells?.length === width) cells.push(...texts);
          // With the texts behind it, such a row could have as many cells as the table has columns.
          else if (cells) record.wrong = `expected ${width} fields, received ${cells.length}`;
        }
        yield records;
      }
    },
    // The table that was opened is closed by who opened it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
