/**
 * How often the values of training data occur.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";
import { keepWithinMemory } from "./large_arrays.ts";

/** Options of {@linkcode countRows}. */
export interface RowCountOptions {
  /** Whether sequences without a combiner count, which only models that read histories look up. @default {true} */
  histories?: boolean;
}

/**
 * Counts the occurrences of each row of the flat row space: in fields, and at the places of sequences.
 *
 * Add up the counts of several data sets of one schema where a model is trained on them one after the other, and hand
 * them to `fit` as `l2.counts`.
 *
 * @returns counts `[rowCount]` of the schema
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { zipfDataset } from "./synthetic.ts";
 *
 * const data = zipfDataset({ rows: 100, fields: 3, totalRows: 60, seed: 1 });
 * const counts = countRows(data);
 * assert.equal(counts.length, data.schema.rowCount);
 * assert.equal(counts.reduce((sum, count) => sum + count, 0), 3 * 100);
 * ```
 */
export function countRows(data: Dataset, { histories = true }: RowCountOptions = {}): Uint32Array<ArrayBuffer> {
  const { schema, ids, rows } = data;
  const counts = new Uint32Array(schema.rowCount);
  for (let start = 0; start < ids.length; start += rows) {
    keepWithinMemory();
    for (const id of ids.subarray(start, start + rows)) counts[id]++;
  }
  schema.histories.forEach(({ sequences }, i) => {
    if (histories || sequences[0].feature.combiner) { for (const id of data.histories[i].ids) counts[id]++; }
  });
  return counts;
}
