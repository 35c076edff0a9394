/**
 * Rows of values, counted from the first of their field or sequence.
 *
 * @module
 */
import { missingRowOf } from "../../data/field_fit.ts";
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

/** Looks texts up: `rows` has the number of each, and texts that it lacks get that of unseen values, or `others`. */
export function lookUpTexts(
  g: OnnxGraph,
  texts: Value,
  rows: ReadonlyMap<string, number>,
  others = OUT_OF_VOCABULARY,
): Value {
  // The operator needs a text at least.
  const entries = rows.size > 0 ? [...rows] : [["", others] as const];
  const attributes = {
    keys_strings: entries.map(([text]) => text),
    values_int64s: entries.map(([, row]) => row),
    default_int64: others,
  };
  return g.ops("LabelEncoder", [texts], 1, { attributes, domain: "ai.onnx.ml" })[0];
}

/**
 * Returns the rows of all texts of a field or sequence, those that stand for missing values included.
 *
 * @throws {TypeError} when texts are changed before they are looked up, or hashed, which a graph cannot do
 */
export function rowsOfTexts(schema: FittedSchema, owner: FittedField | FittedSequence): Map<string, number> {
  requirePlainTexts(schema, owner);
  const tokens = schema.tokenRows(owner);
  const row = "kind" in owner ? missingRowOf(owner, tokens) : missingRow(owner);
  return new Map([...tokens, ...schema.missing.map((text) => [text, row] as const)]);
}

function requirePlainTexts(schema: FittedSchema, owner: FittedField | FittedSequence): void {
  const { name } = owner;
  const { feature } = "target" in owner && owner.target !== undefined ? schema.fields[owner.target] : owner;
  if (bucketCount(feature) > 0) {
    throw new TypeError(
      `Cannot export model: field "${name}" hashes texts, which a graph cannot; export without strings, so that it takes ` +
        "row numbers",
    );
  }
  const { lowerCase, unicode = "none" } = schema.textRules[schema.features.findIndex((other) => other.name === name)];
  if (!lowerCase && unicode === "none") return;
  const what = lowerCase ? "small letters" : unicode;
  throw new TypeError(
    `Cannot export model: field "${name}" turns texts into ${what}, which a graph cannot; export without strings, so ` +
      "that it takes row numbers",
  );
}
