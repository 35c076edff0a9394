/**
 * Data files in the form that they have: columns, `id:value` tokens, or the rows of a query.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { FittedSchema } from "../data/fitted_schema.ts";
import { type ReadLibsvmOptions, readLibsvmParts, readLibsvmWatched } from "../data/libsvm.ts";
import { type ColumnFormat, formOf, readDataWatched, readWatchedParts } from "../data/read_data.ts";
import type { Schema } from "../data/schema.ts";
import type { Source } from "../data/source.ts";
import { listSources } from "../data/source_list.ts";
import { readSqlParts, readSqlWatched } from "../data/sql.ts";
import type { RowWatcher } from "../data/watcher.ts";
import type { DataFormat } from "./data.ts";
import { UsageError } from "./options.ts";

/** What a query begins with among names of files, none of which can have it. */
export const QUERY = "\0sql ";

/** Tells whether files hold `id:value` tokens instead of columns. */
export async function areLibsvm(files: readonly string[], format: Pick<DataFormat, "format">): Promise<boolean> {
  return await formOfFiles(files, format) === "libsvm";
}

/** Returns the form of files, by their names where none is given. */
export async function formOfFiles(
  files: readonly string[],
  { format }: Pick<DataFormat, "format">,
): Promise<ColumnFormat | "libsvm"> {
  if (format === undefined && files.includes(STDIN)) {
    throw new UsageError('Cannot read standard input: option "--format" is missing, no name tells the form');
  }
  // The rows of a query come as Parquet.
  if (files[0]?.startsWith(QUERY)) return "parquet";
  return format ?? formOf(files.length > 0 ? await listSources(files) : []);
}

/** What stands for the standard input. */
export const STDIN = "-";

/** Returns what a name on the command line stands for. */
export function toSource(file: string): Source {
  return file === STDIN ? { name: "standard input", stream: () => Deno.stdin.readable } : file;
}

/** Reads data files as one data set, and tells a watcher of each row where there is one. */
export async function readFiles(
  files: readonly string[],
  schema: Schema | FittedSchema | undefined,
  options: DataFormat,
  watcher: RowWatcher | undefined,
): Promise<Dataset> {
  const sources = files.map(toSource);
  if (schema === undefined || await areLibsvm(files, options)) {
    return await readLibsvmWatched(sources, libsvmOptions(schema, options), watcher);
  }
  const { threshold: _, database, ...reading } = options;
  if (!files[0].startsWith(QUERY)) return await readDataWatched(sources, schema, reading, watcher);
  const { format: _format, onRows: _onRows, ...rows } = reading;
  return await readSqlWatched(files[0].slice(QUERY.length), schema, { ...rows, database }, watcher);
}

/** Reads data files with a fitted schema in parts of at most so many rows, and tells a watcher of each row. */
export async function* readFileParts(
  files: readonly string[],
  schema: FittedSchema,
  options: DataFormat,
  watcher: RowWatcher,
  rows: number,
): AsyncGenerator<Dataset> {
  const sources = files.map(toSource);
  if (await areLibsvm(files, options)) {
    yield* readLibsvmParts(sources, libsvmOptions(schema, options), watcher, rows);
    return;
  }
  const { threshold: _, database, ...reading } = options;
  if (!files[0].startsWith(QUERY)) {
    yield* readWatchedParts(sources, schema, reading, watcher, rows);
    return;
  }
  const { format: _format, onRows: _onRows, ...how } = reading;
  yield* readSqlParts(files[0].slice(QUERY.length), schema, { ...how, database }, watcher, rows);
}

function libsvmOptions(
  schema: Schema | FittedSchema | undefined,
  { header, onBadRow, onMissingLabel, labeled, limit, threshold }: DataFormat,
): ReadLibsvmOptions {
  const names = Array.isArray(header) && schema === undefined ? { fields: header } : {};
  const known = schema instanceof FittedSchema ? { schema } : { threshold };
  return { ...known, ...names, onBadRow, onMissingLabel, labeled, limit };
}
