import { assertEquals } from "@std/assert";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import type { Dataset } from "../../../src/data/dataset.ts";
import { type ColumnValues, encodeColumns } from "../../../src/data/encode_columns.ts";
import { FittedSchema } from "../../../src/data/fitted_schema.ts";
import { readData } from "../../../src/data/read_data.ts";
import { readRows } from "../../../src/data/rows.ts";
import type { Schema } from "../../../src/data/schema.ts";
import { InputColumns } from "../../../src/serve/inputs.ts";
import { file } from "../files.ts";

/** A row of texts; none for a missing value. */
export type TextRow = Readonly<Record<string, string | null>>;

/** The same rows in memory, as delimited text, as lines of JSON and as Parquet. */
export function sourcesOf(rows: readonly TextRow[]): (readonly TextRow[] | File)[] {
  const columns = Object.keys(rows[0]);
  const quote = (text: string | null) => text === null ? "" : `"${text.replaceAll('"', '""')}"`;
  const lines = [columns.join(","), ...rows.map((row) => columns.map((column) => quote(row[column])).join(","))];
  const columnData = columns.map((name) => ({ name, data: rows.map((row) => row[name]), type: "STRING" as const }));
  return [
    rows,
    file(lines.join("\n")),
    file(rows.map((row) => JSON.stringify(row)).join("\n"), "rows.jsonl"),
    file(new Uint8Array(parquetWriteBuffer({ columnData })), "rows.parquet"),
  ];
}

/** All that training sees of a data set, and what was counted of it. */
export function contentOf({ schema, ids, values, labels, times, histories, coverage }: Dataset): unknown {
  return { schema: schema.toJSON(), ids, values, labels, times, histories, coverage };
}

/** Reads the rows from each source and returns the one data set that all of them give. */
export async function readEverywhere(rows: readonly TextRow[], schema: Schema): Promise<Dataset> {
  const [data, ...others] = await Promise.all(sourcesOf(rows).map((source) => readData(source, schema)));
  for (const other of others) assertEquals(contentOf(other), contentOf(data));
  return data;
}

/**
 * Encodes rows with a schema from each source, column by column, as requests of a server and after the schema was saved,
 * and returns the one data set that all of them give.
 */
export async function encodeEverywhere(rows: readonly TextRow[], schema: FittedSchema): Promise<Dataset> {
  const data = readRows(rows as TextRow[], schema, { unknown: "ignore" });
  const saved = FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));
  assertEquals(await saved.fingerprint(), await schema.fingerprint());
  const inputs = new InputColumns(saved);
  const known = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => inputs.has(name))));
  const columns = Object.keys(known[0]);
  const lists = new Map<string, ColumnValues>(columns.map((name) => [name, { values: known.map((row) => row[name]) }]));
  const others = [encodeColumns(schema, rows.length, lists), inputs.encode(known)];
  for (const source of sourcesOf(rows)) others.push(await readData(source, schema, { labeled: false }));
  for (const { ids, values, coverage } of others) {
    assertEquals({ ids, values, coverage }, { ids: data.ids, values: data.values, coverage: data.coverage });
  }
  return data;
}
