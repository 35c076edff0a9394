/**
 * Rows of another tool's tables in the order of Weft's: by value.
 *
 * @module
 */
import type { FittedField, FittedSchema } from "../../data/fitted_schema.ts";
import type { FittedSequence } from "../../data/fitted_sequence.ts";
import { bucketCount } from "../../data/hash_buckets.ts";
import { firstValueRow, MISSING, OUT_OF_VOCABULARY } from "../../data/vocabulary.ts";
import type { FieldTable } from "./names.ts";
import { gather, type NamedTensor } from "./tensor.ts";

/** Rows of values by field. */
export type Vocabularies = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Values that stand for no value: padding, and whatever has no row. */
export const PADDING = "__PAD__";
/** See {@linkcode PADDING}. */
export const UNSEEN = "__OOV__";

/** Where each of a field's rows comes from; none where the other tool has no such row. */
export interface RowMap {
  /** Rows of the other tool, by row of Weft's. */
  readonly sources: readonly (number | undefined)[];
  /** Rows of the other tool that are of use, and padding. */
  readonly known: ReadonlySet<number | undefined>;
}

/**
 * Finds the rows of a field's values. A value that the other tool has not takes its row of unseen values, as its reader
 * would have it.
 *
 * @throws {TypeError} when there is no vocabulary of that field, or it has hash buckets, which are Weft's alone
 */
export function mapRows(schema: FittedSchema, field: FittedField | FittedSequence, all: Vocabularies): RowMap {
  if (!Object.hasOwn(all, field.name)) {
    throw new TypeError(`Cannot import rows: the vocabulary of "${field.name}" is missing`);
  }
  const { feature } = "target" in field && field.target !== undefined ? schema.fields[field.target] : field;
  if (bucketCount(feature) > 0) {
    throw new TypeError(`Cannot import rows: "${field.name}" must have a vocabulary, received hash buckets`);
  }
  const rows = new Map(Object.entries(all[field.name]));
  const unseen = rows.get(UNSEEN);
  const sources: (number | undefined)[] = Array.from({ length: field.rows });
  sources[OUT_OF_VOCABULARY] = unseen;
  if (field.missing) sources[MISSING] = schema.missing.map((text) => rows.get(text)).find(Number.isInteger) ?? unseen;
  const vocabulary = field.vocabulary ?? [];
  vocabulary.forEach((value, i) => sources[firstValueRow(field.missing) + i] = rows.get(value) ?? unseen);
  return { sources, known: new Set([...sources, rows.get(PADDING)]) };
}

/** Counts the rows of a table that are not padding and of no use. */
export function countUnused({ tensor: { shape: [rows] } }: FieldTable, { known }: RowMap): number {
  return rows - (known.has(undefined) ? known.size - 1 : known.size);
}

/**
 * Puts a field's rows in the order of Weft's; those that the other tool lacks are zeros.
 *
 * @throws {TypeError} when the tensor is no table, or has no row of that number
 */
export function reorderRows({ field, tensor }: FieldTable, { sources }: RowMap): NamedTensor {
  const { name, shape, data } = tensor;
  const last = sources.reduce<number>((most, source) => Math.max(most, source ?? -1), -1);
  if (shape.length !== 2 || last >= shape[0]) {
    const received = `[${shape}]`;
    throw new TypeError(
      `Cannot import "${name}": the rows of "${field}" go up to ${last}, received a tensor ${received}`,
    );
  }
  const dim = shape[1];
  // Behind the last number is none, which becomes zero.
  const padded = { name, data: withZero(data) };
  return gather(padded, [sources.length, dim], (i) => {
    const source = sources[Math.floor(i / dim)];
    return source === undefined ? data.length : source * dim + i % dim;
  });
}

/**
 * Makes the row that a number multiplies of FuxiCTR's `nn.Linear(1, D)`; the row for missing numbers is zero, as its
 * number 0 would have it.
 */
export function numberRow({ tensor: { name, shape, data } }: FieldTable, rows: number): NamedTensor {
  const dim = shape[0];
  return gather({ name, data: withZero(data) }, [rows, dim], (i) => i < dim ? i : data.length);
}

function withZero(data: ArrayLike<number>): Float32Array {
  const padded = new Float32Array(data.length + 1);
  padded.set(data);
  return padded;
}
