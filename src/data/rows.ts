/**
 * Encoding rows that are already in memory.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import type { Dataset } from "./dataset.ts";
import { featuresOf, FittedSchema } from "./fitted_schema.ts";
import { formatNames, formatValue } from "./format.ts";
import { type RejectionOptions, Rejections, requireRejectionOptions, type RowFault } from "./rejections.ts";
import { parseNumber } from "./scaling.ts";
import type { Schema } from "./schema.ts";
import type { SequenceCell } from "./sequence_column.ts";

/** A value of a row. Numbers, BigInts and booleans stand for their texts; null for a missing value. */
export type RowValue = string | number | bigint | boolean | null | undefined;

/** A row by column; a column left out stands for a missing value, or an empty sequence. Sequences can be lists. */
export type Row = Readonly<Record<string, RowValue | readonly RowValue[]>>;

/** Options of {@linkcode readRows}. */
export interface ReadRowsOptions extends RejectionOptions {
  /** Whether to read the label. @default {false for a fitted schema, true for a declared one} */
  labeled?: boolean;
  /** What to do about a key that is no column of the schema. @default {"error"} */
  unknown?: "error" | "ignore";
  /** Texts that stand for a missing value. A fitted schema brings those of its training data. @default {[""]} */
  missing?: readonly string[];
  /** Whether blanks around texts are removed. @default {as in a fitted schema, else false} */
  trim?: boolean;
}

/**
 * Encodes rows that are already in memory. A declared schema is fitted to them, labels included; a fitted one is used as
 * it is, without labels unless they are asked for.
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
  rows: readonly Row[],
  schema: Schema | FittedSchema,
  options: ReadRowsOptions = {},
): Dataset {
  requireOptions(schema, options);
  const fitted = schema instanceof FittedSchema;
  const { labeled = !fitted, unknown = "error", missing, trim } = options;
  const { time, label } = schema;
  const timed = !fitted && time !== undefined;
  const builder = new DatasetBuilder(schema, { labeled, timed, missing, trim });
  const fields = describeFields(schema);
  const known = new Set(fields.map(({ column }) => column)).add(label);
  if (time !== undefined) known.add(time);
  const rejections = new Rejections(options);
  rows.forEach((row, index) => {
    const where = `Cannot read row ${index}`;
    if (typeof row !== "object" || row === null) {
      throw new TypeError(`${where}: it must be an object, received ${formatValue(row)}`);
    }
    if (unknown === "error") requireKnown(row, known, where);
    const cells = fields.map((field) => field.isSequence ? readList(row, field, where) : readCell(row, field, where));
    const wrong = cells.find((cell) => cell.fault !== undefined)?.fault;
    const fault: RowFault | undefined = wrong === undefined
      ? builder.add({
        texts: cells.map(({ text }) => text),
        weights: cells.map(({ weight }) => weight),
        label: labeled ? textOf(row, label, where) : undefined,
        time: timed ? textOf(row, time, where) : undefined,
      })
      : { reason: wrong };
    if (fault) rejections.take(fault, `row ${index}`, `row ${index}`);
  });
  return builder.finish(rejections);
}

/** How a field is read from a row. */
interface RowField {
  readonly name: string;
  readonly column: string;
  /** Whether its values are names, of which each counts, and not quantities. */
  readonly exact: boolean;
  readonly weighted: boolean;
  readonly isSequence: boolean;
}

/** A cell, or what is wrong with it. */
interface Cell {
  readonly text: SequenceCell;
  readonly weight: number;
  readonly fault?: string;
}

function describeFields(schema: Schema | FittedSchema): RowField[] {
  const weighted = schema instanceof FittedSchema ? schema.fields.map((field) => field.weighted === true) : [];
  return featuresOf(schema).map(({ name, column, kind }, f) => ({
    name,
    column,
    exact: kind === "categorical",
    weighted: weighted[f] ?? false,
    isSequence: kind === "sequence",
  }));
}

function readCell(row: Row, { name, column, exact, weighted }: RowField, where: string): Cell {
  const value = exact && Object.hasOwn(row, column) ? row[column] : undefined;
  if (!isExact(value)) return { text: undefined, weight: 1, fault: inexact(name, value) };
  const text = textOf(row, column, where);
  const colon = weighted ? text?.lastIndexOf(":") ?? -1 : -1;
  if (colon < 0) return { text, weight: 1 };
  const weight = parseNumber(text!.slice(colon + 1));
  const fault = Number.isNaN(weight)
    ? { fault: `field "${name}": expected a number behind the colon, received ${formatValue(text)}` }
    : {};
  return { text: text!.slice(0, colon), weight, ...fault };
}

/** Reads a sequence: a text with separators, or a list. */
function readList(row: Row, { name, column }: RowField, where: string): Cell {
  const value: unknown = Object.hasOwn(row, column) ? row[column] : undefined;
  if (!Array.isArray(value)) return { text: textOf(row, column, where), weight: 1 };
  const wrong = value.find((item) => !isExact(item));
  if (wrong !== undefined) return { text: undefined, weight: 1, fault: inexact(name, wrong) };
  return { text: value.map((item) => formatCell(item, column, where) ?? ""), weight: 1 };
}

/** Whether a value is no number, or one that a double holds exactly, as a name must be. */
function isExact(value: unknown): boolean {
  return typeof value !== "number" || (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value));
}

function inexact(name: string, value: unknown): string {
  return `field "${name}": expected a number that a double holds exactly, received ${value}; ` +
    "give it as a text or a BigInt";
}

function textOf(row: Row, column: string, where: string): string | undefined {
  return formatCell(Object.hasOwn(row, column) ? row[column] : undefined, column, where);
}

function formatCell(value: unknown, column: string, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (["string", "number", "bigint", "boolean"].includes(typeof value)) return String(value);
  throw new TypeError(
    `${where}: "${column}" must be a text, a number, a BigInt or a boolean, received ${formatValue(value)}`,
  );
}

function requireKnown(row: Row, known: ReadonlySet<string>, where: string): void {
  for (const key of Object.keys(row)) {
    if (known.has(key)) continue;
    throw new TypeError(`${where}: columns are ${formatNames([...known])}, received ${formatValue(key)}`);
  }
}

const OPTIONS = ["labeled", "unknown", "missing", "trim", "onBadRow", "onMissingLabel"];

function requireOptions(schema: Schema | FittedSchema, options: ReadRowsOptions): void {
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
