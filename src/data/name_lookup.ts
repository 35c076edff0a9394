/**
 * Finding the rows of names in a fitted field.
 *
 * @module
 */
import { missingRowOf } from "./field_fit.ts";
import type { FittedField } from "./fitted_schema.ts";
import { isHashed, rowsOfNewValues } from "./hash_buckets.ts";

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

  /**
   * @param tokenRows rows of the vocabulary
   * @param missing texts that stand for a missing value
   */
  constructor(field: FittedField, tokenRows: ReadonlyMap<string, number>, missing: ReadonlySet<string>) {
    this.missingRow = missingRowOf(field, tokenRows);
    this.#tokenRows = tokenRows;
    this.#missing = missing;
    this.#rowOfNew = rowsOfNewValues(field);
    // Where each value is hashed, none is known better than others.
    this.#newness = isHashed(field.feature) ? 0 : 1;
  }

  /** Returns the code of a text in the field's form, or {@linkcode MISSING_NAME}. */
  codeOf(text: string | undefined): number {
    if (text === undefined || this.#missing.has(text)) return MISSING_NAME;
    const row = this.#tokenRows.get(text);
    return row === undefined ? 2 * this.#rowOfNew(text) + this.#newness : 2 * row;
  }

  /** Returns the row of a code. */
  rowOf(code: number): number {
    return code < 0 ? this.missingRow : Math.floor(code / 2);
  }
}
