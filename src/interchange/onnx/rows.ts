/**
 * Rows of values, counted from the first of their field or sequence.
 *
 * @module
 */
import type { FittedField, FittedSchema } from "../../data/fitted_schema.ts";
import type { FittedSequence } from "../../data/fitted_sequence.ts";
import { bucketCount } from "../../data/hash_buckets.ts";
import { MISSING, OUT_OF_VOCABULARY } from "../../data/vocabulary.ts";
import type { OnnxGraph, Value } from "./graph.ts";

/** Keeps numbers from 0 to below a count, and turns all others into that of unseen values. */
export function withinRows(g: OnnxGraph, ids: Value, rows: number): Value {
  const isKnown = g.op("And", [
    g.op("GreaterOrEqual", [ids, g.int(0)]),
    g.op("Less", [ids, g.int(rows)]),
  ]);
  return g.where(isKnown, ids, g.int(OUT_OF_VOCABULARY));
}

/** Returns the row of values that are missing, counted from the first of a field. */
export function missingRow({ missing }: { readonly missing: boolean }): number {
  return missing ? MISSING : OUT_OF_VOCABULARY;
}

/** Looks texts up: `rows` has the number of each, and texts that it lacks are unseen. */
export function lookUpTexts(g: OnnxGraph, texts: Value, rows: ReadonlyMap<string, number>): Value {
  // The operator needs a text at least.
  const entries = rows.size > 0 ? [...rows] : [["", OUT_OF_VOCABULARY] as const];
  const attributes = {
    keys_strings: entries.map(([text]) => text),
    values_int64s: entries.map(([, row]) => row),
    default_int64: OUT_OF_VOCABULARY,
  };
  return g.ops("LabelEncoder", [texts], 1, { attributes, domain: "ai.onnx.ml" })[0];
}

/**
 * Returns the rows of all texts of a field, those that stand for missing values included.
 *
 * @throws {TypeError} when the field hashes texts, which no operator does
 */
export function rowsOfTexts(schema: FittedSchema, field: FittedField | FittedSequence): Map<string, number> {
  const owner = "target" in field && field.target !== undefined ? schema.fields[field.target] : field;
  if (bucketCount(owner.feature) > 0) {
    throw new TypeError(
      `Cannot export to ONNX: texts of "${field.name}" must have a vocabulary, received hash buckets; export row numbers`,
    );
  }
  const absent = schema.missing.map((text) => [text, missingRow(field)] as const);
  return new Map([...schema.tokenRows(field), ...absent]);
}
