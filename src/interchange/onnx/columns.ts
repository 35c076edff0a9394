/**
 * Columns as a graph takes them, and the row numbers and values that it makes of them.
 *
 * @module
 */
import { isPresence } from "../../data/field_features.ts";
import { missingRowOf } from "../../data/field_fit.ts";
import type { FittedField, FittedSchema } from "../../data/fitted_schema.ts";
import { derivationOf } from "../../data/derived/derivation.ts";
import { isFromNeighbors } from "../../data/neighbors.ts";
import { firstValueRow, MISSING } from "../../data/vocabulary.ts";
import type { OnnxGraph, Value } from "./graph.ts";
import { encodeHistory } from "./history_columns.ts";
import { type ColumnNames, nameColumns } from "./names.ts";
import { lookUpTexts, rowsOfTexts, withinRows } from "./rows.ts";

/** A history in the graph. */
export interface EncodedHistory {
  /** Row numbers `[L M, B]`, past every table where a row has no more values. */
  readonly ids: Value;
  /** Values of each row, `[B]`. */
  readonly lengths: Value;
  /** Weights `[L, B]`, 0 past the end; absent when all are 1. */
  readonly values?: Value;
}

/** What a graph makes of its inputs. */
export interface EncodedColumns {
  /** Row numbers `[F, B]`. */
  readonly ids: Value;
  /** Values `[F, B]`; absent when all are 1. */
  readonly values?: Value;
  /** Returns a history by its name; its inputs are declared when it is first asked for. */
  history(name: string): EncodedHistory;
}

/** How names come in: as texts, or as row numbers counted from the first of their field. */
export interface ColumnOptions {
  readonly strings: boolean;
}

interface Encoded {
  /** Row numbers `[B, 1]`. */
  readonly ids: Value;
  /** Values `[B, 1]`; all are 1 when absent. */
  readonly values?: Value;
}

/** Declares an input for each column of the fields, and encodes them as `encodeColumns` of data sets does. */
export function encodeInputs(g: OnnxGraph, schema: FittedSchema, { strings }: ColumnOptions): EncodedColumns {
  if (strings) requireColumns(schema);
  requireNoNeighbors(schema);
  const names = nameColumns(schema, strings);
  const encoded = schema.fields.map((field): Encoded => {
    if (field.kind === "numeric") return encodeNumber(g, field, names);
    if (field.kind === "bucketed") return { ids: encodeBucket(g, field, names) };
    return encodeName(g, field, { schema, names, strings });
  });
  const columns = (parts: readonly Value[]) => g.transpose(g.concat(parts, 1), 1, 0);
  const histories = new Map<string, EncodedHistory>();
  return {
    ids: columns(encoded.map(({ ids }) => ids)),
    ...(schema.hasValues && { values: columns(encoded.map(({ ids, values }) => values ?? onesLike(g, ids))) }),
    history: (name) => {
      const known = histories.get(name) ?? encodeHistory(g, schema, name, { names, strings });
      histories.set(name, known);
      return known;
    },
  };
}

/**
 * Refuses fields whose values are made of columns, which no graph does.
 *
 * @throws {TypeError} then
 */
function requireColumns({ fields }: FittedSchema): void {
  const derived = fields.find(({ feature }) => derivationOf(feature) !== undefined);
  if (derived === undefined) return;
  throw new TypeError(
    `Cannot export model: field "${derived.name}" is made of columns, which a graph cannot; export without strings, so ` +
      "that it takes row numbers",
  );
}

/** Refuses numbers that are filled in from training rows, among which a graph would have to look. */
function requireNoNeighbors({ features }: FittedSchema): void {
  const found = features.find(isFromNeighbors);
  if (!found) return;
  throw new TypeError(
    `Cannot export model: missing numbers of "${found.name}" come from the nearest rows, which a graph cannot look for; ` +
      "ifMissing mean or median can be exported",
  );
}

/** Returns a one for each row. */
function onesLike(g: OnnxGraph, ids: Value): Value {
  return g.op("Add", [g.op("Mul", [g.cast(ids, "float"), 0]), 1]);
}

function encodeName(
  g: OnnxGraph,
  field: FittedField,
  { schema, names, strings }: { schema: FittedSchema; names: ColumnNames; strings: boolean },
): Encoded {
  if (names.elementOf(field) === "float") return { ids: encodePresence(g, field, names) };
  const input = names.input(g, field, strings ? "string" : "int64");
  const rows = strings ? lookUpName(g, input, schema, field) : withinRows(g, input, field.rows);
  const ids = g.op("Add", [rows, g.int(field.offset)]);
  return field.weighted ? { ids, values: names.more(g, field, "value", "float") } : { ids };
}

function lookUpName(g: OnnxGraph, input: Value, schema: FittedSchema, field: FittedField): Value {
  if (!isPresence(field.feature)) return lookUpTexts(g, input, rowsOfTexts(schema, field));
  const absent = schema.missing.map((text) => [text, missingRowOf(field, new Map())] as const);
  return lookUpTexts(g, input, new Map(absent), firstValueRow(field.missing));
}

/** Says of a number whether it is there; NaN stands for a missing one. */
function encodePresence(g: OnnxGraph, field: FittedField, names: ColumnNames): Value {
  const isMissing = g.op("IsNaN", [names.input(g, field, "float")]);
  const { offset, missing } = field;
  return g.where(isMissing, g.int(offset + missingRowOf(field, new Map())), g.int(offset + firstValueRow(missing)));
}

/** Computes the row and the scaled number; NaN stands for a missing one. */
function encodeNumber(g: OnnxGraph, field: FittedField, names: ColumnNames): Encoded {
  const { offset, missing, scaling, range, feature, fill } = field;
  const input = names.input(g, field, "float");
  const isMissing = g.op("IsNaN", [input]);
  // In 64 bits, as data sets scale: a small spread about a large center leaves few digits of 32.
  const double = (value: number) => g.constant("double", [value], []);
  let x = g.cast(g.where(isMissing, 0, input), "double");
  if (fill !== undefined) x = g.op("Where", [isMissing, double(fill as number), x]);
  if (range && feature.kind === "numeric" && feature.clamp) {
    x = g.op("Max", [g.op("Min", [x, double(range[1])]), double(range[0])]);
  }
  const { scale, center, spread } = scaling!;
  if (scale === "log") {
    const size = g.op("Log", [g.op("Add", [g.op("Abs", [x]), double(1)])]);
    x = g.op("Mul", [g.op("Sign", [x]), size]);
  }
  const scaled = g.cast(g.op("Div", [g.op("Sub", [x, double(center)]), double(spread)]), "float");
  if (fill !== undefined) return { ids: g.where(isMissing, g.int(offset), g.int(offset)), values: scaled };
  return {
    ids: g.where(isMissing, g.int(offset + (missing ? MISSING : 0)), g.int(offset)),
    values: g.where(isMissing, missing ? 1 : 0, scaled),
  };
}

/** Counts the edges that are not above a number. */
function encodeBucket(g: OnnxGraph, field: FittedField, names: ColumnNames): Value {
  const { offset, missing, edges = [] } = field;
  const input = names.input(g, field, "float");
  const isMissing = g.op("IsNaN", [input]);
  const first = offset + firstValueRow(missing);
  // Edges are numbers of the training data, which have to meet themselves when both are rounded to 32 bits.
  const bucket = edges.length === 0 ? g.int(first) : g.op("Add", [
    g.sum(g.cast(g.op("LessOrEqual", [g.floats(edges), input]), "int64"), [1], true),
    g.int(first),
  ]);
  return g.where(isMissing, g.int(offset + missingRowOf(field, new Map())), bucket);
}
