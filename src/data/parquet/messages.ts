/**
 * What a thread that reads Parquet is told, and what it answers.
 *
 * @module
 */
import type { SentCells } from "../beside/cells.ts";
import type { WantedColumns } from "./cells.ts";

/** The file, by its path or address, and the columns to read. */
export interface ParquetSetup extends WantedColumns {
  readonly path: string;
}

/** Cells of the row group that was asked for by its place, or what is wrong with it. */
export type ParquetAnswer = SentCells | { readonly wrong: string };
