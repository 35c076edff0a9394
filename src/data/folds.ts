/**
 * Cross-validation: rows in k folds, each of which is held out once.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";
import { divideGroups, groupsBy } from "./groups.ts";
import { requireU32, shuffled } from "./random.ts";
import { collectParts, requireSeparable, type Splittable } from "./split.ts";
import { divideStrata, strataOf } from "./strata.ts";

/** Options of {@linkcode kFold}. */
export interface FoldOptions {
  /** Seed of the random division, an integer in [0, 2^32). */
  seed: number;
  /** Categorical field whose values stay together: rows of one user are in one fold. */
  groups?: string;
  /** Whether each fold has the same share of each label, as nearly as whole groups allow. @default {false} */
  stratify?: boolean;
}

/** One of the folds, and all others. */
export interface Fold {
  /** Rows of all other folds. */
  readonly training: Dataset;
  /** Rows of the fold, to evaluate. */
  readonly test: Dataset;
}

/**
 * Divides the rows at random into k folds of equal size, as nearly as groups allow, and holds each out once. As with
 * `Dataset.split`, the schema stays the one of all rows: `readCsvFolds` fits it to the training rows alone.
 *
 * @param k number of folds, at least 2
 * @returns the folds, whose rows are copied when they are asked for
 * @throws {RangeError} when a fold would be empty, there is no such field, or `k` or the seed is out of its range
 * @throws {TypeError} when statistics of the past were made of all rows: `readCsvFolds` divides them first
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { zipfDataset } from "./synthetic.ts";
 *
 * const data = zipfDataset({ rows: 100, fields: 3, totalRows: 60, seed: 1 });
 * const sizes = [...kFold(data, 5, { seed: 1 })].map(({ training, test }) => [training.rows, test.rows]);
 * assert.deepEqual(sizes, Array(5).fill([80, 20]));
 * ```
 */
export function kFold(data: Dataset, k: number, options: FoldOptions): Generator<Fold> {
  if (!Number.isInteger(k) || k < 2) {
    throw new RangeError(`Cannot make folds: their number must be an integer of at least 2, received ${k}`);
  }
  requireU32("make folds", "seed", options.seed);
  requireSeparable(data);
  const foldOf = divide(data, new Array(k).fill(1 / k), options);
  const folds = collectParts(foldOf, k);
  return (function* () {
    for (const [fold, rows] of folds.entries()) {
      const others = new Uint32Array(data.rows - rows.length);
      let count = 0;
      foldOf.forEach((other, row) => {
        if (other !== fold) others[count++] = row;
      });
      yield { training: data.select(others), test: data.select(rows) };
    }
  })();
}

/** Returns the fold of each row. */
function divide(data: Splittable, fractions: readonly number[], { seed, groups, stratify }: FoldOptions): Uint32Array {
  const strata = stratify ? strataOf(data) : undefined;
  if (groups !== undefined) return divideGroups(groupsBy(data, groups), fractions, seed, strata);
  if (strata) return divideStrata(strata, fractions, seed);
  const foldOf = new Uint32Array(data.rows);
  shuffled(data.rows, seed).forEach((row, place) => foldOf[row] = Math.floor(place * fractions.length / data.rows));
  return foldOf;
}
