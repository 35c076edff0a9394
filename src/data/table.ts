/**
 * Tables: rows of cells under named columns, whatever the form of the file.
 *
 * @module
 */
import type { CellBlock } from "./cell_blocks.ts";
import type { SequenceCell } from "./sequence_column.ts";

/** A column of a table. */
export interface TableColumn {
  /** Its name. */
  readonly name: string;
  /** Whether its cells are lists of texts. */
  readonly isList?: boolean;
  /** Whether its cells are the digits of floating-point numbers, which as names need not be exact. */
  readonly isFloating?: boolean;
  /** What its cells are that no field can take. */
  readonly refused?: string;
}

/** A row, or what is none. */
export interface TableRecord {
  /** Number of its first line, or of the row, counted from 1. */
  readonly line: number;
  /** Its cells by column; absent when the row is malformed. None for a missing value. */
  cells?: SequenceCell[];
  /** Why the row is malformed. */
  wrong?: string;
}

/** An open table. */
export interface Table extends AsyncDisposable {
  /** What errors call it. */
  readonly name: string;
  /** What its rows are numbered by. */
  readonly unit: "line" | "row";
  /** Its columns in order. */
  readonly columns: readonly TableColumn[];
  /** Whether the file behind this one may be opened and begun before this one is read to its end. @default {false} */
  readonly allowsNext?: boolean;
  /** Reads the rows in blocks; cells of columns that are not `wanted` by position may be left out. */
  records(wanted: ReadonlySet<number>): AsyncIterable<TableRecord[]>;
  /**
   * Reads the rows with those that can be in blocks of columns; in place of `records`, where there is such a way.
   *
   * @param numbers positions of the columns whose cells can come as numbers, each with the texts of a missing one
   */
  blocks?(
    wanted: ReadonlySet<number>,
    numbers: ReadonlyMap<number, readonly string[]>,
  ): AsyncIterable<TableRecord[] | CellBlock>;
}

/** Opens one source after the other as a table. */
export type TableOpener<S> = (source: S) => Promise<Table>;
