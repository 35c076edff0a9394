/**
 * How the numbers of an embedding table are stored.
 *
 * @module
 */
import { strideOf, type Table } from "./parameter.ts";

/** Storages by name: bits of a number, and whether rows have a center and a scale. */
const STORAGES = {
  f32: { bits: 32, hasHead: false },
  f16: { bits: 16, hasHead: false },
  int8: { bits: 8, hasHead: true },
  int4: { bits: 4, hasHead: true },
} as const;

/**
 * How the numbers of a table are stored: `f32` as they are trained, `f16` as float16, `int8` and `int4` as integers of so
 * many bits with a center and a scale for each row.
 */
export type RowStorage = keyof typeof STORAGES;

/** Storage of tables by name; tables that are not there are `f32`. */
export type StorageByTable = Readonly<Record<string, RowStorage>>;

/** Names of all storages. */
export const TABLE_STORAGES = Object.keys(STORAGES) as readonly RowStorage[];

/** Returns the bits of a number. */
export function bitsOf(storage: RowStorage): number {
  return STORAGES[storage].bits;
}

/** Returns whether rows have a center and a scale, in a word in front of their integers. */
export function hasCodes(storage: RowStorage): boolean {
  return STORAGES[storage].hasHead;
}

/**
 * Returns the 16-bit halves from one row to the next. Rows start at words, apart from float16 rows of one number: two of
 * them share a word.
 */
export function halvesOf(storage: RowStorage, dim: number): number {
  if (storage === "f32") return 2 * strideOf(dim);
  if (storage === "f16" && dim === 1) return 1;
  return 2 * (Number(hasCodes(storage)) + Math.ceil((bitsOf(storage) * dim) / 32));
}

/** Returns the 32-bit words of `rows` rows of a table. */
export function wordsOf(storage: RowStorage, { dim }: Pick<Table, "dim">, rows: number): number {
  return Math.ceil((rows * halvesOf(storage, dim)) / 2);
}
