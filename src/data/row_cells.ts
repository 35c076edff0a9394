/**
 * Cells of rows that are objects.
 *
 * @module
 */
import type { Cells } from "./builder_cells.ts";
import { columnsOf, derivationOf, sourcesOf } from "./derived/derivation.ts";
import type { FieldCell } from "./derived/derive.ts";
import { featuresOf, FittedSchema } from "./fitted_schema.ts";
import { formatNames, formatValue } from "./format.ts";
import { isKept, mayKeepQuantities } from "./kept_names.ts";
import { packList } from "./kept_texts.ts";
import type { RowFault } from "./rejections.ts";
import { parseNumber } from "./scaling.ts";
import { labelColumns, type Schema } from "./schema.ts";

/** A value of a row. Numbers, BigInts and booleans stand for their texts; null for a missing value. */
export type RowValue = string | number | bigint | boolean | null | undefined;

/** A row by column; a column left out stands for a missing value, or an empty sequence. Sequences can be lists. */
export type Row = Readonly<Record<string, RowValue | readonly RowValue[]>>;

/** Options of {@linkcode RowReader}. */
export interface RowReaderOptions {
  /** Whether rows have labels. */
  readonly labeled: boolean;
  /** Whether rows have times. */
  readonly timed: boolean;
  /** What to do about a key that is no column of the schema. */
  readonly unknown: "error" | "ignore";
}

/** What is wrong with a row that is an object. */
export interface ObjectFault extends RowFault {
  /** Whether it has a key or a type that no row can have, rather than a text that its column does not take. */
  readonly wrongType?: boolean;
}

/** How a field is read from a row. */
export interface RowField {
  /** What errors call it. */
  readonly name: string;
  /** Key of its values. */
  readonly column: string;
  /** Whether its values are names, of which each counts, and not quantities. */
  readonly exact: boolean;
  /** Whether a value can carry a number behind a colon. */
  readonly weighted: boolean;
  /** Whether its values can be lists. */
  readonly isSequence: boolean;
  /** Whether it holds a list in one text. */
  readonly isKept: boolean;
  /** How each of the columns is read that it is made of; absent for a field that is the text of its column. */
  readonly parts?: readonly RowField[];
}

/** A cell, or what is wrong with it. */
export interface Cell {
  /** Its text, those of a list, or those that it is to be made of; none for a missing value. */
  readonly text?: FieldCell;
  /** Number that it carries. */
  readonly weight?: number;
  /** What is wrong with it. */
  readonly fault?: ObjectFault;
}

/** Reads the cells that a schema names from objects. */
export class RowReader {
  readonly #options: RowReaderOptions;
  readonly #fields: readonly RowField[];
  readonly #known: ReadonlySet<string>;
  readonly #labels: readonly string[];
  readonly #time: string | undefined;

  constructor(schema: Schema | FittedSchema, options: RowReaderOptions) {
    this.#options = options;
    this.#fields = describeFields(schema);
    const { time } = schema;
    this.#labels = labelColumns(schema);
    const others = time === undefined ? this.#labels : [...this.#labels, time];
    this.#known = new Set([...featuresOf(schema).flatMap(columnsOf), ...others]);
    this.#time = time;
  }

  /** Columns of the schema. */
  get columns(): ReadonlySet<string> {
    return this.#known;
  }

  /** Returns a row's cells, or what is wrong with it. */
  read(row: unknown): Cells | { fault: ObjectFault } {
    if (!isRow(row)) return wrong(`it must be an object, received ${formatValue(row)}`);
    const { labeled, timed, unknown } = this.#options;
    const surplus = unknown === "error" ? Object.keys(row).find((key) => !this.#known.has(key)) : undefined;
    if (surplus !== undefined) {
      return wrong(`columns are ${formatNames([...this.#known])}, received ${formatValue(surplus)}`);
    }
    const cells = this.#fields.map((field) => readField(row, field));
    const labels = labeled ? this.#labels.map((label): Cell => textOf(row, label)) : [];
    const time: Cell = timed && this.#time !== undefined ? textOf(row, this.#time) : {};
    const fault = [...cells, ...labels, time].find((cell) => cell.fault !== undefined)?.fault;
    if (fault !== undefined) return { fault };
    return {
      texts: cells.map(({ text }) => text),
      weights: cells.map(({ weight = 1 }) => weight),
      labels: labels.map(({ text }) => text as string | undefined),
      time: time.text as string | undefined,
    };
  }
}

/** Tells whether a value is an object that is no list. */
export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns what a row has in a column. */
export function valueOf(row: Row, column: string): RowValue | readonly RowValue[] {
  return Object.hasOwn(row, column) ? row[column] : undefined;
}

/** Tells how the fields of a schema are read, and then its sequences. */
export function describeFields(schema: Schema | FittedSchema): RowField[] {
  const weighted = schema instanceof FittedSchema ? schema.fields.map((field) => field.weighted === true) : [];
  return featuresOf(schema).map((feature, f) => {
    const { name, column, kind } = feature;
    const field: RowField = {
      name: isKept(name) ? column : name,
      column,
      exact: kind === "categorical" && !feature.presence && !mayKeepQuantities(name),
      weighted: weighted[f] ?? false,
      isSequence: kind === "sequence",
      isKept: isKept(name),
    };
    const from = derivationOf(feature);
    if (from === undefined) return field;
    const parts = sourcesOf(from).map(({ column, what }) => ({
      ...field,
      column,
      exact: what === "name",
      isKept: false,
    }));
    return { ...field, parts };
  });
}

function readField(row: Row, field: RowField): Cell {
  const { parts } = field;
  if (parts === undefined) return readCell(valueOf(row, field.column), field);
  const cells = parts.map((part) => readCell(valueOf(row, part.column), part));
  return cells.find(({ fault }) => fault !== undefined) ??
    { text: cells.map(({ text }) => text as string | undefined) };
}

/** Reads a value of a field. */
export function readCell(value: Row[string], field: RowField): Cell {
  const { name, column, exact, weighted, isSequence } = field;
  if (Array.isArray(value) && (isSequence || field.isKept)) return readList(value, field);
  if (exact && !isExact(value)) return { fault: inexact(name, value) };
  const cell = formatCell(value, column);
  const text = cell.text as string | undefined;
  const colon = weighted ? text?.lastIndexOf(":") ?? -1 : -1;
  if (colon < 0) return cell;
  const weight = parseNumber(text!.slice(colon + 1));
  if (!Number.isNaN(weight)) return { text: text!.slice(0, colon), weight };
  return { fault: { reason: `field "${name}": expected a number behind the colon, received ${formatValue(text)}` } };
}

function readList(list: readonly unknown[], { name, column, isKept }: RowField): Cell {
  const vague = list.find((item) => !isExact(item));
  if (vague !== undefined) return { fault: inexact(name, vague) };
  const cells = list.map((item) => formatCell(item, column));
  const fault = cells.find((cell) => cell.fault !== undefined);
  if (fault) return fault;
  const texts = cells.map(({ text }) => (text ?? "") as string);
  return { text: isKept ? packList(texts) : texts };
}

/** Whether a value is no number, or one that a double holds exactly, as a name must be. */
export function isExact(value: unknown): boolean {
  return typeof value !== "number" || (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value));
}

function inexact(name: string, value: unknown): ObjectFault {
  return { reason: `${inexactReason(name, value)}; give it as a text or a BigInt` };
}

/** Says that a number cannot be a name, because others have the same double. */
export function inexactReason(name: string, value: unknown): string {
  return `field "${name}": expected a number that a double holds exactly, received ${value}`;
}

function textOf(row: Row, column: string): Cell {
  return formatCell(valueOf(row, column), column);
}

function formatCell(value: unknown, column: string): Cell {
  if (value === undefined || value === null) return {};
  if (["string", "number", "bigint", "boolean"].includes(typeof value)) return { text: String(value) };
  return wrong(`"${column}" must be a text, a number, a BigInt or a boolean, received ${formatValue(value)}`);
}

function wrong(reason: string): { fault: ObjectFault } {
  return { fault: { reason, wrongType: true } };
}
