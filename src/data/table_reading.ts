/**
 * Collecting the rows of tables into a data set.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import { type CellBlock, sliceBlock } from "./cell_blocks.ts";
import { locateColumns } from "./csv_layout.ts";
import type { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import type { RejectionOptions, RowFault } from "./rejections.ts";
import type { Schema } from "./schema.ts";
import type { SequenceCell } from "./sequence_column.ts";
import { onlyPart, PartCut } from "./part_cut.ts";
import { nameSource, type Source } from "./source.ts";
import { withPartitions } from "./partitioned_table.ts";
import { listSources } from "./source_list.ts";
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
  /** Told now and then how many rows are stored. */
  readonly onRows?: (rows: number) => void;
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
  return await onlyPart(readTableParts(source, open, request));
}

/** Reads tables as {@linkcode readTables} does, in parts of at most so many rows; only a fitted schema can do that. */
export async function* readTableParts(
  source: Source | readonly Source[],
  open: (source: Source) => Promise<Table>,
  request: TableRequest,
  partRows = Infinity,
): AsyncGenerator<Dataset> {
  const sources = await listSources(source);
  const reading = new TableReading(request, partRows);
  const begin = async (one: Source): Promise<BegunTable> => {
    const table = await open(one);
    return reading.begin(table, withPartitions(table, one));
  };
  let next: Promise<BegunTable> | undefined;
  try {
    for (const [index, one] of sources.entries()) {
      await using begun = await (next ?? begin(one));
      const following = sources.at(index + 1);
      const isEarly = following !== undefined && begun.inBlocks && begun.table.allowsNext;
      next = isEarly ? begin(following).then(startReading) : undefined;
      // What is wrong with it is said when it comes.
      next?.catch(() => {});
      yield* reading.read(begun);
      if (reading.isFull) break;
    }
  } finally {
    await (await next?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
  yield* reading.finish(sources.map(nameSource));
}

/** A table that is open, and its rows. */
interface BegunTable extends AsyncDisposable {
  readonly table: Table;
  readonly cells: CellReader;
  /** Whether rows come in blocks of columns. */
  readonly inBlocks: boolean;
  readonly parts: AsyncIterator<TableRecord[] | CellBlock>;
  /** The first of them, where it was asked for already. */
  readonly first?: Promise<IteratorResult<TableRecord[] | CellBlock>>;
}

/** Asks for the first rows, where other threads make them. */
function startReading(begun: BegunTable): BegunTable {
  if (!begun.inBlocks) return begun;
  const first = begun.parts.next();
  first.catch(() => {});
  return { ...begun, first };
}

/** Returns whether blanks are removed. */
export function trims(schema: Schema | FittedSchema, { trim }: ReadColumnsOptions): boolean {
  return trim ?? schema.trim ?? false;
}

/** Rows under way from tables to a data set. */
export class TableReading {
  readonly #request: TableRequest;
  readonly #trim: boolean;
  readonly #part: PartCut;
  #builder: DatasetBuilder | undefined;

  constructor(request: TableRequest, partRows: number) {
    this.#request = request;
    this.#trim = trims(request.schema, request.options);
    this.#part = new PartCut(request.options, partRows);
  }

  /** Whether no more rows are wanted. */
  get isFull(): boolean {
    const { limit = Infinity } = this.#request.options;
    return this.#part.stored(this.#builder) >= limit;
  }

  /**
   * Begins a table without reading a row of it.
   *
   * @param opened what is closed once the table is read
   */
  async begin(opened: Table, table: Table): Promise<BegunTable> {
    try {
      const { schema, options: { labeled = true }, watcher } = this.#request;
      const columns = table.columns.map(({ name }) => this.#trim ? name.trim() : name);
      const layout = locateColumns(table.name, columns, { schema, labeled, watched: watcher?.columns ?? [] });
      const cells = new CellReader(table, layout, schema);
      this.#builder ??= this.#createBuilder(layout.time >= 0);
      const numbers = cells.numbersOf(this.#builder);
      const blocks = cells.takesBlocks ? table.blocks?.(cells.wanted, numbers) : undefined;
      const parts: AsyncIterable<TableRecord[] | CellBlock> = blocks ?? table.records(cells.wanted);
      const iterator = parts[Symbol.asyncIterator]();
      const close = async () => {
        await iterator.return?.();
        await opened[Symbol.asyncDispose]();
      };
      return { table, cells, inBlocks: blocks !== undefined, parts: iterator, [Symbol.asyncDispose]: close };
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Reads a table until no more rows are wanted; yields the parts that become whole. */
  async *read({ table, cells, parts, first }: BegunTable): AsyncGenerator<Dataset> {
    for (let part = await (first ?? parts.next()); !part.done; part = await parts.next()) {
      if (Array.isArray(part.value)) yield* this.#takeRecords(table, part.value, cells);
      else yield* this.#takeBlock(table, part.value, cells);
      this.#request.onRows?.(this.#part.stored(this.#builder));
      if (this.isFull) return;
    }
  }

  /** Yields the rows read since the last part, where there are any or no part was yielded. */
  *finish(names: readonly string[]): Generator<Dataset> {
    if (this.#part.isIdle) return;
    const builder = this.#builder!;
    if (!(this.#request.schema instanceof FittedSchema) && builder.rows === 0) {
      const quoted = names.map((name) => `"${name}"`).join(", ");
      throw new RangeError(
        `Cannot read ${quoted}: there must be a row to fit to, received none${this.#part.rejections.excuse}`,
      );
    }
    yield this.#part.end(builder);
  }

  /** Takes the rows of a block while they are wanted; yields the parts that become whole. */
  *#takeBlock(table: Table, block: CellBlock, reader: CellReader): Generator<Dataset> {
    const { limit = Infinity } = this.#request.options;
    for (let first = 0; first < block.rows && !this.isFull;) {
      const wanted = Math.min(this.#part.room, limit - this.#part.stored(this.#builder));
      const last = Math.min(block.rows, first + wanted);
      this.#addBlock(table, sliceBlock(block, first, last), reader);
      yield* this.#count(last - first);
      first = last;
    }
  }

  /** Stores the rows of a block, and refuses or leaves out those that cannot be stored. */
  #addBlock(table: Table, block: CellBlock, reader: CellReader): void {
    const lineOf = (row: number) => block.firstLine + block.lines[row];
    const faults = new Map<number, RowFault>();
    this.#builder!.addBlock(reader.readBlock(block), (row, fault) => {
      this.#refuse(table, lineOf(row), fault);
      faults.set(row, fault);
    });
    if (!this.#request.watcher) return;
    for (let row = 0; row < block.rows; row++) {
      this.#watch(table, lineOf(row), reader.watchedAt(block, row), faults.get(row));
    }
  }

  /** Counts rows that were met; yields the part that is whole by them. */
  *#count(rows: number): Generator<Dataset> {
    if (this.#part.count(rows)) yield this.#part.end(this.#builder!);
  }

  #refuse({ name, unit }: Table, line: number, fault: RowFault): void {
    const short = unit === "line" ? `${name}:${line}` : `${name} row ${line}`;
    this.#part.rejections.take(fault, `"${name}" ${unit} ${line}`, short);
  }

  #createBuilder(timed: boolean): DatasetBuilder {
    const { schema, options: { labeled = true, missing } } = this.#request;
    return new DatasetBuilder(schema, { labeled, missing, trim: this.#trim, timed });
  }

  /** Takes rows one by one while they are wanted; yields the parts that become whole. */
  *#takeRecords(table: Table, records: readonly TableRecord[], reader: CellReader): Generator<Dataset> {
    for (const record of records) {
      if (this.isFull) return;
      this.#take(table, record, reader);
      yield* this.#count(1);
    }
  }

  /** Stores a row, or refuses it, or leaves it out and counts it. */
  #take(table: Table, record: TableRecord, reader: CellReader): void {
    const { cells, line } = record;
    const fault = record.wrong === undefined ? this.#add(cells!, reader) : { reason: record.wrong };
    if (fault) this.#refuse(table, line, fault);
    if (this.#request.watcher) this.#watch(table, line, reader.watched(cells), fault);
  }

  #watch({ name, unit }: Table, line: number, texts: readonly string[], fault: RowFault | undefined): void {
    const bare = this.#trim ? texts.map((text) => text.trim()) : texts;
    this.#request.watcher!.row({ file: name, line, unit, texts: bare, fault: fault?.reason });
  }

  #add(cells: readonly SequenceCell[], reader: CellReader): RowFault | undefined {
    const read = reader.read(cells);
    return "reason" in read ? read : this.#builder!.add(read);
  }
}
