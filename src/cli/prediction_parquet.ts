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
 * Encodes columns as a Parquet file, packed with Snappy: texts as strings, numbers as float32, null in rows without. Each
 * part becomes a row group, which is yielded before the next part is asked for.
 *
 * @param parts columns of the same names; one part at least
 * @throws {RangeError} when two columns have the same name
 * @throws {Error} when the library that writes Parquet cannot be loaded
 */
export async function* encodeParquet(parts: AsyncIterable<PredictionColumns>): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await loadPackage<Library>(
    HYPARQUET_WRITER,
    "Cannot write Parquet",
  );
  const bytes = new ByteWriter();
  const take = (): Uint8Array => {
    const taken = bytes.getBytes().slice();
    bytes.index = 0;
    return taken;
  };
  let file: InstanceType<Library["ParquetWriter"]> | undefined;
  for await (const part of parts) {
    if (!file) requireDifferent(part);
    const columns = columnsOf(part);
    file ??= new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData: columns }) });
    const columnData = columns.map(({ name, data }) => ({ name, data }));
    file.write({ columnData, rowGroupSize: Math.max(1, columns[0].data.length) });
    yield take();
  }
  file!.finish();
  yield take();
}

function columnsOf({ texts, numbers }: PredictionColumns) {
  return [
    ...texts.map(({ name, data }) => ({ name, data: [...data], type: "STRING" as const, nullable: false })),
    ...numbers.map(({ name, data }) => ({ name, data: [...data], type: "FLOAT" as const, nullable: true })),
  ];
}

function requireDifferent({ texts, numbers }: PredictionColumns): void {
  const names = [...texts, ...numbers].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) {
    throw new RangeError(`Cannot write Parquet: names of columns must differ, received "${twice}" twice`);
  }
}
