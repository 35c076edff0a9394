/**
 * Reading the data files of a command.
 *
 * @module
 */
import { warningOfOneClass } from "../data/classes.ts";
import { type ReadCsvOptions, readCsvWatched } from "../data/csv.ts";
import type { Dataset } from "../data/dataset.ts";
import { FittedSchema } from "../data/fitted_schema.ts";
import { isJsonLines, readJsonLinesWatched } from "../data/json_lines.ts";
import { type ReadLibsvmOptions, readLibsvmWatched } from "../data/libsvm.ts";
import type { Schema } from "../data/schema.ts";
import type { RowWatcher } from "../data/watcher.ts";
import type { OptionGroups, Options } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatCount } from "./table.ts";

/** Options that say how data files are read. */
export const DATA_OPTIONS = {
  data: { value: "FILE", help: "file to read, plain or gzip, or its http address; may be repeated" },
  format: {
    value: "KIND",
    help: "csv for all delimited text, jsonl for an object a line, or libsvm (default by name: jsonl\n" +
      "for .jsonl and .ndjson, libsvm for .libsvm, .libfm, .libffm and .svm, else csv)",
  },
  delimiter: { value: "TEXT", help: "text between fields, or tab (default: a character, by the first line)" },
  quote: { value: "KIND", help: 'double (default): " encloses fields; none: it is a character like others' },
  trim: { help: "remove blanks around fields and names of columns (default: as in training)" },
  encoding: { value: "NAME", help: "encoding of the text, such as latin1 or utf-16le (default utf-8)" },
  header: {
    value: "NAMES",
    help:
      "names of the columns where the first line is data;\nnone names them 0, 1, 2, ...; for libsvm, names of the fields",
  },
  limit: { value: "N", help: "read N rows at most" },
} as const satisfies OptionGroups[string];

/** Options that say what becomes of rows that cannot be used. */
export const BAD_ROW_OPTION = {
  "on-bad-row": {
    value: "WHAT",
    help:
      "error (default) refuses a file with a malformed row, naming file and line;\nskip leaves the row out and counts it",
  },
  "on-missing-label": {
    value: "WHAT",
    help: "the same about a row whose label is missing (default: as --on-bad-row)",
  },
} as const satisfies OptionGroups[string];

/** Option that says which texts are missing values. */
export const MISSING_OPTION = {
  missing: {
    value: "TEXTS",
    help:
      "texts beside the empty one that stand for a missing value,\nwith commas between them, exactly as in the file",
  },
} as const satisfies OptionGroups[string];

type DataOption = keyof typeof DATA_OPTIONS;

/** Forms of data files. */
const FORMATS = ["csv", "jsonl", "libsvm"] as const;

type Format = typeof FORMATS[number];

/** Options that files of a form do not have. */
const FOREIGN_OPTIONS: Readonly<Record<Format, readonly DataOption[]>> = {
  csv: [],
  jsonl: ["delimiter", "quote", "header"],
  libsvm: ["delimiter", "quote", "trim", "encoding"],
};

/** How data files are read. */
export type DataFormat = ReadCsvOptions & Pick<ReadLibsvmOptions, "threshold"> & { format?: Format };

/** Reads how files are to be read from the options that all commands with data have. */
export function readFormat(options: Options<DataOption>): DataFormat {
  const delimiter = options.text("delimiter");
  const header = options.text("header");
  const format = options.choice("format", FORMATS);
  const form = formOf(options.texts("data"), { format });
  const foreign = FOREIGN_OPTIONS[form].find((name) => options.has(name));
  if (foreign) options.refuse(`option "--${foreign}" is not for ${form} files`);
  return {
    format,
    ...(delimiter !== undefined && { delimiter: parseDelimiter(options, delimiter) }),
    ...(options.choice("quote", ["double", "none"]) === "none" && { quotes: false }),
    ...(options.has("trim") && { trim: true }),
    ...(options.has("encoding") && { encoding: parseEncoding(options, options.required("encoding")) }),
    ...(header !== undefined && { header: header === "none" ? false : options.exact("header") }),
    ...(options.has("limit") && { limit: options.integer("limit", 1) }),
  };
}

/** Reads what becomes of rows that cannot be used. */
export function readRejections(
  options: Options<keyof typeof BAD_ROW_OPTION>,
): Pick<ReadCsvOptions, "onBadRow" | "onMissingLabel"> {
  return {
    onBadRow: options.choice("on-bad-row", ["error", "skip"]),
    onMissingLabel: options.choice("on-missing-label", ["error", "skip"]),
  };
}

/** Tells whether files hold `id:value` tokens instead of columns. */
export function isLibsvm(files: readonly string[], format: Pick<DataFormat, "format">): boolean {
  return formOf(files, format) === "libsvm";
}

/** Returns the form of files, by the name of the first where none is given. */
function formOf([first = ""]: readonly string[], { format }: Pick<DataFormat, "format">): Format {
  if (format !== undefined) return format;
  if (/\.(libsvm|libfm|libffm|svm)(\.gz)?$/i.test(first)) return "libsvm";
  return isJsonLines(first) ? "jsonl" : "csv";
}

/**
 * Reads data files as one data set and reports rows that were left out.
 *
 * @param schema declared or fitted; absent for libsvm files that the schema is to be fitted to
 * @param watcher told of each row
 */
export async function readData(
  files: readonly string[],
  schema: Schema | FittedSchema | undefined,
  options: DataFormat,
  streams: Streams,
  watcher?: RowWatcher,
): Promise<Dataset> {
  const { format: _, threshold, ...csv } = options;
  const readColumns = formOf(files, options) === "jsonl" ? readJsonLinesWatched : readCsvWatched;
  const data = schema === undefined || isLibsvm(files, options)
    ? await readLibsvmWatched(files, libsvmOptions(schema, { ...csv, threshold }), watcher)
    : await readColumns(files, schema, csv, watcher);
  if (data.missingLabels > 0) streams.err(`Left out ${formatCount(data.missingLabels, "row")} whose label is missing`);
  if (data.skipped > 0) {
    const what = watcher ? "No probability for" : "Left out";
    streams.err(`${what} ${formatCount(data.skipped, "malformed row")}:`);
    for (const reason of data.skippedReasons) streams.err(`  ${reason}`);
    const more = data.skipped - data.skippedReasons.length;
    if (more > 0) streams.err(`  and ${formatCount(more)} more`);
  }
  if (data.rows === 0 && !watcher) {
    throw new RangeError(`Cannot use "${files.join('", "')}": there must be a row, received none`);
  }
  return data;
}

function libsvmOptions(
  schema: Schema | FittedSchema | undefined,
  { header, onBadRow, onMissingLabel, labeled, limit, threshold }: DataFormat,
): ReadLibsvmOptions {
  const names = Array.isArray(header) && schema === undefined ? { fields: header } : {};
  const known = schema instanceof FittedSchema ? { schema } : { threshold };
  return { ...known, ...names, onBadRow, onMissingLabel, labeled, limit };
}

/** Says in a line what a data set holds. */
export function describeData(name: string, data: Dataset): string {
  const { tasks } = data.schema;
  const rows = `${name}: ${formatCount(data.rows, "row")}`;
  if (data.labeled && data.lifetimes) {
    const ended = data.lifetimes.events.reduce((sum, event) => sum + event, 0);
    return `${rows}, ${formatCount(ended)} ended, ${formatCount(data.rows - ended)} censored`;
  }
  const shares = tasks.map((task, t) => {
    const { known, positives } = data.classesOf(t);
    const share = `${((100 * positives) / known).toFixed(2)} % positive`;
    if (tasks.length === 1) return share;
    return known === 0 ? `${task} unknown` : `${task} ${share}${known < data.rows ? ` of ${formatCount(known)}` : ""}`;
  });
  return `${rows}${data.labeled ? `, ${shares.join(", ")}` : ""}`;
}

/** Warns of a part on which AUC and calibration cannot be measured, because all its labels are the same. */
export function warnOfOneClass(name: string, data: Dataset, streams: Streams): void {
  const warning = warningOfOneClass(name, data);
  if (warning) streams.err(`warning: ${warning}`);
}

function parseDelimiter(options: Options<DataOption>, text: string): string {
  const delimiter = text === "tab" || text === "\\t" ? "\t" : text;
  if (/^[^"\r\n]+$/.test(delimiter)) return delimiter;
  return options.refuse(`option "--delimiter" must be a text without quotes and line ends, received "${text}"`);
}

function parseEncoding(options: Options<DataOption>, text: string): string {
  try {
    return new TextDecoder(text).encoding;
  } catch {
    return options.refuse(`option "--encoding" must be a name such as latin1 or utf-16le, received "${text}"`);
  }
}
