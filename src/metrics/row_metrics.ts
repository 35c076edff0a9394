/**
 * Metrics of rows that count for more or less than once: all of them in two passes over rows sorted once.
 *
 * @module
 */
import { ECE_BINS, placeInBins } from "./calibration.ts";
import { lossesOf } from "./likelihood.ts";
import type { Rows } from "./rows.ts";
import { sortRows } from "./sort.ts";

/** Metrics that {@linkcode RowMetrics} computes. */
export type RowMetric =
  | "auc"
  | "logloss"
  | "brier"
  | "normalizedEntropy"
  | "calibration"
  | "averagePrecision"
  | "ece";

/** Rows in ascending order of their probabilities, whose metrics are computed again and again. */
export class RowMetrics {
  /** Rows in the order in which they are held. */
  readonly order: Uint32Array;
  readonly #probabilities: Float64Array;
  readonly #labels: Uint8Array;
  readonly #weights: Float64Array;
  readonly #losses: Float64Array;
  /** Whether a row's probability is another one than that of the row before. */
  readonly #isNew: Uint8Array;
  readonly #bins: Uint8Array;

  /**
   * Sorts rows.
   *
   * @param clip distance from 0 and 1 that probabilities keep in the log loss
   */
  constructor({ values, labels, weights }: Rows, clip: number) {
    this.order = sortRows(values);
    const rows = this.order.length;
    this.#probabilities = Float64Array.from({ length: rows }, (_, i) => values[this.order[i]]);
    this.#labels = Uint8Array.from({ length: rows }, (_, i) => labels[this.order[i]]);
    this.#weights = Float64Array.from({ length: rows }, (_, i) => weights[this.order[i]]);
    this.#losses = lossesOf(this.#probabilities, this.#labels, clip);
    this.#isNew = Uint8Array.from(this.#probabilities, (p, i) => Number(i === 0 || p !== this.#probabilities[i - 1]));
    this.#bins = placeInBins(this.#probabilities, ECE_BINS);
  }

  /**
   * Computes all metrics of rows that count `counts[i]` times, in the order in which they are held. The bins of `ece` are
   * those of the rows as they are.
   *
   * @returns NaN for a metric that the rows do not allow
   */
  measure(counts: ArrayLike<number>): Record<RowMetric, number> {
    const { positive, negative, ...sums } = this.#addUp(counts);
    const total = positive + negative;
    const rate = positive / total;
    const entropy = -rate * Math.log(rate) - (1 - rate) * Math.log1p(-rate);
    const { right, precision } = this.#rank(counts, positive, total);
    return {
      auc: right / (positive * negative),
      logloss: sums.loss / total,
      brier: sums.squares / total,
      normalizedEntropy: sums.loss / total / entropy,
      calibration: positive > 0 ? sums.expected / positive : NaN,
      averagePrecision: positive > 0 ? precision : NaN,
      ece: sums.gaps / total,
    };
  }

  /** Adds up what does not depend on the order. */
  #addUp(
    counts: ArrayLike<number>,
  ): Record<"positive" | "negative" | "loss" | "squares" | "expected" | "gaps", number> {
    const [probabilities, labels, weights, losses, bins] = [
      this.#probabilities,
      this.#labels,
      this.#weights,
      this.#losses,
      this.#bins,
    ];
    let [positive, negative, loss, squares, expected] = [0, 0, 0, 0, 0];
    const gaps = new Float64Array(ECE_BINS.bins);
    for (let i = 0; i < labels.length; i++) {
      const weight = counts[i] * weights[i];
      if (weight === 0) continue;
      const error = probabilities[i] - labels[i];
      if (labels[i] === 1) positive += weight;
      else negative += weight;
      loss += weight * losses[i];
      squares += weight * error * error;
      expected += weight * probabilities[i];
      gaps[bins[i]] += weight * error;
    }
    return { positive, negative, loss, squares, expected, gaps: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) };
  }

  /** Counts pairs that are ranked right, and sums precision over recall from the lowest probability up. */
  #rank(counts: ArrayLike<number>, positive: number, total: number): { right: number; precision: number } {
    const [labels, weights, isNew] = [this.#labels, this.#weights, this.#isNew];
    let [below, positivesBelow, right, precision] = [0, 0, 0, 0];
    for (let start = 0, end = 0; start < labels.length; start = end) {
      let [positives, negatives] = [0, 0];
      do {
        const weight = counts[end] * weights[end];
        if (labels[end] === 1) positives += weight;
        else negatives += weight;
        end++;
      } while (end < labels.length && isNew[end] === 0);
      right += positives * (below - positivesBelow + negatives / 2);
      if (positives > 0) precision += positives / positive * (positive - positivesBelow) / (total - below);
      below += positives + negatives;
      positivesBelow += positives;
    }
    return { right, precision };
  }
}
