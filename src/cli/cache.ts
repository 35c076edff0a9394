/**
 * Where a command keeps encoded rows.
 *
 * @module
 */
import { type DATA_OPTIONS, type DataFormat, filesOf, STDIN } from "./data.ts";
import { type OptionGroups, type Options, UsageError } from "./options.ts";

/** Option that says where encoded rows are kept. */
export const CACHE_OPTION = {
  cache: {
    value: "FOLDER",
    help: "keep the encoded rows in this folder: the same files are encoded once, and again when they,\n" +
      "the schema or an option have changed",
  },
} as const satisfies OptionGroups[string];

/** Reads where encoded rows are kept. */
export function readCache(
  options: Options<keyof typeof DATA_OPTIONS | keyof typeof CACHE_OPTION>,
): Pick<DataFormat, "cache"> {
  options.exclude("sql", ["cache"]);
  const cache = options.text("cache");
  if (cache !== undefined && filesOf(options).includes(STDIN)) {
    throw new UsageError("Cannot cache standard input: it can be read once; save it to a file, and name that");
  }
  return cache === undefined ? {} : { cache };
}
