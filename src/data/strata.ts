/**
 * Dividing rows so that each part has the same share of each label.
 *
 * @module
 */
import type { DatasetParts } from "./dataset_parts.ts";
import { randomUnit, shuffled } from "./random.ts";

/** The second counter of the draws that round; that of the rows' order is 0. */
const ROUNDING = 1;

/**
 * Numbers the classes of rows from 0: the combinations of all labels, unknown ones included, or for times, whether the end
 * was seen.
 *
 * @returns class of each row
 * @throws {RangeError} when labels were not read
 */
export function strataOf(
  { schema, rows, labels, labeled }: Pick<DatasetParts, "schema" | "rows" | "labels" | "labeled">,
): Uint32Array {
  if (!labeled) throw new RangeError("Cannot split data set: a split by label needs labels, received rows without any");
  if (schema.real) throw new RangeError("Cannot split data set: a split by label needs classes, received numbers");
  const count = schema.tasks.length;
  // The column behind weights and times says whether the end was seen.
  const columns = schema.survival ? [count + 2] : Array.from({ length: count }, (_, task) => task);
  let strata = new Uint32Array(rows);
  for (const column of columns) {
    const numbers = new Map<number, number>();
    strata = strata.map((stratum, row) => {
      const key = 3 * stratum + labels[column * rows + row] + 1;
      let number = numbers.get(key);
      if (number === undefined) numbers.set(key, number = numbers.size);
      return number;
    });
  }
  return strata;
}

/**
 * Divides the rows of each class by the fractions, at random and to within a row: part p of n rows ends at
 * floor(n sum_{q <= p} fraction_q + u), with one u in (0, 1) drawn for the class, so that classes of few rows favor no part.
 *
 * @returns the part of each row
 */
export function divideStrata(strata: Uint32Array, fractions: readonly number[], seed: number): Uint32Array {
  const sizes: number[] = [];
  for (const stratum of strata) sizes[stratum] = (sizes[stratum] ?? 0) + 1;
  const ends = sizes.map((size, stratum) => {
    const offset = randomUnit(seed, ROUNDING, stratum);
    let sum = 0;
    // Nothing may be left behind the last part, whatever the fractions round to.
    return fractions.map((f, p) => p === fractions.length - 1 ? size : Math.floor((sum += f) * size + offset));
  });
  const taken = sizes.map(() => 0);
  const partOf = new Uint32Array(strata.length);
  for (const row of shuffled(strata.length, seed)) {
    const place = taken[strata[row]]++;
    partOf[row] = ends[strata[row]].findIndex((end) => place < end);
  }
  return partOf;
}
