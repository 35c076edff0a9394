/**
 * What a thread that reads Parquet is told and asked, and what it answers.
 *
 * @module
 */
import type { SentCells } from "../beside/cells.ts";
import type { WantedColumns } from "./cells.ts";

/** A file, by its path or address, and the columns to read. */
export interface ParquetSetup extends WantedColumns {
  /** Number that the file has in this reading. */
  readonly file: number;
  readonly path: string;
}

/** Asks for the cells of a row group. */
export interface ParquetWork {
  /** Number of the file. */
  readonly file: number;
  /** Place of the row group. */
  readonly group: number;
  /** Whether none of the file is asked for afterwards. */
  readonly isLast: boolean;
}

/** The cells, or what is wrong with the file or the row group. */
export type ParquetAnswer = SentCells | { readonly wrong: string };
