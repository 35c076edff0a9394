/**
 * Where a command keeps encoded rows.
 *
 * @module
 */
import { parseBytes } from "../data/large_arrays.ts";
import { type DATA_OPTIONS, type DataFormat, filesOf } from "./data.ts";
import { STDIN } from "./data_files.ts";
import { type OptionGroups, type Options, UsageError } from "./options.ts";

/** Options that say where encoded rows are kept. */
export const CACHE_OPTION = {
  cache: {
    value: "FOLDER",
    help: "keep the encoded rows in this folder: the same files are encoded once, and again when they,\n" +
      "the schema or an option have changed",
  },
  memory: {
    value: "SIZE",
    help: "memory that the process is to have at most, such as 2GB: rows are kept in files, of --cache\n" +
      "or the folder of temporary files, and --shuffle is window unless told",
  },
} as const satisfies OptionGroups[string];

/** Reads where encoded rows are kept, and the memory for them. */
export function readCache(
  options: Options<keyof typeof DATA_OPTIONS | keyof typeof CACHE_OPTION>,
): Pick<DataFormat, "cache" | "memory"> {
  options.exclude("sql", ["cache"]);
  const cache = options.text("cache");
  if (cache !== undefined && filesOf(options).includes(STDIN)) {
    throw new UsageError("Cannot cache standard input: it can be read once; save it to a file, and name that");
  }
  const memory = readMemory(options);
  return { ...(cache !== undefined && { cache }), ...(memory !== undefined && { memory }) };
}

/** Reads the memory that the process may have, in bytes. */
export function readMemory(options: Options<keyof typeof CACHE_OPTION>): number | undefined {
  const text = options.text("memory");
  const bytes = text === undefined ? undefined : parseBytes(text);
  if (text === undefined || bytes) return bytes;
  return options.refuse(`option "--memory" must be a size such as 2GB or 800MB, received "${text}"`);
}
