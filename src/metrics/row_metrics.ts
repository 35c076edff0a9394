/**
 * Metrics of rows that count for more or less than once: all of them in one pass over rows sorted once.
 *
 * @module
 */
import { ECE_BINS, placeInBins } from "./calibration.ts";
import { lossesOf } from "./likelihood.ts";
import { type Rows, takeNumbers } from "./rows.ts";
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

/** Rows in descending order of their probabilities, whose metrics are computed again and again. */
export class RowMetrics {
  /** Row numbers in the order in which they are held. */
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
    this.#bins = placeInBins(takeNumbers(values, this.order)).reverse();
    this.order.reverse();
    this.#probabilities = takeNumbers(values, this.order);
    this.#labels = Uint8Array.from(takeNumbers(labels, this.order));
    this.#weights = takeNumbers(weights, this.order);
    this.#losses = lossesOf(this.#probabilities, this.#labels, clip);
    this.#isNew = new Uint8Array(this.order.length);
    for (let i = 1; i < this.#isNew.length; i++) {
      this.#isNew[i] = Number(this.#probabilities[i] !== this.#probabilities[i - 1]);
    }
  }

  /**
   * Computes all metrics of rows that count `counts[i]` times, in the order in which they are held. The bins of `ece` are
   * those of the rows as they are.
   *
   * @returns NaN for a metric that the rows do not allow
   */
  measure(counts: ArrayLike<number>): Record<RowMetric, number> {
    const probabilities = this.#probabilities;
    const [labels, weights, losses] = [this.#labels, this.#weights, this.#losses];
    const [isNew, bins] = [this.#isNew, this.#bins];
    const gaps = new Float64Array(ECE_BINS.bins);
    let [loss, squares, expected, right, precision] = [0, 0, 0, 0, 0];
    // Weights of rows above the tied ones, and of those.
    let [positive, negative, tiedPositive, tiedNegative] = [0, 0, 0, 0];
    for (let i = 0; i <= labels.length; i++) {
      if (i === labels.length || isNew[i] === 1) {
        right += tiedNegative * (positive + tiedPositive / 2);
        positive += tiedPositive;
        negative += tiedNegative;
        if (tiedPositive > 0) precision += tiedPositive * positive / (positive + negative);
        tiedPositive = tiedNegative = 0;
        if (i === labels.length) break;
      }
      const weight = counts[i] * weights[i];
      const error = probabilities[i] - labels[i];
      const own = weight * labels[i];
      tiedPositive += own;
      tiedNegative += weight - own;
      loss += weight * losses[i];
      squares += weight * error * error;
      expected += weight * probabilities[i];
      gaps[bins[i]] += weight * error;
    }
    const total = positive + negative;
    const rate = positive / total;
    const entropy = -rate * Math.log(rate) - (1 - rate) * Math.log1p(-rate);
    return {
      auc: right / (positive * negative),
      logloss: loss / total,
      brier: squares / total,
      normalizedEntropy: loss / total / entropy,
      calibration: positive > 0 ? expected / positive : NaN,
      averagePrecision: precision / positive,
      ece: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total,
    };
  }
}
