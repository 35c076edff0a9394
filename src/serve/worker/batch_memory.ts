/**
 * Batches in memory that two threads share: the rows, and behind them room for their scores.
 *
 * | numbers of 4 bytes | what |
 * | --- | --- |
 * | F * rows | row numbers, field-major |
 * | F * rows | values, where the schema has them |
 * | of each list: rows + 1, M * count, count | offsets, row numbers, weights where the list has them |
 * | T * rows, twice | probabilities and logits |
 *
 * @module
 */
import { Dataset } from "../../data/dataset.ts";
import type { FittedSchema } from "../../data/fitted_schema.ts";
import type { Histories } from "../../data/histories.ts";
import type { Scores } from "../../predictor.ts";

/** Sizes of a batch. */
export interface BatchSizes {
  /** Rows. */
  readonly rows: number;
  /** Values in each group of sequences. */
  readonly counts: readonly number[];
}

/** What is in the memory of a batch. */
export interface BatchViews extends Scores {
  /** Row numbers `[F, rows]`. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Values `[F, rows]`. */
  readonly values: Float32Array<ArrayBuffer> | undefined;
  /** Lists of values. */
  readonly histories: readonly Histories[];
}

/** Returns the sizes of a batch. */
export function sizesOf({ rows, histories }: Dataset): BatchSizes {
  return { rows, counts: histories.map(({ offsets }) => offsets[rows]) };
}

/** Returns how many bytes a batch takes. */
export function bytesOf(schema: FittedSchema, { rows, counts }: BatchSizes): number {
  const cells = schema.fields.length * rows * (schema.hasValues ? 2 : 1);
  const lists = schema.histories.map(({ sequences, weighted }, i) => {
    return rows + 1 + counts[i] * (sequences.length + Number(weighted));
  });
  return 4 * (cells + lists.reduce((sum, numbers) => sum + numbers, 0) + 2 * schema.tasks.length * rows);
}

/** Returns what is where in the memory of a batch. */
export function viewBatch(schema: FittedSchema, { rows, counts }: BatchSizes, memory: SharedArrayBuffer): BatchViews {
  // Arrays, and the device that they are written to, take shared memory as any other; their types know one kind only.
  const buffer = memory as unknown as ArrayBuffer;
  let at = 0;
  const integers = (length: number) => new Uint32Array(buffer, 4 * (at += length) - 4 * length, length);
  const floats = (length: number) => new Float32Array(buffer, 4 * (at += length) - 4 * length, length);
  const ids = integers(schema.fields.length * rows);
  const values = schema.hasValues ? floats(ids.length) : undefined;
  const histories = schema.histories.map(({ sequences, weighted }, i): Histories => {
    const offsets = integers(rows + 1);
    const members = integers(sequences.length * counts[i]);
    return { offsets, ids: members, ...(weighted && { weights: floats(counts[i]) }) };
  });
  const probabilities = floats(schema.tasks.length * rows);
  return { ids, values, histories, probabilities, logits: floats(probabilities.length) };
}

/** Copies rows into the memory of their batch. */
export function writeRows({ ids, values, histories }: Dataset, to: BatchViews): void {
  to.ids.set(ids);
  if (values) to.values!.set(values);
  histories.forEach((list, i) => {
    to.histories[i].offsets.set(list.offsets);
    to.histories[i].ids.set(list.ids);
    if (list.weights) to.histories[i].weights!.set(list.weights);
  });
}

/** Returns the rows in the memory of their batch, without copying them. */
export function readRows(schema: FittedSchema, rows: number, { ids, values, histories }: BatchViews): Dataset {
  const labels = new Float32Array(schema.labelCount * rows);
  return new Dataset({ schema, rows, ids, values, histories, labels, labeled: false });
}
