/**
 * Rows by the value of a column, such as the user whom they were shown to.
 *
 * @module
 */
import { sortRows } from "./sort.ts";

/** Values of a column, one for each row; rows of equal values are a group. */
export type GroupColumn = ArrayLike<string | number>;

/** Groups of rows. */
export interface RowGroups {
  /** Group of each row, from 0 in the order of their first rows. */
  readonly of: Uint32Array;
  /** Value of each group. */
  readonly values: readonly (string | number)[];
  /** Rows of each group. */
  readonly sizes: Uint32Array;
}

/**
 * Numbers the values of a column.
 *
 * @throws {TypeError} when there is another number of rows
 */
export function groupRows(metric: string, column: GroupColumn, rows: number): RowGroups {
  if (column.length !== rows) {
    throw new TypeError(
      `Cannot compute ${metric}: groups must be given for ${rows} rows, received ${column.length}`,
    );
  }
  const numbers = new Map<string | number, number>();
  const values: (string | number)[] = [];
  const sizes: number[] = [];
  const of = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    let group = numbers.get(column[row]);
    if (group === undefined) {
      group = values.push(column[row]) - 1;
      numbers.set(column[row], group);
      sizes.push(0);
    }
    sizes[group]++;
    of[row] = group;
  }
  return { of, values, sizes: Uint32Array.from(sizes) };
}

/** Rows of all groups, one group after the other. */
export interface GroupedOrder {
  /** Row numbers; those of group g are from `starts[g]` to `starts[g + 1]`. */
  readonly rows: Uint32Array;
  /** Where groups begin, and the end of the last. */
  readonly starts: Uint32Array;
}

/** Sorts the rows of each group by ascending value; equal values keep their order. */
export function sortWithinGroups(values: Float64Array, { of, sizes }: RowGroups): GroupedOrder {
  const starts = new Uint32Array(sizes.length + 1);
  for (let group = 0; group < sizes.length; group++) starts[group + 1] = starts[group] + sizes[group];
  const next = starts.slice();
  const rows = new Uint32Array(values.length);
  // Rows that come sorted are sorted within each group.
  for (const row of sortRows(values)) rows[next[of[row]]++] = row;
  return { rows, starts };
}
