/**
 * Crosses: a categorical feature of the combinations of the values of several columns and features.
 *
 * @module
 */
import { categorical, type CategoricalFeature, type CategoricalOptions } from "../schema.ts";
import type { ColumnOf } from "./derivation.ts";

/** Options of {@linkcode cross}. */
export interface CrossOptions extends
  Pick<
    CategoricalOptions,
    "minCount" | "hashBuckets" | "newValueBuckets" | "ifMissing" | "trim" | "lowerCase" | "unicode"
  > {
  /** Name of the field. @default {the names of the parts with * between them} */
  name?: string;
}

/** Stands between the values of a cross. */
const BETWEEN = "*";

/**
 * Declares a feature whose values are the combinations of two texts or more, `u7*shoes` for one. A combination is missing
 * where one of its texts is.
 *
 * | part | text |
 * | --- | --- |
 * | a feature made by {@linkcode dateParts} | the name of the part, `17` or `monday` |
 * | another cross | its combination |
 * | a numeric feature with `buckets` | the number of the bucket, from 0 upwards, between edges of the training rows |
 * | any other name | the text of that column of the file, which need not be a feature |
 *
 * Features are meant by their names, wherever they stand in the schema; `{ column: "price" }` is the column all the same. All
 * texts are treated as the cross says, or the schema.
 *
 * Models that cross embeddings learn combinations from their parts; a cross gives each a row of its own, which frequent
 * ones are worth. Of the others there are many: leave them out with `minCount`, or let them share `hashBuckets`.
 *
 * @param parts names of columns and of features
 * @throws {TypeError} when there are fewer than two, or an option is unknown, of the wrong type, or does not go with another
 * @throws {RangeError} when a number is not an integer of at least 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { dateParts } from "./dates.ts";
 * import { readRows } from "../rows.ts";
 *
 * assert.equal(cross(["user", "category"], { hashBuckets: 100_000 }).name, "user*category");
 *
 * const rows = [{ y: 1, time: "2026-11-27 17:05", ad: "a" }, { y: 0, time: "2026-11-28 17:00", ad: "b" }];
 * const features = [cross(["time_hour", "ad"]), ...dateParts("time")];
 * assert.deepEqual(readRows(rows, { label: "y", features }).schema.fields[0].vocabulary, ["17*a", "17*b"]);
 * ```
 */
export function cross(parts: readonly (string | ColumnOf)[], options: CrossOptions = {}): CategoricalFeature {
  const names = parts.map((part) => typeof part === "string" ? part : part.column);
  const { name = names.join(BETWEEN), ...others } = options;
  return categorical(name, { ...others, from: { cross: parts } });
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

/** Returns the texts that {@linkcode joinTexts} joined. */
export function splitTexts(joined: string): string[] {
  const texts = [""];
  for (let i = 0; i < joined.length; i++) {
    if (joined[i] === BETWEEN) texts.push("");
    else texts[texts.length - 1] += joined[i] === "\\" ? joined[++i] : joined[i];
  }
  return texts;
}
