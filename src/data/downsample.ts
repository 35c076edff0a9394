/**
 * Leaving out negative rows.
 *
 * @module
 */
import type { DatasetParts } from "./dataset_parts.ts";
import { formatValue } from "./format.ts";
import { rowNumbers, shuffled } from "./random.ts";

/**
 * Returns the rows that stay, in their order: all positive ones and a share of the others. See
 * `Dataset.downsampleNegatives`.
 */
export function rowsAfterDownsampling(
  data: DatasetParts,
  rate: number,
  seed: number,
): Uint32Array {
  requireDownsampling(data, rate);
  const { rows, labels } = data;
  const negatives = rowNumbers(rows).filter((row) => labels[row] === 0);
  const stays = new Uint8Array(rows).fill(1);
  const order = shuffled(negatives.length, seed);
  for (let i = Math.round(rate * negatives.length); i < order.length; i++) stays[negatives[order[i]]] = 0;
  return rowNumbers(rows).filter((row) => stays[row] === 1);
}

/**
 * Refuses to leave out negative rows where it is unclear which these are, or how many.
 *
 * @throws {TypeError} when rows have no label, several, or numbers as labels
 * @throws {RangeError} when the rate is not in (0, 1]
 */
export function requireDownsampling(
  { schema, labeled }: Pick<DatasetParts, "schema" | "labeled">,
  rate: number,
): void {
  if (!labeled || schema.survival || schema.real || schema.tasks.length > 1) {
    const received = !labeled ? "none" : schema.real ? "numbers" : schema.tasks.join(", ");
    throw new TypeError(`Cannot leave out negative rows: rows must have one label, received ${received}`);
  }
  if (!(rate > 0 && rate <= 1)) {
    throw new RangeError(`Cannot leave out negative rows: rate must be in (0, 1], received ${formatValue(rate)}`);
  }
}

/** Returns how many rows are left of a data set of which a share of the negative ones stays. */
export function countAfterDownsampling(
  { rows, labels }: { readonly rows: number; readonly labels: Float32Array },
  rate: number,
): number {
  if (rate === 1) return rows;
  let negatives = 0;
  for (let row = 0; row < rows; row++) if (labels[row] === 0) negatives++;
  return rows - negatives + Math.round(rate * negatives);
}
