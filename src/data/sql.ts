/**
 * Reading the rows of an SQL query into a data set.
 *
 * @module
 */
import { temporaryFile } from "../host/mod.ts";
import { requireCsvOptions } from "./csv_options.ts";
import type { Dataset } from "./dataset.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { DUCKDB, loadPackage } from "./packages.ts";
import { openParquet, TEXT_OPTIONS } from "./parquet.ts";
import { ParquetThreads } from "./parquet/threads.ts";
import { onlyPart } from "./part_cut.ts";
import type { Schema } from "./schema.ts";
import { type ReadColumnsOptions, readTableParts } from "./table_reading.ts";
import type { RowWatcher } from "./watcher.ts";

/** Options of {@linkcode readSql}. */
export interface ReadSqlOptions extends ReadColumnsOptions {
  /** File of a DuckDB database with the tables of the query, which is only read. @default {none, a query names files} */
  database?: string;
}

/** What is used of the package, whose own types would make Deno fetch it for all programs. */
interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string, options: Record<string, string>): Promise<Instance>;
  };
}

interface Instance {
  connect(): Promise<{ run(sql: string): Promise<unknown>; closeSync(): void }>;
  closeSync(): void;
}

/**
 * Reads the rows that an SQL query returns, as DuckDB runs it, into a data set. The query can name files:
 * `select * from 'logs/*.parquet' l join 'users.csv' u using (user)`. Its result becomes a temporary Parquet file, which
 * is read as `readParquet` reads it: what fits on the disk is read in little memory, and values have the same texts.
 *
 * Rows come in the order of the query; write `order by` where it matters, as for a split by position. DuckDB's package,
 * some 70 MB, is fetched when this function is called first. A query can do all that the process may do: run none of
 * others.
 *
 * @throws {SyntaxError} when DuckDB refuses the query, or a row is malformed or has no label
 * @throws {RangeError} when a column is not in the result or holds what no field can take, there is no row to fit to, or
 * labels are of more than two texts
 * @throws {TypeError} when an option is unknown or does not go with the schema
 * @throws {Error} when the database cannot be opened, or DuckDB cannot be loaded
 */
export async function readSql(
  query: string,
  schema: Schema | FittedSchema,
  options: ReadSqlOptions = {},
): Promise<Dataset> {
  return await readSqlWatched(query, schema, options);
}

/** Reads as {@linkcode readSql} does, and tells a watcher of each row. */
export async function readSqlWatched(
  query: string,
  schema: Schema | FittedSchema,
  { database, ...options }: ReadSqlOptions,
  watcher?: RowWatcher,
): Promise<Dataset> {
  return await onlyPart(readSqlParts(query, schema, { database, ...options }, watcher));
}

/** Reads as {@linkcode readSqlWatched} does, in parts of at most so many rows; only a fitted schema can do that. */
export async function* readSqlParts(
  query: string,
  schema: Schema | FittedSchema,
  { database, ...options }: ReadSqlOptions,
  watcher?: RowWatcher,
  partRows = Infinity,
): AsyncGenerator<Dataset> {
  requireCsvOptions(schema, options, TEXT_OPTIONS);
  await using file = await temporaryFile("rows.parquet");
  await writeResult(query, file.path, database);
  using threads = new ParquetThreads();
  const open = async () => ({ ...await openParquet(file.path, threads), name: "query" });
  const source = { name: "query", stream: () => new ReadableStream() };
  yield* readTableParts(source, open, { schema, options, watcher }, partRows);
}

/** Runs a query and writes its rows as Parquet. */
async function writeResult(query: string, path: string, database: string | undefined): Promise<void> {
  const { DuckDBInstance } = await loadPackage<DuckDb>(DUCKDB, "Cannot read a query");
  const instance = await create(DuckDBInstance, database);
  const connection = await instance.connect();
  try {
    await connection.run(
      `copy (${query.replace(/[;\s]+$/, "")}\n) to '${path.replaceAll("'", "''")}' (format parquet)`,
    );
  } catch (error) {
    throw new SyntaxError(`Cannot read a query: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function create(Kind: DuckDb["DuckDBInstance"], database: string | undefined): Promise<Instance> {
  if (database === undefined) return await Kind.create(":memory:", {});
  try {
    return await Kind.create(database, { access_mode: "READ_ONLY" });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read "${database}": ${message}`, { cause: error });
  }
}
