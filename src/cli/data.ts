/**
 * Reading the data files of a command.
 *
 * @module
 */
import { readCsv, type ReadCsvOptions } from "../data/csv.ts";
import type { Dataset } from "../data/dataset.ts";
import { readLibsvm, type ReadLibsvmOptions } from "../data/libsvm.ts";
import { FittedSchema } from "../data/fitted_schema.ts";
import type { Schema } from "../data/schema.ts";
import type { OptionGroups, Options } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatCount } from "./table.ts";

/** Options that say how data files are read. */
export const DATA_OPTIONS = {
  data: { value: "FILE", help: "file to read, plain or gzip, or its http address; may be repeated" },
  format: {
    value: "KIND",
    help:
      "csv for all delimited text, or libsvm\n(default libsvm for names in .libsvm, .libfm, .libffm and .svm, else csv)",
  },
  delimiter: { value: "TEXT", help: "character between fields, or tab (default: by the first line)" },
  header: {
    value: "NAMES",
    help:
      "names of the columns where the first line is data;\nnone names them 0, 1, 2, ...; for libsvm, names of the fields",
  },
  limit: { value: "N", help: "read N rows at most" },
} as const satisfies OptionGroups[string];

/** Option that says what becomes of malformed rows. */
export const BAD_ROW_OPTION = {
  "on-bad-row": {
    value: "WHAT",
    help:
      "error (default) refuses a file with a malformed row, naming file and line;\nskip leaves the row out and counts it",
  },
} as const satisfies OptionGroups[string];

/** Option that says which texts are missing values. */
export const MISSING_OPTION = {
  missing: { value: "TEXTS", help: "texts beside the empty one that stand for a missing value" },
} as const satisfies OptionGroups[string];

type DataOption = keyof typeof DATA_OPTIONS;

/** How data files are read. */
export type DataFormat = ReadCsvOptions & { format?: "csv" | "libsvm" };

/** Reads how files are to be read from the options that all commands with data have. */
export function readFormat(options: Options<DataOption>): DataFormat {
  const delimiter = options.text("delimiter");
  const header = options.text("header");
  return {
    format: options.choice("format", ["csv", "libsvm"]),
    ...(delimiter !== undefined && { delimiter: parseDelimiter(options, delimiter) }),
    ...(header !== undefined && { header: header === "none" ? false : options.list("header") }),
    ...(options.has("limit") && { limit: options.integer("limit", 1) }),
  };
}

/** Tells whether files hold `id:value` tokens instead of columns. */
export function isLibsvm(files: readonly string[], { format }: DataFormat): boolean {
  return format === undefined ? /\.(libsvm|libfm|libffm|svm)(\.gz)?$/i.test(files[0]) : format === "libsvm";
}

/**
 * Reads data files as one data set and reports rows that were left out.
 *
 * @param schema declared or fitted; absent for libsvm files that the schema is to be fitted to
 */
export async function readData(
  files: readonly string[],
  schema: Schema | FittedSchema | undefined,
  options: DataFormat,
  streams: Streams,
): Promise<Dataset> {
  const { format: _, ...csv } = options;
  const data = schema === undefined || isLibsvm(files, options)
    ? await readLibsvm(files, libsvmOptions(schema, csv))
    : await readCsv(files, schema, csv);
  if (data.skipped > 0) {
    streams.err(`Left out ${formatCount(data.skipped, "malformed row")}:`);
    for (const reason of data.skippedReasons) streams.err(`  ${reason}`);
    const more = data.skipped - data.skippedReasons.length;
    if (more > 0) streams.err(`  and ${formatCount(more)} more`);
  }
  if (data.rows === 0) throw new RangeError(`Cannot use "${files.join('", "')}": there must be a row, received none`);
  return data;
}

function libsvmOptions(
  schema: Schema | FittedSchema | undefined,
  { header, onBadRow, labelled, limit }: ReadCsvOptions,
): ReadLibsvmOptions {
  const names = Array.isArray(header) && schema === undefined ? { fields: header } : {};
  return { ...(schema instanceof FittedSchema && { schema }), ...names, onBadRow, labelled, limit };
}

/** Says in a line what a data set holds. */
export function describeData(name: string, data: Dataset): string {
  const positive = data.labelled ? `, ${((100 * data.positives) / data.rows).toFixed(2)} % positive` : "";
  return `${name}: ${formatCount(data.rows, "row")}${positive}`;
}

function parseDelimiter(options: Options<DataOption>, text: string): string {
  const delimiter = text === "tab" || text === "\\t" ? "\t" : text;
  if ([...delimiter].length === 1) return delimiter;
  return options.refuse(`option "--delimiter" must be one character or tab, received "${text}"`);
}
