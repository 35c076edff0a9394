/**
 * Bins that the values of fields are counted in, for training data and served rows alike.
 *
 * Bin 0 counts missing values and bin 1 unseen ones. Behind them, a categorical field or a sequence has a bin for each of
 * its most frequent values and one for all others, a bucketed field has its buckets, and a numeric field has ranges.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { columnsOf } from "../data/derived/derivation.ts";
import type { FittedField, FittedSchema } from "../data/fitted_schema.ts";
import type { FittedSequence } from "../data/fitted_sequence.ts";
import { firstValueRow, MISSING } from "../data/vocabulary.ts";

/** Bin of missing values. */
export const MISSING_BIN = 0;
/** Bin of unseen values. */
export const UNSEEN_BIN = 1;
const FIRST_VALUE_BIN = 2;

/** Most values of a field with bins of their own. */
const MOST_VALUES = 16;
/** Ranges of a numeric field, and of scores. */
const RANGES = 10;

/** How the values of a field or sequence are counted. */
export interface FieldBins {
  /** Name of the field or sequence. */
  readonly name: string;
  /** Columns that it is read from. */
  readonly columns: readonly string[];
  /** Number of bins. */
  readonly length: number;
  /** Adds the values of rows `[from, to)` to counts by bin. */
  readonly count: (data: Dataset, counts: Uint32Array, from: number, to: number) => void;
}

/**
 * Returns how the values of each field, and then of each sequence, are counted.
 *
 * @param edgesOf ascending edges between the ranges of a numeric field, by its number
 */
export function fieldBins(schema: FittedSchema, edgesOf: (field: number) => readonly number[]): FieldBins[] {
  const fields = schema.fields.map((field, f) =>
    field.kind === "numeric" ? numericBins(field, f, edgesOf(f)) : namedBins(field, f)
  );
  const sequences = schema.histories.flatMap(({ sequences }, h) =>
    sequences.map((sequence, member) => sequenceBins(sequence, h, member, sequences.length))
  );
  return [...fields, ...sequences];
}

/**
 * Returns the edges that divide numbers into ranges of about equally many, ascending and all different.
 *
 * @param numbers are sorted in place
 */
export function quantileEdges(numbers: Float32Array): number[] {
  numbers.sort();
  const edges = Array.from({ length: RANGES - 1 }, (_, k) => numbers[Math.floor((k + 1) * numbers.length / RANGES)]);
  return numbers.length === 0 ? [] : edges.filter((edge, k) => k === 0 || edge > edges[k - 1]);
}

/** Returns the number of edges that a number reaches: the range that it is in. */
export function rangeOf(edges: readonly number[], x: number): number {
  let range = 0;
  while (range < edges.length && x >= edges[range]) range++;
  return range;
}

/** Numbers of a numeric field as the model reads them, without those of rows that lack one. */
export function presentNumbers({ ids, values, rows }: Dataset, f: number, { offset }: FittedField): Float32Array {
  const start = f * rows;
  return values!.slice(start, start + rows).filter((_, row) => ids[start + row] === offset);
}

function numericBins({ name, feature, offset }: FittedField, f: number, edges: readonly number[]): FieldBins {
  return {
    ...{ name, columns: columnsOf(feature), length: FIRST_VALUE_BIN + edges.length + 1 },
    count({ ids, values, rows }, counts, from, to) {
      for (let i = f * rows + from; i < f * rows + to; i++) {
        counts[ids[i] === offset ? FIRST_VALUE_BIN + rangeOf(edges, values![i]) : MISSING_BIN]++;
      }
    },
  };
}

function namedBins(field: FittedField, f: number): FieldBins {
  const { name, feature, offset } = field;
  const binOf = binOfRow(field);
  const last = binOf.length - 1;
  return {
    ...{ name, columns: columnsOf(feature), length: Math.max(UNSEEN_BIN, ...binOf) + 1 },
    count({ ids, rows }, counts, from, to) {
      for (let i = f * rows + from; i < f * rows + to; i++) counts[binOf[Math.min(ids[i] - offset, last)]]++;
    },
  };
}

function sequenceBins(sequence: FittedSequence, history: number, member: number, members: number): FieldBins {
  const { name, feature, offset } = sequence;
  const binOf = binOfRow(sequence);
  const last = binOf.length - 1;
  return {
    ...{ name, columns: columnsOf(feature), length: Math.max(UNSEEN_BIN, ...binOf) + 1 },
    count({ histories }, counts, from, to) {
      const { offsets, ids } = histories[history];
      for (let i = offsets[from]; i < offsets[to]; i++) {
        counts[binOf[Math.min(ids[i * members + member] - offset, last)]]++;
      }
    },
  };
}

/** Lists the bins of a field's first rows, up to the first one of the bin that all further ones are in. */
function binOfRow(field: FittedField | FittedSequence): Uint32Array {
  const special = firstValueRow(field.missing);
  const bins: number[] = Array.from({ length: special }, (_, row) => row === MISSING ? MISSING_BIN : UNSEEN_BIN);
  const values = field.rows - special;
  const isOrdered = "kind" in field && field.kind === "bucketed";
  if (isOrdered) {
    const ranges = Math.min(values, MOST_VALUES);
    for (let v = 0; v < values; v++) bins.push(FIRST_VALUE_BIN + Math.floor(v * ranges / values));
  } else {
    // The vocabulary is in the order of falling counts.
    for (let v = 0; v <= Math.min(values - 1, MOST_VALUES); v++) bins.push(FIRST_VALUE_BIN + v);
  }
  return Uint32Array.from(bins);
}
