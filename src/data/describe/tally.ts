/**
 * Counts of one value: of its rows by fold and label, and by part of time.
 *
 * @module
 */

/** Folds of the rows, so that a value's label rate can be taken from other rows than those that it is tested on. */
export const FOLDS = 4;

/** Where a row belongs. */
export interface RowPlace {
  /** 0 or 1. */
  readonly label: number;
  /** Fold, below {@linkcode FOLDS}. */
  readonly fold: number;
  /** Part of time. */
  readonly part: number;
}

/** Counts of rows: by fold those of label 0, by fold those of label 1, then by part. */
export type Tally = Uint32Array;

/** Makes an empty tally. */
export function createTally(parts: number): Tally {
  return new Uint32Array(2 * FOLDS + parts);
}

/** Counts a row. */
export function countRow(tally: Tally, { label, fold, part }: RowPlace): void {
  tally[label * FOLDS + fold]++;
  tally[2 * FOLDS + part]++;
}

/** Returns the rows of a tally, and those of label 1. */
export function rowsOf(tally: Tally): { readonly rows: number; readonly positives: number } {
  let [negatives, positives] = [0, 0];
  for (let fold = 0; fold < FOLDS; fold++) {
    negatives += tally[fold];
    positives += tally[FOLDS + fold];
  }
  return { rows: negatives + positives, positives };
}

/** Returns the rows of a tally by part. */
export function partsOf(tally: Tally): Uint32Array {
  return tally.subarray(2 * FOLDS);
}
