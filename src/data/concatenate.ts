/**
 * Putting data sets of one schema behind each other.
 *
 * @module
 */
import { Dataset } from "./dataset.ts";
import type { Histories } from "./histories.ts";

/**
 * Returns the rows of data sets one behind the other; with one data set, that one.
 *
 * @throws {TypeError} when there is none, their schemas are not one object, or they kept different shares of negatives
 */
export function concatenate(datasets: readonly Dataset[]): Dataset {
  const [first] = datasets;
  if (!first || datasets.some(({ schema }) => schema !== first.schema)) {
    throw new TypeError(`Cannot concatenate: data sets must share one schema, received ${datasets.length} data sets`);
  }
  if (datasets.length === 1) return first;
  const rate = datasets.find(({ negativeRate }) => negativeRate !== first.negativeRate)?.negativeRate;
  if (rate !== undefined) {
    throw new TypeError(`Cannot concatenate: negativeRate must be ${first.negativeRate} of all, received ${rate}`);
  }
  const { schema } = first;
  const rows = datasets.reduce((sum, dataset) => sum + dataset.rows, 0);
  const [fields, columns] = [schema.fields.length, schema.labelCount];
  const ids = new Uint32Array(fields * rows);
  const values = schema.hasValues ? new Float32Array(fields * rows) : undefined;
  const labels = new Float32Array(columns * rows);
  let start = 0;
  for (const dataset of datasets) {
    const place = { start, rows: dataset.rows, all: rows };
    copyColumns(dataset.ids, ids, fields, place);
    if (values) copyColumns(dataset.values!, values, fields, place);
    copyColumns(dataset.labels, labels, columns, place);
    start += dataset.rows;
  }
  const histories = schema.histories.map((_, group) => concatenateLists(datasets.map((each) => each.histories[group])));
  return new Dataset({
    schema,
    rows,
    ids,
    values,
    labels,
    histories,
    negativeRate: first.negativeRate,
    labeled: datasets.every(({ labeled }) => labeled),
  });
}

function copyColumns<T extends Uint32Array | Float32Array>(
  from: T,
  to: T,
  columns: number,
  { start, rows, all }: { start: number; rows: number; all: number },
): void {
  for (let c = 0; c < columns; c++) to.set(from.subarray(c * rows, (c + 1) * rows), c * all + start);
}

function concatenateLists(lists: readonly Histories[]): Histories {
  const rows = lists.reduce((sum, { offsets }) => sum + offsets.length - 1, 0);
  const offsets = new Uint32Array(rows + 1);
  const ids = new Uint32Array(lists.reduce((sum, list) => sum + list.ids.length, 0));
  const values = lists.reduce((sum, list) => sum + list.offsets[list.offsets.length - 1], 0);
  const weights = lists[0].weights && new Float32Array(values);
  let [row, value, id] = [0, 0, 0];
  for (const list of lists) {
    for (let r = 1; r < list.offsets.length; r++) offsets[row + r] = value + list.offsets[r];
    ids.set(list.ids, id);
    weights?.set(list.weights!, value);
    row += list.offsets.length - 1;
    value += list.offsets[list.offsets.length - 1];
    id += list.ids.length;
  }
  return { offsets, ids, ...(weights && { weights }) };
}
