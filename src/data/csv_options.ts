/**
 * Options of reading delimited text.
 *
 * @module
 */
import { FittedSchema } from "./fitted_schema.ts";
import { formatValue } from "./format.ts";
import { type RejectionOptions, requireRejectionOptions } from "./rejections.ts";
import { parseSchema, type Schema } from "./schema.ts";
import { createDecoder } from "./source.ts";

/** Options of `readCsv`. */
export interface ReadCsvOptions extends RejectionOptions {
  /** Text between fields. @default {tab for names in .tsv; else comma, tab, semicolon or bar, by the first line} */
  delimiter?: string;
  /** Whether `"` encloses fields; otherwise it is a character like others. @default {true} */
  quotes?: boolean;
  /** Whether blanks around fields and names of columns are removed. @default {as in a fitted schema, else false} */
  trim?: boolean;
  /** Whether the first line names the columns, or their names; with `false` they are `"0"`, `"1"`, ... @default {true} */
  header?: boolean | readonly string[];
  /** Texts that stand for a missing value. A fitted schema brings those of its training data. @default {[""]} */
  missing?: readonly string[];
  /** Whether to read the label column. Only a fitted schema can do without. @default {true} */
  labeled?: boolean;
  /** Most rows to read, over all files. @default {all} */
  limit?: number;
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
 * @throws {TypeError} when an option is unknown or does not go with the schema
 * @throws {RangeError} when a value is out of its range
 */
export function requireCsvOptions(schema: Schema | FittedSchema, options: ReadCsvOptions): void {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key as keyof ReadCsvOptions)) {
      throw new TypeError(`Cannot read data: options are ${OPTIONS.join(", ")}, received "${key}"`);
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
