/**
 * Crosses: a categorical feature of the combinations of the values of several columns.
 *
 * @module
 */
import { categorical, type CategoricalFeature, type CategoricalOptions } from "../schema.ts";

/** Options of {@linkcode cross}. */
export interface CrossOptions extends Pick<CategoricalOptions, "minCount" | "hashBuckets" | "newValueBuckets"> {
  /** Name of the field. @default {the columns with * between them} */
  name?: string;
}

/** Stands between the values of a cross. */
const BETWEEN = "*";

/**
 * Declares a feature whose values are the combinations of the values of two columns or more, `u7*shoes` for one. A
 * combination is missing where one of its values is.
 *
 * Models that cross embeddings learn combinations from their parts; a cross gives each a row of its own, which frequent
 * ones are worth. Of the others there are many: leave them out with `minCount`, or let them share `hashBuckets`.
 *
 * @param columns columns of the file; they need not be features
 * @throws {TypeError} when there are fewer than two, or an option is unknown, of the wrong type, or does not go with another
 * @throws {RangeError} when a number is not an integer of at least 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(cross(["user", "category"], { hashBuckets: 100_000 }).name, "user*category");
 * ```
 */
export function cross(columns: readonly string[], options: CrossOptions = {}): CategoricalFeature {
  const { name = columns.join(BETWEEN), ...others } = options;
  return categorical(name, { ...others, from: { cross: columns } });
}

/** Joins texts so that no two lists give the same: a `*` or backslash within a text has a backslash before it. */
export function joinTexts(texts: readonly string[]): string {
  let joined = escape(texts[0]);
  for (let i = 1; i < texts.length; i++) joined += BETWEEN + escape(texts[i]);
  return joined;
}

function escape(text: string): string {
  return text.includes(BETWEEN) || text.includes("\\") ? text.replace(/[*\\]/g, "\\$&") : text;
}
