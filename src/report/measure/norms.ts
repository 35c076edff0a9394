/**
 * Lengths of embeddings by how often their values occur.
 *
 * @module
 */
import { rowInTable } from "../../graph/row_spans.ts";
import type { FieldRows, LoadedTable } from "./tables.ts";

/** Values of about one frequency. */
export interface NormBin {
  /** Least rank of the values, from 1 for the most frequent one; or least count, where counts are known. */
  readonly low: number;
  /** Greatest rank or count. */
  readonly high: number;
  /** Number of values. */
  readonly values: number;
  /** Least, quartiles and greatest of their norms. */
  readonly quantiles: readonly [least: number, lower: number, median: number, upper: number, most: number];
}

/** Norms of a field's embeddings. */
export interface FieldNorms {
  /** Name of the table. */
  readonly table: string;
  /** Name of the field. */
  readonly field: string;
  /** What the bins are of. */
  readonly by: "rank" | "count";
  /** Bins whose ends are powers of two, ascending. */
  readonly bins: readonly NormBin[];
}

/**
 * Computes the Euclidean norms of a field's rows, by the rank of their values in the vocabulary, or by their count.
 *
 * @param loaded the table
 * @param field its rows; those of unseen and missing values are left out
 * @param counts occurrences by row of the schema, as `countRows` returns them; ranks when absent
 * @returns nothing for a field with fewer than two such values, or without rows in the table
 */
export function normsOf(
  { table, values }: LoadedTable,
  { name, offset, rows, before, ranked }: FieldRows,
  counts?: ArrayLike<number>,
): FieldNorms | undefined {
  const start = rowInTable(table, offset);
  if (start === undefined) return undefined;
  const first = offset + before;
  const end = counts ? offset + rows : first + ranked;
  if (end - first < 2) return undefined;
  const bins = new Map<number, { places: number[]; norms: number[] }>();
  for (let row = first; row < end; row++) {
    const place = counts ? counts[row] : row - first + 1;
    const key = place === 0 ? -1 : Math.floor(Math.log2(place));
    const bin = bins.get(key) ?? { places: [], norms: [] };
    bins.set(key, bin);
    bin.places.push(place);
    bin.norms.push(normOf(values, (start + row - offset) * table.dim, table.dim));
  }
  const sorted = [...bins].sort(([a], [b]) => a - b).map(([, { places, norms }]) => {
    norms.sort((a, b) => a - b);
    const at = (share: number): number => norms[Math.round(share * (norms.length - 1))];
    const [low, high] = places.reduce(([low, high], place) => [Math.min(low, place), Math.max(high, place)], [
      Infinity,
      0,
    ]);
    return { low, high, values: norms.length, quantiles: [at(0), at(0.25), at(0.5), at(0.75), at(1)] as const };
  });
  return { table: table.name, field: name, by: counts ? "count" : "rank", bins: sorted };
}

function normOf(values: ArrayLike<number>, first: number, dim: number): number {
  let sum = 0;
  for (let i = first; i < first + dim; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}
