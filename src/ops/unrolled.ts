/**
 * Indices that generated texts are unrolled over.
 *
 * @module
 */

/** Returns 0 to `size - 1`. */
export function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}

/** Returns all pairs of a row and a column, row by row. */
export function cells(rows: number, columns: number): [number, number][] {
  return range(rows).flatMap((i) => range(columns).map((c): [number, number] => [i, c]));
}
