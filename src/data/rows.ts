/**
 * Encoding rows that are already in memory.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import type { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { type RejectionOptions, Rejections, requireRejectionOptions } from "./rejections.ts";
import { type Row, RowReader } from "./row_cells.ts";
import type { Schema } from "./schema.ts";

export type { Row, RowValue } from "./row_cells.ts";

/** Options of {@linkcode readRows}. */
export interface ReadRowsOptions extends RejectionOptions {
  /** Whether to read the labels. @default {false for a fitted schema, true for a declared one} */
  labeled?: boolean;
  /** What to do about a key that is no column of the schema. @default {"error"} */
  unknown?: "error" | "ignore";
  /** Texts that stand for a missing value. A fitted schema brings those of its training data. @default {[""]} */
  missing?: readonly string[];
  /** Whether blanks around texts are removed. @default {as in a fitted schema, else false} */
  trim?: boolean;
}

/**
 * Encodes rows that are already in memory, or are made one after the other. A declared schema is fitted to them, labels
 * included; a fitted one is used as it is, without labels unless they are asked for.
 *
 * A field that carries a value besides its row, which files of libsvm can have, takes the form `"id:value"`.
 *
 * @throws {SyntaxError} when a row is malformed: a number, time or label is none, or an id is a number that a double
 * does not hold exactly; the message names row and field
 * @throws {TypeError} when a row has a key that is no column, or a value that is no text, number, BigInt or boolean
 * @throws {RangeError} when there is no row to fit to, or labels are of more than two texts
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical } from "./schema.ts";
 *
 * const clicks = [{ click: 1, user: "u7" }, { click: 0, user: 8n }];
 * const { schema } = readRows(clicks, { label: "click", features: [categorical("user")] });
 * assert.deepEqual([...readRows([{ user: "u7" }, { user: "new" }], schema).ids], [2, 0]);
 * ```
 */
export function readRows(
  rows: Iterable<Row>,
  schema: Schema | FittedSchema,
  options: ReadRowsOptions = {},
): Dataset {
  requireRowsOptions(schema, options);
  return encodeRows(rows, schema, options);
}

/** Encodes as {@linkcode readRows} does, with options that are known to be good. */
export function encodeRows(rows: Iterable<Row>, schema: Schema | FittedSchema, options: ReadRowsOptions): Dataset {
  const fitted = schema instanceof FittedSchema;
  const { labeled = !fitted, unknown = "error", missing, trim } = options;
  const timed = !fitted && schema.time !== undefined;
  const builder = new DatasetBuilder(schema, { labeled, timed, missing, trim });
  const reader = new RowReader(schema, { labeled, timed, unknown });
  const rejections = new Rejections(options);
  let index = 0;
  for (const row of rows) {
    const cells = reader.read(row);
    const fault = "fault" in cells ? cells.fault : builder.add(cells);
    if (fault && "wrongType" in fault) throw new TypeError(`Cannot read row ${index}: ${fault.reason}`);
    if (fault) rejections.take(fault, `row ${index}`, `row ${index}`);
    index++;
  }
  return builder.finish(rejections);
}

const OPTIONS = ["labeled", "unknown", "missing", "trim", "onBadRow", "onMissingLabel"];

/**
 * Checks the options against the schema.
 *
 * @throws {TypeError} when an option is unknown or does not go with the schema
 * @throws {RangeError} when a value is out of its range
 */
export function requireRowsOptions(schema: Schema | FittedSchema, options: ReadRowsOptions): void {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key)) {
      throw new TypeError(`Cannot read rows: options are ${OPTIONS.join(", ")}, received "${key}"`);
    }
  }
  requireRejectionOptions(options);
  const fitted = schema instanceof FittedSchema;
  if (fitted && options.missing) {
    throw new TypeError("Cannot read rows: a fitted schema has its own missing, received another");
  }
  if (!fitted && options.labeled === false) {
    throw new TypeError("Cannot read rows: fitting needs labels, received labeled false");
  }
}
