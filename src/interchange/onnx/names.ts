/**
 * Names of the inputs of a graph.
 *
 * @module
 */
import { derivationOf } from "../../data/derived/derivation.ts";
import { isPresence } from "../../data/field_features.ts";
import type { FittedField, FittedSchema } from "../../data/fitted_schema.ts";
import type { FittedSequence } from "../../data/fitted_sequence.ts";
import type { OnnxGraph, Value } from "./graph.ts";
import type { Element, OnnxPort } from "./proto.ts";

/** A field or sequence that reads an input. */
type Reader = FittedField | FittedSequence;

/** Declares inputs at their first use. */
export interface ColumnNames {
  /** Returns what an input holds: numbers, texts or row numbers. */
  elementOf(reader: Reader): Element;
  /** Returns the input of a column, `[B, 1]`, or `[B, L]` of a sequence. */
  input(g: OnnxGraph, reader: Reader, element: Element): Value;
  /** Returns another input of the same sizes, whose name ends in `_WHAT`. */
  more(g: OnnxGraph, reader: Reader, what: string, element: Element): Value;
}

const isSequence = ({ feature: { kind } }: Reader): boolean => kind === "sequence";

/** Says which features can share an input: those that read the same elements of one column. */
function keyOf(reader: Reader, element: Element): string {
  const { name, feature } = reader;
  // Row numbers are those of one feature's vocabulary, and a statistic is one feature's.
  const isOwn = element === "int64" || derivationOf(feature) !== undefined;
  return JSON.stringify([feature.column, element, isSequence(reader), ...(isOwn ? [name] : [])]);
}

/** Names inputs by their columns, or by features where those of one column cannot share an input. */
export function nameColumns(schema: FittedSchema, strings: boolean): ColumnNames {
  const numeric = new Set(
    schema.fields.filter(({ feature: { kind } }) => kind === "numeric").map(({ feature: { column } }) => column),
  );
  const elementOf = ({ feature }: Reader): Element => {
    // Numbers say by themselves whether they are there.
    const isNumber = feature.kind === "numeric" ||
      (isPresence(feature) && numeric.has(feature.column));
    return isNumber ? "float" : strings ? "string" : "int64";
  };
  const keys = new Map<string, Set<string>>();
  for (const reader of [...schema.fields, ...schema.sequences]) {
    const { column } = reader.feature;
    keys.set(column, (keys.get(column) ?? new Set()).add(keyOf(reader, elementOf(reader))));
  }
  const declared = new Map<string, Value>();
  const declare = (g: OnnxGraph, reader: Reader, key: string, name: string, element: Element): Value => {
    const known = declared.get(key);
    if (known !== undefined) return known;
    const shape: OnnxPort["shape"] = ["batch", isSequence(reader) ? `${reader.name}_length` : 1];
    const input = g.input(name, element, shape);
    declared.set(key, input);
    return input;
  };
  const nameOf = ({ name, feature: { column } }: Reader) => keys.get(column)!.size > 1 ? name : column;
  return {
    elementOf,
    input: (g, reader, element) => declare(g, reader, keyOf(reader, element), nameOf(reader), element),
    more: (g, reader, what, element) =>
      declare(g, reader, `${what} ${keyOf(reader, element)}`, `${nameOf(reader)}_${what}`, element),
  };
}
