/**
 * How the numbers of an embedding table are stored.
 *
 * @module
 */
import { strideOf, type Table } from "./parameter.ts";

/**
 * How the numbers of a table are stored: `f32` as they are trained, `f16` as float16, `int8` and `int4` as integers of so
 * many bits with a center and a scale for each row.
 */
export type RowStorage = "f32" | "f16" | "int8" | "int4";

/** Storage of tables by name; tables that are not there are `f32`. */
export type StorageByTable = Readonly<Record<string, RowStorage>>;

const BITS: Readonly<Record<RowStorage, number>> = { f32: 32, f16: 16, int8: 8, int4: 4 };

/** All storages. */
export const TABLE_STORAGES = Object.keys(BITS) as readonly RowStorage[];

/** Returns the bits of a number. */
export function bitsOf(storage: RowStorage): number {
  return BITS[storage];
}

/** Returns whether numbers are integers, with a center and a scale in a word in front of those of each row. */
export function hasCodes(storage: RowStorage): storage is "int8" | "int4" {
  return storage === "int8" || storage === "int4";
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
