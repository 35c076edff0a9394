/**
 * Finding the rows of names in a fitted field.
 *
 * @module
 */
import { missingRowOf } from "./field_fit.ts";
import type { FittedField } from "./fitted_schema.ts";
import { bucketCount, firstBucketRow, hashSeed, isHashed, rowsOfNewValues } from "./hash_buckets.ts";
import { murmur3Bytes } from "./murmur.ts";

/** Code of a missing name. */
export const MISSING_NAME = -1;

/** Tells whether a code is that of a name that training did not have. */
export function isNew(code: number): boolean {
  return code % 2 === 1;
}

/** Codes the names of a field: twice the row, counted from the field's first, and one more where the name is new. */
export class NameLookup {
  /** Row of a missing name. */
  readonly missingRow: number;
  readonly #tokenRows: ReadonlyMap<string, number>;
  readonly #missing: ReadonlySet<string>;
  readonly #rowOfNew: (text: string) => number;
  readonly #newness: number;
  readonly #seed: number;
  readonly #firstBucket: number;
  readonly #buckets: number;

  /**
   * @param tokenRows rows of the vocabulary
   * @param missing texts that stand for a missing value
   */
  constructor(field: FittedField, tokenRows: ReadonlyMap<string, number>, missing: ReadonlySet<string>) {
    this.missingRow = missingRowOf(field, tokenRows);
    this.#tokenRows = tokenRows;
    this.#missing = missing;
    this.#rowOfNew = rowsOfNewValues(field);
    this.#seed = hashSeed(field.name);
    this.#firstBucket = firstBucketRow(field);
    this.#buckets = bucketCount(field.feature);
    // Where each value is hashed, none is known better than others.
    this.#newness = isHashed(field.feature) ? 0 : 1;
  }

  /** Returns the code of a text in the field's form, or {@linkcode MISSING_NAME}. */
  codeOf(text: string | undefined): number {
    if (text === undefined || this.#missing.has(text)) return MISSING_NAME;
    const row = this.#tokenRows.get(text);
    return row === undefined ? 2 * this.#rowOfNew(text) + this.#newness : 2 * row;
  }

  /** Returns the code of the bytes `[start, end)` of a text in UTF-8, in a field that hashes each of its values. */
  codeOfBytes(bytes: Uint8Array, start: number, end: number): number {
    return 2 * (this.#firstBucket + murmur3Bytes(bytes, start, end, this.#seed) % this.#buckets);
  }

  /** Returns the row of a code. */
  rowOf(code: number): number {
    return code < 0 ? this.missingRow : Math.floor(code / 2);
  }
}
