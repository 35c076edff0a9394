/**
 * Reading Parquet into a data set.
 *
 * @module
 */
import type { FileMetaData, ParquetScan, SchemaTree } from "npm:hyparquet@1.33.0";
import type { ByteRanges } from "../host/mod.ts";
import { openRanges } from "./byte_ranges.ts";
import type { CellBlock } from "./cell_blocks.ts";
import { requireCsvOptions } from "./csv_options.ts";
import type { Dataset } from "./dataset.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { describeNoParquet } from "./formats.ts";
import { HYPARQUET, HYPARQUET_COMPRESSORS, loadPackage } from "./packages.ts";
import { describeParquetColumn, type ParquetColumn } from "./parquet_types.ts";
import type { Schema } from "./schema.ts";
import type { SequenceCell } from "./sequence_column.ts";
import { nameSource, type Source } from "./source.ts";
import type { Table, TableRecord } from "./table.ts";
import { type ReadColumnsOptions, readTables } from "./table_reading.ts";
import type { CodedCells } from "./text_pool.ts";
import { ValuePool } from "./value_pool.ts";

type Library = typeof import("npm:hyparquet@1.33.0");
type Compressors = typeof import("npm:hyparquet-compressors@1.1.2");

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
  return await readTables(source, openParquet, { schema, options });
}

/** Options of delimited text that Parquet does not have. */
export const TEXT_OPTIONS = ["delimiter", "quotes", "header", "encoding"] as const;

// Rows handed on at a time: the objects of a block die young.
const ROWS_PER_BLOCK = 4096;

/**
 * Opens a Parquet file as a table.
 *
 * @throws {SyntaxError} when it is none, or damaged
 * @throws {Error} when it cannot be opened, or the library cannot be loaded
 */
export async function openParquet(source: Source): Promise<Table> {
  const name = nameSource(source);
  const library = await loadPackage<Library>(HYPARQUET, `Cannot read "${name}"`);
  const file = await attempt(`Cannot read "${name}"`, Error, () => openRanges(source));
  await requireParquet(name, file);
  const damaged = `Cannot read "${name}": its metadata are damaged`;
  const metadata = await attempt(damaged, SyntaxError, () => library.parquetMetadataAsync(file));
  const columns = library.parquetSchema(metadata).children.map((tree: SchemaTree) => describeParquetColumn(tree));
  return {
    name,
    unit: "row",
    columns,
    records: (wanted) => readRecords(columns, readGroups(name, file, metadata, columns, wanted)),
    blocks: (wanted) => {
      const groups = readGroups(name, file, metadata, columns, wanted);
      return [...wanted].some((position) => columns[position].isList)
        ? readRecords(columns, groups)
        : readBlocks(columns, groups);
    },
    // No handle is held between two reads.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Checks the marks at both ends of a file. */
async function requireParquet(name: string, file: ByteRanges): Promise<void> {
  const [head, tail] = await attempt(`Cannot read "${name}"`, Error, () => {
    const end = file.byteLength;
    return Promise.all([file.slice(0, Math.min(4, end)), file.slice(Math.max(0, end - 4), end)]);
  });
  const wrong = describeNoParquet(new Uint8Array(head), new Uint8Array(tail));
  if (wrong !== undefined) throw new SyntaxError(`Cannot read "${name}": ${wrong}`);
}

/** Values of a row group. */
interface RowGroup {
  /** Rows before it. */
  readonly start: number;
  /** Its rows. */
  readonly rows: number;
  /** Positions of the columns that are read. */
  readonly positions: readonly number[];
  /** Values by position of the column. */
  readonly values: readonly ArrayLike<unknown>[];
}

async function* readGroups(
  name: string,
  file: ByteRanges,
  metadata: FileMetaData,
  columns: readonly ParquetColumn[],
  wanted: ReadonlySet<number>,
): AsyncGenerator<RowGroup> {
  const { parquetScan } = await loadPackage<Library>(HYPARQUET, `Cannot read "${name}"`);
  const { compressors } = await loadPackage<Compressors>(HYPARQUET_COMPRESSORS, `Cannot read "${name}"`);
  const positions = [...wanted].sort((a, b) => a - b);
  const scan: ParquetScan = await parquetScan({
    file,
    metadata,
    compressors,
    columns: positions.map((position) => columns[position].name),
    parsers: { stringFromBytes: decodeText, timestampFromNanoseconds: (nanos: bigint) => nanos },
  });
  let rowEnd = 0;
  for (const group of metadata.row_groups) {
    const rowStart = rowEnd;
    const rows = Number(group.num_rows);
    rowEnd += rows;
    const values = new Array<ArrayLike<unknown>>(columns.length);
    for (const position of positions) {
      const { name: column } = columns[position];
      const where = `Cannot read "${name}" rows ${rowStart + 1} to ${rowEnd}: column "${column}" is damaged`;
      values[position] = await attempt(where, SyntaxError, async () => {
        const data = await scan.readColumn({ column, rowStart, rowEnd });
        if (data.length === rows) return data;
        throw new Error(`expected ${rows} values, received ${data.length}`);
      });
    }
    yield { start: rowStart, rows, positions, values };
  }
}

async function* readRecords(
  columns: readonly ParquetColumn[],
  groups: AsyncIterable<RowGroup>,
): AsyncGenerator<TableRecord[]> {
  for await (const group of groups) {
    for (let first = 0; first < group.rows; first += ROWS_PER_BLOCK) {
      yield cutRows(columns, group, first, Math.min(first + ROWS_PER_BLOCK, group.rows));
    }
  }
}

/** Reads columns that hold one value a row. */
async function* readBlocks(
  columns: readonly ParquetColumn[],
  groups: AsyncIterable<RowGroup>,
): AsyncGenerator<CellBlock> {
  const pools = columns.map(({ toCell }) => new ValuePool((value) => toCell(value) as string | undefined));
  for await (const { start, rows, positions, values } of groups) {
    for (let first = 0; first < rows; first += ROWS_PER_BLOCK) {
      const last = Math.min(first + ROWS_PER_BLOCK, rows);
      const cells = new Array<CodedCells>(columns.length);
      for (const position of positions) {
        const pool = pools[position];
        pool.beginBlock();
        const codes = pool.codes(values[position], first, last);
        cells[position] = { texts: pool.texts, codes };
      }
      const lines = new Uint32Array(last - first);
      for (let row = 0; row < lines.length; row++) lines[row] = row;
      yield { rows: last - first, firstLine: start + first + 1, lines, columns: cells };
    }
  }
}

/** Turns rows `first` up to `last` of a row group into records. */
function cutRows(
  columns: readonly ParquetColumn[],
  { start, positions, values }: RowGroup,
  first: number,
  last: number,
): TableRecord[] {
  const width = columns.length;
  const records: (TableRecord & { cells: SequenceCell[] })[] = new Array(last - first);
  for (let row = first; row < last; row++) records[row - first] = { line: start + row + 1, cells: new Array(width) };
  for (const position of positions) {
    const column = columns[position];
    const cells = values[position];
    for (let row = first; row < last; row++) records[row - first].cells[position] = column.toCell(cells[row]);
  }
  return records;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array | undefined): string | undefined {
  if (!bytes) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Error("expected text in utf-8, received other bytes");
  }
}

/** Runs a step of reading; an error of it says what could not be done. */
async function attempt<T>(
  what: string,
  Kind: new (message: string, options: ErrorOptions) => Error,
  body: () => T | Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw new Kind(`${what}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
