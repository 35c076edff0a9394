/**
 * Following a reader row by row.
 *
 * @module
 */

/** A row of a file as a reader met it. */
export interface WatchedRow {
  /** Name of the file. */
  readonly file: string;
  /** Number of its first line, or of the row where the file has no lines, counted from 1. */
  readonly line: number;
  /** What `line` counts. @default {"line"} */
  readonly unit?: "line" | "row";
  /** Texts of the columns that the watcher asked for; empty where the row lacks them. */
  readonly texts: readonly string[];
  /** Why the row is not in the data set; absent for a row that is. */
  readonly fault?: string;
}

/** Takes notice of every row of the files, in their order. */
export interface RowWatcher {
  /** Columns whose texts it wants. */
  readonly columns: readonly string[];
  /** Takes the next row. */
  row(row: WatchedRow): void;
}
