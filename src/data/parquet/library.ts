/**
 * The library that reads Parquet, and those of its parts that its main entry does not have.
 *
 * @module
 */
import { HYPARQUET, HYPARQUET_COMPRESSORS, loadPackage } from "../packages.ts";

/** What is used of the library. */
export type ParquetLibrary =
  & typeof import("npm:hyparquet@1.33.0")
  & Pick<typeof import("npm:hyparquet@1.33.0/src/column.js"), "parquetHeader">
  & Pick<typeof import("npm:hyparquet@1.33.0/src/convert.js"), "convert" | "DEFAULT_PARSERS">
  & Pick<typeof import("npm:hyparquet@1.33.0/src/datapage.js"), "decompressPage" | "readDataPage">
  & Pick<typeof import("npm:hyparquet-compressors@1.1.2"), "compressors">;

/** The main entry, the other files of the library, and what unpacks its pages. */
const MODULES = [
  HYPARQUET,
  `${HYPARQUET}/src/column.js`,
  `${HYPARQUET}/src/convert.js`,
  `${HYPARQUET}/src/datapage.js`,
  HYPARQUET_COMPRESSORS,
];

/**
 * Loads the library.
 *
 * @param what what cannot be done without it, as errors begin
 * @throws {Error} when it cannot be loaded
 */
export async function loadParquetLibrary(what: string): Promise<ParquetLibrary> {
  const parts: object[] = [];
  for (const name of MODULES) parts.push(await loadPackage<object>(name, what));
  return Object.assign({}, ...parts);
}
