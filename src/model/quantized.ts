/**
 * Models whose tables are stored in fewer bits, for prediction alone.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import { formatValue } from "../data/format.ts";
import type { Table } from "../graph/parameter.ts";
import { halvesOf, type RowStorage, type StorageByTable } from "../graph/table_storage.ts";
import { encodeRows } from "../store/row_codec.ts";

/** What tables can be quantized to: integers of 8 or 4 bits with a center and a scale for each row, or float16. */
export type QuantizedStorage = Exclude<RowStorage, "f32">;

/** All of them. */
export const QUANTIZED_STORAGES: readonly QuantizedStorage[] = ["int8", "int4", "f16"];

/**
 * Refuses tables that are not stored in float32.
 *
 * @param action what is done with them, as in `Cannot <action>`
 * @throws {TypeError} then
 */
export function requireFloat32(action: string, storage: StorageByTable = {}): void {
  const received = describeStorage(storage);
  if (received === "") return;
  throw new TypeError(`Cannot ${action}: the tables must be float32, received ${received}`);
}

/** Says how tables are stored that are not in float32: `embedding as int8, linear as f16`. */
export function describeStorage(storage: StorageByTable): string {
  return Object.entries(storage).map(([name, stored]) => `${name} as ${stored}`).join(", ");
}

/**
 * Returns how each table is stored where all are quantized: as integers where a row has enough numbers for them to take
 * less memory than float16 does, center and scale included.
 *
 * @throws {TypeError} when there is no such storage
 */
export function storageFor(tables: Iterable<Table>, to: QuantizedStorage): StorageByTable {
  if (!QUANTIZED_STORAGES.includes(to)) {
    const names = QUANTIZED_STORAGES.join(", ");
    throw new TypeError(`Cannot quantize: storage must be one of ${names}, received ${formatValue(to)}`);
  }
  return Object.fromEntries(Array.from(tables, ({ name, dim }) => {
    return [name, halvesOf(to, dim) < halvesOf("f16", dim) ? to : "f16"];
  }));
}

/**
 * Returns tensors of a model with its tables as they are to be stored.
 *
 * @throws {RangeError} when a number is not finite, or larger than a storage holds
 */
export function quantizeTables(
  tables: ReadonlyMap<string, Table>,
  storage: StorageByTable,
  tensors: Readonly<Record<string, CheckpointTensor>>,
): Record<string, CheckpointTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const [table, stored] = [tables.get(name), storage[name]];
      if (!table || !stored || stored === "f32") return [name, tensor];
      const data = encodeRows(table, stored, tensor.data as Float32Array);
      return [name, { shape: [data.length], data }];
    }),
  );
}
