/**
 * How fast tables become data sets: rows per second from CSV, gzip and Parquet, beside a plain read of the same bytes, and
 * DuckDB's read of the same files where its package can be loaded.
 *
 * The table has Criteo's shape: a label, 13 counts of which a fifth is missing, and 26 columns of eight hexadecimal
 * digits whose values follow Zipf's law. All three files must give the same bytes.
 *
 * ```sh
 * npx -y deno@2.9.6 run -A --no-lock bench/encoding.ts --rows 200000
 * ```
 *
 * @module
 */
import type { Dataset } from "../src/data/dataset.ts";
import { DUCKDB, HYPARQUET_WRITER, loadPackage } from "../src/data/packages.ts";
import { readData } from "../src/data/read_data.ts";
import { parseArgs } from "../src/std.ts";
import { formatTable } from "../src/cli/table.ts";
import { drawColumns, SCHEMA } from "./criteo_shape.ts";

const REPEATS = 3;
const ROWS_PER_GROUP = 50_000;

/** Returns the files of the table. */
function pathsIn(folder: string): Record<"CSV" | "gzip of CSV" | "Parquet", string> {
  return { CSV: `${folder}/t.csv`, "gzip of CSV": `${folder}/t.csv.gz`, Parquet: `${folder}/t.parquet` };
}

/** Writes the table as CSV, gzip and Parquet. */
async function writeFiles(folder: string, rows: number): Promise<void> {
  const paths = pathsIn(folder);
  const columns = Object.entries(drawColumns());
  const numbers = Array.from({ length: rows }, (_, row) => row);
  const lines = numbers.map((row) => columns.map(([, cell]) => cell(row) ?? "").join(","));
  const text = new Blob([columns.map(([name]) => name).join(","), "\n", lines.join("\n"), "\n"]);
  await Deno.writeFile(paths.CSV, text.stream());
  await Deno.writeFile(paths["gzip of CSV"], text.stream().pipeThrough(new CompressionStream("gzip")));
  const writer = await loadPackage<typeof import("npm:hyparquet-writer@0.17.0")>(HYPARQUET_WRITER, "Cannot bench");
  const columnData = columns.map(([name, cell]) => ({ name, data: numbers.map(cell) }));
  const bytes = writer.parquetWriteBuffer({ columnData, rowGroupSize: ROWS_PER_GROUP });
  await Deno.writeFile(paths.Parquet, new Uint8Array(bytes));
}

/** Writes the files in a process of its own, whose rubbish nobody collects while reading is timed. */
async function writeApart(folder: string, rows: number): Promise<void> {
  const args = ["run", "-A", "--no-lock", import.meta.url, "--rows", String(rows), "--write", folder];
  const { success } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).output();
  if (!success) throw new Error("Cannot bench: the files could not be written");
}

/** Reads a file's bytes from the start to the end. */
async function readBytes(path: string): Promise<void> {
  for await (const _ of (await Deno.open(path)).readable);
}

/** Returns the best of some repeats in seconds. */
async function timeBest(work: () => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = performance.now();
    await work();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

/** What the bench uses of DuckDB. */
interface DuckDb {
  DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<DuckDbConnection> }> };
}

interface DuckDbConnection {
  run(sql: string): Promise<unknown>;
}

/** Opens DuckDB on two threads; nothing where its package cannot be loaded. */
async function openDuckDb(): Promise<DuckDbConnection | undefined> {
  try {
    const { DuckDBInstance } = await loadPackage<DuckDb>(DUCKDB, "Cannot compare");
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run("set threads = 2");
    return connection;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

/** Checks that a data set has the bytes of another. */
async function requireEqual(name: string, data: Dataset, expected: Dataset): Promise<void> {
  const [a, b] = [data, expected].map(({ ids, values, labels }) => [ids, values!, labels]);
  const differ = a.some((numbers, index) => numbers.some((number, at) => !Object.is(number, b[index][at])));
  if (!differ && await data.schema.fingerprint() === await expected.schema.fingerprint()) return;
  throw new Error(`Cannot bench ${name}: it must give the bytes that CSV gives, received others`);
}

async function bench(folder: string, rows: number): Promise<string> {
  await writeApart(folder, rows);
  const paths = pathsIn(folder);
  const duck = await openDuckDb();
  const expected = await readData(paths.CSV, SCHEMA);
  const table: string[][] = [];
  for (const [name, path] of Object.entries(paths)) {
    await requireEqual(name, await readData(path, SCHEMA), expected);
    const seconds = [
      await timeBest(() => readBytes(path)),
      await timeBest(() => readData(path, SCHEMA)),
      await timeBest(() => readData(path, expected.schema)),
      duck && await timeBest(() => duck.run(`select bit_xor(hash(t)) from '${path}' t`)),
    ];
    const rates = seconds.map((time) => time === undefined ? "-" : Math.round(rows / time).toLocaleString("en"));
    table.push([name, ((await Deno.stat(path)).size / 1e6).toFixed(1), ...rates]);
    console.error([name, ...rates].join(" "));
  }
  return formatTable(["file", "MB", "bytes alone", "fitting", "fitted", "DuckDB"], table);
}

if (import.meta.main) {
  const { rows, write } = parseArgs(Deno.args, { string: ["rows", "write"], default: { rows: "200000" } });
  if (write !== undefined) {
    await writeFiles(write, Number(rows));
    Deno.exit();
  }
  const folder = await Deno.makeTempDir();
  try {
    console.log(await bench(folder, Number(rows)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
