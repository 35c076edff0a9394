/**
 * Encoding rows that are already in memory.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import type { Dataset } from "./dataset.ts";
import type { FittedField, FittedSchema } from "./fitted_schema.ts";
import { parseNumber } from "./scaling.ts";

/** A row by column. Numbers and booleans stand for their texts; null, and a column left out, for a missing value. */
export type Row = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Options of {@linkcode readRows}. */
export interface ReadRowsOptions {
  /** Whether to read the label. @default {false} */
  labelled?: boolean;
  /** What to do about a key that is no column of the schema. @default {"error"} */
  unknown?: "error" | "ignore";
}

/**
 * Encodes rows that are already in memory, to predict for them.
 *
 * A field that carries a value besides its row, which files of libsvm can have, takes the form `"id:value"`.
 *
 * @throws {SyntaxError} when a number, or a label that is asked for, is none; the message names row and field
 * @throws {TypeError} when a row has a key that is no column, or a value that is no text, number or boolean
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readCsv } from "./csv.ts";
 * import { categorical } from "./schema.ts";
 *
 * const { schema } = await readCsv(new File(["click,user\n1,u7\n0,u8\n"], "train.csv"), {
 *   label: "click",
 *   features: [categorical("user")],
 * });
 * assert.deepEqual([...readRows([{ user: "u8" }, { user: "new" }], schema).ids], [2, 0]);
 * ```
 */
export function readRows(rows: readonly Row[], schema: FittedSchema, options: ReadRowsOptions = {}): Dataset {
  const { labelled = false, unknown = "error" } = options;
  const builder = new DatasetBuilder(schema, { labelled, timed: false });
  const known = new Set(schema.features.map(({ column }) => column)).add(schema.label);
  if (schema.time !== undefined) known.add(schema.time);
  rows.forEach((row, index) => {
    const where = `Cannot read row ${index}`;
    if (typeof row !== "object" || row === null) {
      throw new TypeError(`${where}: it must be an object, received ${JSON.stringify(row)}`);
    }
    for (const key of unknown === "error" ? Object.keys(row) : []) {
      if (!known.has(key)) throw new TypeError(`${where}: columns are ${[...known].join(", ")}, received "${key}"`);
    }
    const texts = schema.features.map(({ column }) => textOf(row, column, where));
    const wrong = builder.add({
      texts: texts.map((text, f) => schema.fields[f].weighted ? splitWeight(text)[0] : text),
      weights: texts.map((text, f) => weightOf(schema.fields[f], text)),
      label: labelled ? textOf(row, schema.label, where) : undefined,
    });
    if (wrong !== undefined) throw new SyntaxError(`${where}: ${wrong}`);
  });
  return builder.finish();
}

function textOf(row: Row, column: string, where: string): string | undefined {
  const value: unknown = Object.hasOwn(row, column) ? row[column] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new TypeError(`${where}: "${column}" must be a text, a number or a boolean, received ${JSON.stringify(value)}`);
}

function weightOf({ weighted, name }: FittedField, text: string | undefined): number {
  const value = weighted ? splitWeight(text)[1] : undefined;
  if (value === undefined) return 1;
  const weight = parseNumber(value);
  if (Number.isNaN(weight)) {
    throw new SyntaxError(`Cannot read value of "${name}": expected a number, received "${value}"`);
  }
  return weight;
}

function splitWeight(text: string | undefined): [id: string | undefined, value: string | undefined] {
  const colon = text?.lastIndexOf(":") ?? -1;
  return colon < 0 ? [text, undefined] : [text!.slice(0, colon), text!.slice(colon + 1)];
}
