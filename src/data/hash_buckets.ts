/**
 * Hash buckets of categorical fields: rows for values that no vocabulary has.
 *
 * The bucket of a text is `murmur3(text, seed) mod buckets`, where the field's seed is `murmur3(name, 0)`: the same in
 * every process and version, and another one for the same text in another field.
 *
 * @module
 */
import type { FittedField } from "./fitted_schema.ts";
import { formatValue } from "./format.ts";
import { murmur3 } from "./murmur.ts";
import type { Feature } from "./schema.ts";
import { requireCount } from "./schema_checks.ts";
import { firstValueRow, OUT_OF_VOCABULARY } from "./vocabulary.ts";

/** How a categorical feature hashes values. */
export interface HashBuckets {
  /** Number of rows that all values are hashed to; such a field has no vocabulary. */
  readonly hashBuckets?: number;
  /** Number of rows that values outside of the vocabulary are hashed to: those that are new or rarer than `minCount`. */
  readonly newValueBuckets?: number;
}

/**
 * Reads the options of hash buckets.
 *
 * @throws {RangeError} when a number is not an integer of at least 1
 * @throws {TypeError} when the options do not go together
 */
export function readHashBuckets(
  owner: string,
  { hashBuckets, newValueBuckets }: HashBuckets,
  minCount: number,
): HashBuckets {
  if (hashBuckets !== undefined) {
    requireCount(owner, "hashBuckets", hashBuckets, 1);
    if (minCount !== 1 || newValueBuckets !== undefined) {
      const other = minCount === 1 ? "newValueBuckets" : "minCount";
      throw new TypeError(`Cannot read schema: ${owner} must have hashBuckets or ${other}, received both`);
    }
    return { hashBuckets };
  }
  if (newValueBuckets === undefined) return {};
  requireCount(owner, "newValueBuckets", newValueBuckets, 1);
  if (minCount === 1) {
    throw new TypeError(
      `Cannot read schema: newValueBuckets of ${owner} need a minCount of at least 2, since the rows of new values ` +
        `learn from rare ones, received ${formatValue(minCount)}`,
    );
  }
  return { newValueBuckets };
}

/** Returns how many rows a feature has for hashed values. */
export function bucketCount(feature: Feature): number {
  return feature.kind === "categorical" ? feature.hashBuckets ?? feature.newValueBuckets ?? 0 : 0;
}

/** Tells whether a field hashes each of its values. */
export function isHashed(feature: Feature): boolean {
  return feature.kind === "categorical" && feature.hashBuckets !== undefined;
}

/** Returns the seed of a field's hash. */
export function hashSeed(name: string): number {
  return murmur3(name, 0);
}

/** Returns the first row of a field's buckets, counted from the field's first. */
export function firstBucketRow({ missing, vocabulary = [] }: Pick<FittedField, "missing" | "vocabulary">): number {
  return firstValueRow(missing) + vocabulary.length;
}

/** Makes a function that returns the row of a value that the vocabulary lacks, counted from the field's first. */
export function rowsOfNewValues(field: FittedField): (text: string) => number {
  const buckets = bucketCount(field.feature);
  if (buckets === 0) return () => OUT_OF_VOCABULARY;
  const [seed, first] = [hashSeed(field.name), firstBucketRow(field)];
  return (text) => first + murmur3(text, seed) % buckets;
}
