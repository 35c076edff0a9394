/**
 * Predictions as a Parquet file.
 *
 * @module
 */
import { HYPARQUET_WRITER, loadPackage } from "../data/packages.ts";
import type { PredictionColumns } from "./predictions.ts";

type Library = typeof import("npm:hyparquet-writer@0.17.0");

/** Tells whether a path is that of a Parquet file, by its name. */
export function isParquet(path: string): boolean {
  return /\.(parquet|parq|pq)$/i.test(path);
}

/**
 * Encodes columns as a Parquet file, packed with Snappy: texts as strings, numbers as float32, null in rows without.
 *
 * @throws {RangeError} when two columns have the same name
 * @throws {Error} when the library that writes Parquet cannot be loaded
 */
export async function encodeParquet({ texts, numbers }: PredictionColumns): Promise<Uint8Array> {
  const names = [...texts, ...numbers].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) {
    throw new RangeError(`Cannot write Parquet: names of columns must differ, received "${twice}" twice`);
  }
  const { parquetWriteBuffer } = await loadPackage<Library>(HYPARQUET_WRITER, "Cannot write Parquet");
  const bytes = parquetWriteBuffer({
    columnData: [
      ...texts.map(({ name, data }) => ({ name, data: [...data], type: "STRING" as const, nullable: false })),
      ...numbers.map(({ name, data }) => ({ name, data: [...data], type: "FLOAT" as const, nullable: true })),
    ],
  });
  return new Uint8Array(bytes);
}
