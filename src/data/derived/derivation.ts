/**
 * What a feature is made of, where it is not the text of one column: several columns joined, or a part of a date.
 *
 * @module
 */
import type { Json } from "../../checkpoint/canonical_json.ts";
import { formatValue } from "../format.ts";
import type { CategoricalFeature, Feature, NumericFeature } from "../schema.ts";
import { requireKeys, requireText } from "../schema_checks.ts";

/** Names that are made of the values of several columns: one for each combination. */
export interface CrossOf {
  /** The columns, two or more, whose values are joined in this order. */
  readonly cross: readonly string[];
}

/** How the values of a feature are made of columns. */
export type Derivation = CrossOf;

/**
 * Reads how a feature is made of columns, and fills in the defaults.
 *
 * @param names of the feature and of its column, which must be one: such a feature has no column of its own
 * @throws {TypeError} when it is something else; the message names the feature
 */
export function readDerivation(
  owner: string,
  json: unknown,
  { name, column }: { readonly name: string; readonly column: string },
): Derivation {
  if (column !== name) throw new TypeError(`Cannot read schema: ${owner} must have from or column, received both`);
  const { cross } = requireKeys(`from of ${owner}`, json, ["cross"]);
  return { cross: requireColumns(owner, "cross", cross, 2) };
}

/** Returns what a feature is made of; nothing for one that is the text of its column. */
export function derivationOf(feature: Feature): Derivation | undefined {
  return feature.kind === "categorical" ? feature.from : undefined;
}

/** Returns a feature as JSON. */
export function featureJson(
  { from, ...feature }: CategoricalFeature | NumericFeature & { readonly from?: undefined },
): {
  readonly [key: string]: Json | undefined;
} {
  return { ...feature, ...(from === undefined ? {} : { from: { ...from } }) };
}

/** Returns the columns that a feature is read from. */
export function columnsOf(feature: Feature): readonly string[] {
  const from = derivationOf(feature);
  return from === undefined ? [feature.column] : from.cross;
}

/** Returns a list of different columns, as many as asked for at least. */
function requireColumns(owner: string, key: string, value: unknown, least: number): readonly string[] {
  if (!Array.isArray(value) || value.length < least) {
    throw new TypeError(
      `Cannot read schema: ${key} of ${owner} must be a list of at least ${least} columns, received ${
        formatValue(value)
      }`,
    );
  }
  for (const column of value) requireText(owner, key, column);
  if (new Set(value).size < value.length) {
    throw new TypeError(`Cannot read schema: ${key} of ${owner} must be different columns, received ${value}`);
  }
  return value;
}
