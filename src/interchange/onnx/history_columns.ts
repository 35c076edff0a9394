/**
 * Sequences as a graph takes them: padded lists, of which the last values are kept.
 *
 * @module
 */
import type { FittedSchema } from "../../data/fitted_schema.ts";
import type { FittedSequence } from "../../data/fitted_sequence.ts";
import type { EncodedHistory } from "./columns.ts";
import type { OnnxGraph, Value } from "./graph.ts";
import type { ColumnNames } from "./names.ts";
import { lookUpTexts, missingRow, rowsOfTexts, withinRows } from "./rows.ts";

/** Stands for no value at either end of a list; in its midst for a missing one. */
export const PADDING = -1;

/** Beyond every place of a list. */
const NOWHERE = 2 ** 40;

interface HistoryOptions {
  readonly names: ColumnNames;
  readonly strings: boolean;
}

/** Which values of padded lists are kept. */
interface Window {
  /** Their places in the lists, `[B, L]`. */
  readonly numbers: Value;
  /** Which of them are there, `[B, L]`. */
  readonly exists: Value;
  /** How many of them are there, `[B]`. */
  readonly lengths: Value;
}

/** Declares the inputs of the sequences of a history and encodes them. */
export function encodeHistory(
  g: OnnxGraph,
  schema: FittedSchema,
  name: string,
  { names, strings }: HistoryOptions,
): EncodedHistory {
  const { sequences, maxLength, weighted } = schema.histories.find((history) => history.name === name)!;
  const lists = sequences.map((sequence) => withEnd(g, localRows(g, schema, sequence, { names, strings }), PADDING));
  const window = keepLast(g, lists[0], maxLength);
  const take = (list: Value) => g.op("GatherElements", [list, window.numbers], { axis: 1 });
  const rows = sequences.map((sequence, m) => {
    const local = take(lists[m]);
    const isMissing = g.op("Equal", [local, g.int(PADDING)]);
    const row = g.where(isMissing, g.int(emptyRow(schema, sequence)), withinRows(g, local, sequence.rows));
    const ids = g.op("Add", [row, g.int(sequence.offset)]);
    return g.unsqueeze(g.where(window.exists, ids, g.int(schema.rowCount)), 2);
  });
  const ids = g.reshape(g.transpose(g.concat(rows, 2), 1, 2, 0), [maxLength * sequences.length, "B"]);
  if (!weighted) return { ids, lengths: window.lengths };
  const weights = take(withEnd(g, names.more(g, sequences[0], "weights", "float"), 0));
  return { ids, lengths: window.lengths, values: g.transpose(g.where(window.exists, weights, 0), 1, 0) };
}

/** Rows counted from the first of a sequence, with padding still among them. */
function localRows(
  g: OnnxGraph,
  schema: FittedSchema,
  sequence: FittedSequence,
  { names, strings }: HistoryOptions,
): Value {
  const input = names.input(g, sequence, strings ? "string" : "int64");
  if (!strings) return input;
  return lookUpTexts(g, input, new Map([...rowsOfTexts(schema, sequence), ["", PADDING]]));
}

/** Returns the row of an empty text within a list. */
function emptyRow(schema: FittedSchema, sequence: FittedSequence): number {
  return rowsOfTexts(schema, sequence).get("") ?? missingRow({ missing: false });
}

/** Puts another value behind each list, so that none has no place at all. */
function withEnd(g: OnnxGraph, lists: Value, value: number): Value {
  const end = value === PADDING ? g.int(value) : g.floats([value], []);
  return g.op("Pad", [lists, g.ints([0, 0, 0, 1]), end], { mode: "constant" });
}

/** Takes padding off both ends of lists and keeps the last values, `most` of them. */
function keepLast(g: OnnxGraph, lists: Value, most: number): Window {
  const count = g.op("Gather", [g.op("Shape", [lists]), g.int(1)]);
  const places = g.op("Range", [g.int(0), count, g.int(1)]);
  const isPadding = g.op("Equal", [lists, g.int(PADDING)]);
  const edge = (kind: "ReduceMin" | "ReduceMax", otherwise: number) =>
    g.op(kind, [g.where(isPadding, g.int(otherwise), places)], { axes: [1], keepdims: 1 });
  const end = g.op("Add", [edge("ReduceMax", -1), g.int(1)]);
  const start = g.op("Max", [edge("ReduceMin", NOWHERE), g.op("Sub", [end, g.int(most)])]);
  const lengths = g.op("Max", [g.op("Sub", [end, start]), g.int(0)]);
  const kept = g.ints(Array.from({ length: most }, (_, t) => t));
  return {
    numbers: g.op("Min", [g.op("Add", [start, kept]), g.op("Sub", [count, g.int(1)])]),
    exists: g.op("Less", [kept, lengths]),
    lengths: g.squeeze(lengths, 1),
  };
}
