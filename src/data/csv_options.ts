/**
 * Options of reading delimited text.
 *
 * @module
 */
import { FittedSchema } from "./fitted_schema.ts";
import { formatValue } from "./format.ts";
import { requireRejectionOptions } from "./rejections.ts";
import { parseSchema, type Schema } from "./schema.ts";
import { createDecoder } from "./source.ts";
import type { ReadColumnsOptions } from "./table_reading.ts";

/** Options of `readCsv`. */
export interface ReadCsvOptions extends ReadColumnsOptions {
  /** Text between fields. @default {tab for names in .tsv; else comma, tab, semicolon or bar, by the first line} */
  delimiter?: string;
  /** Whether `"` encloses fields; otherwise it is a character like others. @default {true} */
  quotes?: boolean;
  /** Whether the first line names the columns, or their names; with `false` they are `"0"`, `"1"`, ... @default {true} */
  header?: boolean | readonly string[];
  /** Label of the text encoding, as `TextDecoder` knows it. @default {"utf-8"} */
  encoding?: string;
}

const OPTIONS: readonly (keyof ReadCsvOptions)[] = [
  "delimiter",
  "quotes",
  "trim",
  "header",
  "onBadRow",
  "onMissingLabel",
  "missing",
  "labeled",
  "limit",
  "encoding",
];

/**
 * Checks the options against each other and against the schema.
 *
 * @param foreign options that the form of the files does not have
 * @throws {TypeError} when an option is unknown or does not go with the schema
 * @throws {RangeError} when a value is out of its range
 */
export function requireCsvOptions(
  schema: Schema | FittedSchema,
  options: ReadCsvOptions,
  foreign: readonly (keyof ReadCsvOptions)[] = [],
): void {
  const own = OPTIONS.filter((name) => !foreign.includes(name));
  for (const key of Object.keys(options)) {
    if (!own.includes(key as keyof ReadCsvOptions)) {
      throw new TypeError(`Cannot read data: options are ${own.join(", ")}, received "${key}"`);
    }
  }
  const { delimiter, missing, labeled, limit = Infinity, encoding = "utf-8" } = options;
  const fitted = schema instanceof FittedSchema;
  if (!fitted) parseSchema(schema);
  if (delimiter !== undefined && !/^[^"\r\n]+$/.test(delimiter)) {
    throw new RangeError(
      `Cannot read data: delimiter must be a text without quotes and line ends, received ${formatValue(delimiter)}`,
    );
  }
  if (!(limit > 0)) throw new RangeError(`Cannot read data: limit must be above 0, received ${formatValue(limit)}`);
  createDecoder(encoding);
  requireRejectionOptions(options);
  if (fitted && missing) throw new TypeError("Cannot read data: a fitted schema has its own missing, received another");
  if (!fitted && labeled === false) {
    throw new TypeError("Cannot read data: fitting needs labels, received labeled false");
  }
  if (fitted && schema.fields.some((field) => field.weighted)) {
    throw new TypeError(
      "Cannot read data: fields with a value each are read by readLibsvm, received a schema with them",
    );
  }
}
