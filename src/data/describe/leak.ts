/**
 * How well a field alone predicts the label.
 *
 * @module
 */
import { auc } from "../../metrics.ts";
import { FOLDS, rowsOf, type Tally } from "./tally.ts";

/** Rows at the rate of all that are added to those of a value. */
const PRIOR_ROWS = 10;

/**
 * Computes the AUC of a field's label rates: the score of a row of value v in fold f is the rate of v in the other folds,
 * `(k_{v,-f} + 10 p) / (n_{v,-f} + 10)` with p the rate of all rows. Since no row has a say in its own score, a field whose
 * values occur once each has 0.5 and not 1.
 *
 * Rows are compared with those of their own fold alone: a fold with many positives leaves few to the others, whose rates
 * would rank the folds in the wrong order.
 *
 * @param tallies counts by value
 * @returns NaN when the rows of each fold are of one class
 */
export function targetRateAuc(tallies: Iterable<Tally>): number {
  const values = [...tallies].map((tally) => ({ tally, ...rowsOf(tally) }));
  let [rows, positives] = [0, 0];
  for (const value of values) {
    rows += value.rows;
    positives += value.positives;
  }
  const prior = positives / rows;
  let [right, pairs] = [0, 0];
  for (let fold = 0; fold < FOLDS; fold++) {
    const [scores, labels, weights]: number[][] = [[], [], []];
    const known = [0, 0];
    for (const { tally, rows, positives } of values) {
      const own = [tally[fold], tally[FOLDS + fold]];
      const score = (positives - own[1] + PRIOR_ROWS * prior) / (rows - own[0] - own[1] + PRIOR_ROWS);
      for (const label of [0, 1]) {
        if (own[label] === 0) continue;
        scores.push(score);
        labels.push(label);
        weights.push(own[label]);
        known[label] += own[label];
      }
    }
    if (known[0] === 0 || known[1] === 0) continue;
    right += known[0] * known[1] * auc(scores, labels, weights);
    pairs += known[0] * known[1];
  }
  return right / pairs;
}
