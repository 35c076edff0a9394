/**
 * Packages that are fetched when they are used first.
 *
 * @module
 */

/** Reads Parquet. */
export const HYPARQUET = "npm:hyparquet@1.33.0";

/** Unpacks the pages of Parquet files. */
export const HYPARQUET_COMPRESSORS = "npm:hyparquet-compressors@1.1.2";

/** Writes Parquet. */
export const HYPARQUET_WRITER = "npm:hyparquet-writer@0.17.0";

/** Runs SQL. */
export const DUCKDB = "npm:@duckdb/node-api@1.4.4-r.1";

/**
 * Loads a package. Its name comes as a value, because Deno fetches all packages whose names stand in an import, also
 * for programs that never get there.
 *
 * @param what what cannot be done without it, as errors begin
 * @throws {Error} when it cannot be loaded
 */
export async function loadPackage<T>(name: string, what: string): Promise<T> {
  try {
    return await import(name);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}: it needs the package ${name}, received ${message}`, { cause: error });
  }
}
