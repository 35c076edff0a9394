/**
 * An open Parquet file: what its metadata tell, and the values of its columns, row group by row group.
 *
 * @module
 */
import type { FileMetaData, ParquetParsers, SchemaTree } from "npm:hyparquet@1.33.0";
import type { ByteRanges } from "../../host/mod.ts";
import { openRanges } from "../byte_ranges.ts";
import { describeNoParquet } from "../formats.ts";
import { HYPARQUET, HYPARQUET_COMPRESSORS, loadPackage } from "../packages.ts";
import { nameSource, type Source } from "../source.ts";
import { describeParquetColumn, type ParquetColumn } from "./types.ts";

type Library = typeof import("npm:hyparquet@1.33.0");
type Compressors = typeof import("npm:hyparquet-compressors@1.1.2");

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

/** Makes what the library's values are of bytes that are texts. */
export type TextMaker = (bytes: Uint8Array) => unknown;

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
  readonly #library: Library;
  readonly #compressors: Compressors["compressors"];

  private constructor(
    name: string,
    file: ByteRanges,
    metadata: FileMetaData,
    { library, compressors }: { library: Library; compressors: Compressors["compressors"] },
  ) {
    this.name = name;
    this.#file = file;
    this.#metadata = metadata;
    this.#library = library;
    this.#compressors = compressors;
    this.columns = library.parquetSchema(metadata).children.map((tree: SchemaTree) => describeParquetColumn(tree));
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
    const library = await loadPackage<Library>(HYPARQUET, `Cannot read "${name}"`);
    const { compressors } = await loadPackage<Compressors>(HYPARQUET_COMPRESSORS, `Cannot read "${name}"`);
    const file = await attempt(`Cannot read "${name}"`, Error, () => openRanges(source));
    await requireParquet(name, file);
    const damaged = `Cannot read "${name}": its metadata are damaged`;
    const metadata = await attempt(damaged, SyntaxError, () => library.parquetMetadataAsync(file));
    return new ParquetFile(name, file, metadata, { library, compressors });
  }

  /**
   * Reads the values of a column in a row group.
   *
   * @param textOf makes the values of a column of texts; throws where bytes are no text
   * @throws {SyntaxError} when the column is damaged
   */
  async read(
    group: RowGroup,
    position: number,
    textOf: TextMaker = (bytes) => decoder.decode(bytes),
  ): Promise<ColumnValues> {
    const { name: column, isText } = this.columns[position];
    const [first, last] = [group.start + 1, group.start + group.rows];
    const where = `Cannot read "${this.name}" rows ${first} to ${last}: column "${column}" is damaged`;
    const parsers: Partial<ParquetParsers> = {
      stringFromBytes: (bytes) => {
        // Decimals may be stored as bytes.
        if (!isText || !bytes) return bytes as unknown as string;
        try {
          return textOf(bytes) as string;
        } catch {
          throw new Error("expected text in utf-8, received other bytes");
        }
      },
      timestampFromNanoseconds: (nanos) => nanos as unknown as Date,
    };
    return await attempt(where, SyntaxError, async () => {
      // A scan keeps what it has read last, so that each has one row group.
      const scan = await this.#library.parquetScan({
        ...{ file: this.#file, compressors: this.#compressors, parsers },
        metadata: { ...this.#metadata, row_groups: [this.#metadata.row_groups[group.index]] },
        ...{ columns: [column], useOffsetIndex: false },
      });
      const values = await scan.readColumn({ column, rowStart: 0, rowEnd: group.rows });
      if (values.length === group.rows) return values;
      throw new Error(`expected ${group.rows} values, received ${values.length}`);
    });
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

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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
