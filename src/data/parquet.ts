/**
 * Reading Parquet into a data set.
 *
 * @module
 */
import { type CellBlock, type ColumnCells, splitCells, textAt } from "./cell_blocks.ts";
import { requireCsvOptions } from "./csv_options.ts";
import type { Dataset } from "./dataset.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { ParquetCells } from "./parquet/cells.ts";
import { type ColumnValues, ParquetFile, type RowGroup } from "./parquet/file.ts";
import { ParquetReading } from "./parquet/reading.ts";
import { ParquetThreads } from "./parquet/threads.ts";
import type { Schema } from "./schema.ts";
import type { SequenceCell } from "./sequence_column.ts";
import type { Source } from "./source.ts";
import type { Table, TableRecord } from "./table.ts";
import { type ReadColumnsOptions, readTables } from "./table_reading.ts";

/**
 * Reads Parquet files, row group by row group and only the columns of the schema, into a data set. A declared schema is
 * fitted to these rows; a fitted one is used as it is. A folder stands for its files, a pattern for those of such names.
 *
 * Values stand for their texts, integers, decimals and times with all their digits; null is a missing value. A list
 * is a cell of a sequence. Structs, maps and lists of them are refused by the name of their column.
 *
 * @throws {SyntaxError} when a file is no Parquet, is damaged or cut off, or a row is malformed or has no label
 * @throws {RangeError} when a column is not in a file or holds what no field can take, there is no row to fit to, or
 * labels are of more than two texts
 * @throws {TypeError} when an option is unknown or does not go with the schema
 * @throws {Error} when a file cannot be opened, or the library that reads Parquet cannot be loaded
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
 * import { categorical } from "./schema.ts";
 *
 * const bytes = parquetWriteBuffer({
 *   columnData: [{ name: "click", data: [1, 0] }, { name: "user", data: [9007199254740993n, null], type: "INT64" }],
 * });
 * const file = new File([bytes], "clicks.parquet");
 * const data = await readParquet(file, { label: "click", features: [categorical("user")] });
 * assert.deepEqual(data.schema.fields[0].vocabulary, ["9007199254740993"]);
 * ```
 */
export async function readParquet(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadColumnsOptions = {},
): Promise<Dataset> {
  requireCsvOptions(schema, options, TEXT_OPTIONS);
  using threads = new ParquetThreads();
  return await readTables(source, (one) => openParquet(one, threads), { schema, options });
}

/** Options of delimited text that Parquet does not have. */
export const TEXT_OPTIONS = ["delimiter", "quotes", "header", "encoding"] as const;

/** Records handed on at a time: their objects die young. */
const RECORDS = 4096;

/** Rows of a block of columns. */
const BLOCK_ROWS = 16_384;

/** Row groups at most of a file whose successor is begun before it is read to its end. */
const FEW_GROUPS = 2;

/**
 * Opens a Parquet file as a table.
 *
 * @param threads those of the reading that the file is part of; all is read in this thread where there are none
 * @throws {SyntaxError} when it is none, or damaged
 * @throws {Error} when it cannot be opened, or the library cannot be loaded
 */
export async function openParquet(source: Source, threads?: ParquetThreads): Promise<Table> {
  const file = await ParquetFile.open(source);
  const { name, columns } = file;
  return {
    ...{ name, unit: "row", columns },
    // Of a longer file, row groups are read ahead.
    get allowsNext() {
      return threads !== undefined && threads.ready.length > 0 && file.groups.length <= FEW_GROUPS;
    },
    records: (wanted) => readRecords(file, wanted),
    blocks: (wanted, numbers) =>
      [...wanted].some((position) => columns[position].isList)
        ? readRecords(file, wanted)
        : readBlocks(file, new ParquetReading(source, file, { wanted, numbers }, threads)),
    // No handle is held between two reads.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function* readRecords(file: ParquetFile, wanted: ReadonlySet<number>): AsyncGenerator<TableRecord[]> {
  const lists = [...wanted].filter((position) => file.columns[position].isList);
  const cells = new ParquetCells(file, { wanted: wanted.difference(new Set(lists)), numbers: new Map() });
  for (const group of file.groups) {
    const columns: RowCells[] = await cells.read(group);
    for (const position of lists) columns[position] = await file.read(group, position);
    for (let first = 0; first < group.rows; first += RECORDS) {
      yield cutRows(file, group, columns, [first, Math.min(first + RECORDS, group.rows)]);
    }
  }
}

/** Cells of a column that holds one value a row, or values of lists; nothing of a column that is not wanted. */
type RowCells = ColumnCells | ColumnValues | undefined;

/** Turns rows `first` up to `last` of a row group into records. */
function cutRows(
  { columns }: ParquetFile,
  { start }: RowGroup,
  read: readonly RowCells[],
  [first, last]: readonly [number, number],
): TableRecord[] {
  const records: (TableRecord & { cells: SequenceCell[] })[] = new Array(last - first);
  for (let row = first; row < last; row++) {
    records[row - first] = { line: start + row + 1, cells: new Array(columns.length) };
  }
  read.forEach((cells, position) => {
    if (cells === undefined) return;
    const { toCell } = columns[position];
    const cellAt = "length" in cells ? (row: number) => toCell(cells[row]) : (row: number) => textAt(cells, row);
    for (let row = first; row < last; row++) records[row - first].cells[position] = cellAt(row);
  });
  return records;
}

/** Reads columns that hold one value a row. */
async function* readBlocks({ groups }: ParquetFile, reading: ParquetReading): AsyncGenerator<CellBlock> {
  let next: ReturnType<ParquetReading["read"]> | undefined;
  for (const [index, group] of groups.entries()) {
    const cells = await (next ?? reading.read(group))();
    const following = groups.at(index + 1);
    next = following && reading.isBeside ? reading.read(following) : undefined;
    yield* cutBlocks(group, cells);
  }
}

function* cutBlocks({ start, rows }: RowGroup, cells: readonly (ColumnCells | undefined)[]): Generator<CellBlock> {
  const columns = cells.map((column) => column && splitCells(column, BLOCK_ROWS));
  for (let block = 0, first = 0; first < rows; block++, first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - first);
    const lines = Uint32Array.from({ length: count }, (_, row) => row);
    yield { rows: count, firstLine: start + first + 1, lines, columns: columns.map((parts) => parts?.[block]) };
  }
}
