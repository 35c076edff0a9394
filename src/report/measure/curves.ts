/**
 * Curves over the rows in the order of their scores: ROC, precision and recall, gains and lift, and histograms by label.
 *
 * @module
 */
import { checkScores, requireBothClasses } from "../../metrics/rows.ts";
import { sortRows } from "../../metrics/sort.ts";

/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/** Weight of the rows whose score is at least that of a point, by label. */
interface Above {
  readonly positives: number;
  readonly negatives: number;
}

/** Walks the distinct scores from the highest down; rows with equal scores enter together. */
function* walk(
  what: string,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Generator<
  Above & { readonly all: Above }
> {
  const rows = checkScores(what, scores, labels, weights);
  requireBothClasses(what, rows);
  const { values, labels: y, weights: w } = rows;
  const all = { positives: rows.positiveWeight, negatives: rows.negativeWeight };
  const order = sortRows(values);
  let [positives, negatives] = [0, 0];
  for (let start = order.length - 1, end = start; start >= 0; start = end) {
    for (end = start; end >= 0 && values[order[end]] === values[order[start]]; end--) {
      const row = order[end];
      if (y[row] === 1) positives += w[row];
      else negatives += w[row];
    }
    yield { positives, negatives, all };
  }
}

/**
 * Returns the ROC curve from (0, 0) to (1, 1): the share of negatives and the share of positives above each score.
 *
 * @param scores logits or probabilities; only their order matters
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {RangeError} when a score is NaN, a label is neither 0 nor 1, or only one class has rows
 */
export function rocCurve(scores: ArrayLike<number>, labels: ArrayLike<number>, weights?: ArrayLike<number>): Point[] {
  const points: Point[] = [[0, 0]];
  for (const { positives, negatives, all } of walk("ROC curve", scores, labels, weights)) {
    points.push([negatives / all.negatives, positives / all.positives]);
  }
  return points;
}

/**
 * Returns recall and precision above each score, from the highest score down.
 *
 * @param scores logits or probabilities; only their order matters
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {RangeError} as {@linkcode rocCurve} does
 */
export function precisionRecallCurve(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Point[] {
  const points: Point[] = [];
  for (const { positives, negatives, all } of walk("precision-recall curve", scores, labels, weights)) {
    if (positives + negatives > 0) points.push([positives / all.positives, positives / (positives + negatives)]);
  }
  return points;
}

/**
 * Returns the gains curve from (0, 0) to (1, 1): the share of all rows and the share of positives above each score.
 *
 * @param scores logits or probabilities; only their order matters
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @throws {RangeError} as {@linkcode rocCurve} does
 */
export function gainsCurve(scores: ArrayLike<number>, labels: ArrayLike<number>, weights?: ArrayLike<number>): Point[] {
  const points: Point[] = [[0, 0]];
  for (const { positives, negatives, all } of walk("gains", scores, labels, weights)) {
    points.push([(positives + negatives) / (all.positives + all.negatives), positives / all.positives]);
  }
  return points;
}

/** A tenth of the rows, those with the highest scores first. */
export interface Decile {
  /** Number of the tenth, from 1. */
  readonly decile: number;
  /** Share of all positives among its rows. */
  readonly captured: number;
  /** Share of all positives among its rows and those before. */
  readonly gain: number;
  /** How many times more positives it has than a tenth at random. */
  readonly lift: number;
}

/** Cuts a gains curve into tenths of the rows; rows with equal scores are shared out evenly. */
export function decilesOf(gains: readonly Point[]): Decile[] {
  const parts = 10;
  let before = 0;
  return Array.from({ length: parts }, (_, i) => {
    const gain = i === parts - 1 ? 1 : yAt(gains, (i + 1) / parts);
    const captured = gain - before;
    before = gain;
    return { decile: i + 1, captured, gain, lift: captured * parts };
  });
}

/** Returns the y of a curve of ascending x, along straight lines between its points. */
export function yAt(points: readonly Point[], x: number): number {
  const above = points.findIndex(([at]) => at >= x);
  if (above <= 0) return points[Math.max(0, above)][1];
  const [[x0, y0], [x1, y1]] = [points[above - 1], points[above]];
  return x1 === x0 ? y1 : y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

/**
 * Leaves out points so close to the last one that a chart cannot show them apart: those within 1 / `steps` of the unit
 * square in both directions. The first and the last point stay.
 */
export function thinned(points: readonly Point[], steps = 200): Point[] {
  const kept: Point[] = [];
  points.forEach((point, i) => {
    const last = kept[kept.length - 1];
    const isFar = !last || Math.max(Math.abs(point[0] - last[0]), Math.abs(point[1] - last[1])) >= 1 / steps;
    if (isFar || i === points.length - 1) kept.push(point);
  });
  return kept;
}

/** A bin of scores. */
export interface ScoreBin {
  /** Lower end, inclusive. */
  readonly low: number;
  /** Upper end; inclusive in the last bin alone, which holds all scores above as well. */
  readonly high: number;
  /** Rows in it. */
  readonly rows: number;
  /** Share of the positives' weight. */
  readonly positives: number;
  /** Share of the negatives' weight. */
  readonly negatives: number;
}

/** Share of the scores that a histogram shows apart; the few highest ones would leave no room for the others. */
const SHOWN_SHARE = 0.995;

/**
 * Counts scores by label in bins of one width from 0 to the quantile 0.995; the last bin holds the rest.
 *
 * @param probabilities in [0, 1]
 * @param labels 0 or 1
 * @param weights weight of each row, 1 when absent
 * @param bins number of bins
 * @throws {RangeError} when a probability is NaN or a label is neither 0 nor 1
 */
export function scoreBins(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
  bins = 30,
): ScoreBin[] {
  const { values, labels: y, weights: w, positiveWeight, negativeWeight } = checkScores(
    "score histogram",
    probabilities,
    labels,
    weights,
  );
  const sorted = values.slice().sort();
  const top = sorted[Math.ceil(SHOWN_SHARE * (sorted.length - 1))] || 1;
  const counts = Array.from({ length: bins }, (_, i) => {
    return { low: (i / bins) * top, high: ((i + 1) / bins) * top, rows: 0, positives: 0, negatives: 0 };
  });
  values.forEach((value, row) => {
    const bin = counts[Math.min(bins - 1, Math.floor((value / top) * bins))];
    bin.rows++;
    if (y[row] === 1) bin.positives += w[row] / positiveWeight;
    else bin.negatives += w[row] / negativeWeight;
  });
  return counts;
}
