/**
 * An open Parquet file: what its metadata tell, and the values of its columns, row group by row group.
 *
 * @module
 */
import type { FileMetaData, ParquetParsers, SchemaTree } from "npm:hyparquet@1.33.0";
import type { ByteRanges } from "../../host/mod.ts";
import { openRanges } from "../byte_ranges.ts";
import { describeNoParquet } from "../formats.ts";
import { nameSource, type Source } from "../source.ts";
import { decodeText } from "../text_pool.ts";
import { loadParquetLibrary, type ParquetLibrary } from "./library.ts";
import { type StoredRows, storePages, type ValueStore } from "./pages.ts";
import { describeParquetColumn, type ParquetColumn } from "./types.ts";

/** Rows that were written together. */
export interface RowGroup {
  /** Its place among the row groups of the file. */
  readonly index: number;
  /** Rows before it. */
  readonly start: number;
  /** Its rows. */
  readonly rows: number;
}

/** Values of a column as the library gives them, null or none for a missing one. */
export type ColumnValues = ArrayLike<unknown>;

/** Pages of a column in a row group. */
export interface FetchedColumn {
  /**
   * Stores their values.
   *
   * @throws {SyntaxError} when they are damaged
   */
  store<A extends Uint32Array | Float64Array>(store: ValueStore<A>): Promise<StoredRows<A>>;
}

/** A Parquet file. */
export class ParquetFile {
  /** What errors call it. */
  readonly name: string;
  /** Its columns in order. */
  readonly columns: readonly ParquetColumn[];
  /** Its row groups in order. */
  readonly groups: readonly RowGroup[];
  /** Number of its rows. */
  readonly rows: number;
  readonly #file: ByteRanges;
  readonly #metadata: FileMetaData;
  readonly #tree: SchemaTree;
  readonly #library: ParquetLibrary;

  private constructor(name: string, file: ByteRanges, metadata: FileMetaData, library: ParquetLibrary) {
    this.name = name;
    this.#file = file;
    this.#metadata = metadata;
    this.#library = library;
    this.#tree = library.parquetSchema(metadata);
    this.columns = this.#tree.children.map((tree) => describeParquetColumn(tree));
    let start = 0;
    this.groups = metadata.row_groups.map(({ num_rows }, index) => {
      const group = { index, start, rows: Number(num_rows) };
      start += group.rows;
      return group;
    });
    this.rows = start;
  }

  /**
   * Opens a file.
   *
   * @throws {SyntaxError} when it is no Parquet, or damaged
   * @throws {Error} when it cannot be opened, or the library cannot be loaded
   */
  static async open(source: Source): Promise<ParquetFile> {
    const name = nameSource(source);
    const library = await loadParquetLibrary(`Cannot read "${name}"`);
    const file = await attempt(`Cannot read "${name}"`, Error, () => openRanges(source));
    await requireParquet(name, file);
    const damaged = `Cannot read "${name}": its metadata are damaged`;
    const metadata = await attempt(damaged, SyntaxError, () => library.parquetMetadataAsync(file));
    return new ParquetFile(name, file, metadata, library);
  }

  /**
   * Reads the values of a column in a row group.
   *
   * @throws {SyntaxError} when the column is damaged
   */
  async read(group: RowGroup, position: number): Promise<ColumnValues> {
    const column = this.columns[position].name;
    return await this.#attempt(group, position, async () => {
      // A scan keeps what it has read last, so that each has one row group.
      const scan = await this.#library.parquetScan({
        ...{ file: this.#file, compressors: this.#library.compressors, parsers: this.#parsersOf(position) },
        metadata: { ...this.#metadata, row_groups: [this.#metadata.row_groups[group.index]] },
        ...{ columns: [column], useOffsetIndex: false },
      });
      const values = await scan.readColumn({ column, rowStart: 0, rowEnd: group.rows });
      if (values.length === group.rows) return values;
      throw new Error(`expected ${group.rows} values, received ${values.length}`);
    });
  }

  /**
   * Reads the pages of a column that holds one value a row.
   *
   * @throws {SyntaxError} when what tells where they are is damaged
   */
  async fetch(group: RowGroup, position: number): Promise<FetchedColumn> {
    const tree = this.#tree.children[position];
    const library = this.#library;
    const { bytes, type, codec } = await this.#attempt(group, position, async () => {
      const { columns } = this.#metadata.row_groups[group.index];
      const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === tree.element.name);
      if (!chunk?.meta_data) throw new Error("expected its place in the file, received none");
      if (chunk.file_path) throw new Error(`expected it in this file, received "${chunk.file_path}"`);
      const { dictionary_page_offset, data_page_offset, total_compressed_size, type, codec } = chunk.meta_data;
      const start = Number(dictionary_page_offset || data_page_offset);
      return { bytes: await this.#file.slice(start, start + Number(total_compressed_size)), type, codec };
    });
    const decoder = {
      ...{ type, codec, element: tree.element, schemaPath: [this.#tree, tree], pathInSchema: tree.path },
      compressors: library.compressors,
      parsers: { ...library.DEFAULT_PARSERS, ...this.#parsersOf(position) },
    };
    const chunk = { bytes, rows: group.rows, optional: tree.element.repetition_type !== "REQUIRED", decoder, library };
    return { store: (store) => this.#attempt(group, position, () => storePages(chunk, store)) };
  }

  #parsersOf(position: number): Partial<ParquetParsers> {
    const { isText } = this.columns[position];
    return {
      // Decimals may be stored as bytes.
      stringFromBytes: (bytes) => isText && bytes ? decodeText(bytes) : bytes as unknown as string,
      timestampFromNanoseconds: (nanos) => nanos as unknown as Date,
    };
  }

  #attempt<T>(group: RowGroup, position: number, body: () => T | Promise<T>): Promise<T> {
    const [first, last] = [group.start + 1, group.start + group.rows];
    const column = this.columns[position].name;
    const what = `Cannot read "${this.name}" rows ${first} to ${last}: column "${column}" is damaged`;
    return attempt(what, SyntaxError, body);
  }
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
