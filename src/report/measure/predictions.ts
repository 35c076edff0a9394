/**
 * What the predictions of a label are worth: metrics, curves, reliability, scores and gains.
 *
 * @module
 */
import { calibration, type CalibrationRow, delongInterval, evaluatePredictions, rateInterval } from "../../metrics.ts";
import {
  type Decile,
  decilesOf,
  gainsCurve,
  type Point,
  precisionRecallCurve,
  rocCurve,
  type ScoreBin,
  scoreBins,
  thinned,
} from "./curves.ts";

/** Predictions of a label beside what came. */
export interface Predictions {
  /** In [0, 1]. */
  readonly probabilities: Float32Array;
  /** 0 or 1. */
  readonly labels: Float32Array;
  /** Weights of the rows. */
  readonly weights?: Float32Array;
}

/** A metric; null, with why, where the labels do not allow it. */
export interface MeasuredMetric {
  /** Name, as in an `Evaluation`. */
  readonly name: string;
  /** The metric. */
  readonly value: number | null;
  /** Ends of its 95 % interval, where one is known. */
  readonly interval?: readonly [low: number, high: number];
  /** Why it is null. */
  readonly note?: string;
}

/** A bin of a reliability diagram. */
export interface ReliabilityBin {
  /** Rows in it. */
  readonly rows: number;
  /** Mean probability. */
  readonly predicted: number;
  /** Share of positives. */
  readonly observed: number;
  /** Ends of its 95 % interval by Wilson's score. */
  readonly interval: readonly [low: number, high: number];
}

/** Curves that need rows of both classes. */
export interface RankingCurves {
  /** Share of negatives and of positives above each score. */
  readonly roc: readonly Point[];
  /** Recall and precision above each score. */
  readonly precisionRecall: readonly Point[];
  /** Share of rows and of positives above each score. */
  readonly gains: readonly Point[];
  /** Tenths of the rows by falling score. */
  readonly deciles: readonly Decile[];
}

/** What was measured of a label. */
export interface TaskReport {
  /** The label. */
  readonly task: string;
  /** Rows whose label is known. */
  readonly rows: number;
  /** Those with label 1. */
  readonly positives: number;
  /** Metrics. */
  readonly metrics: readonly MeasuredMetric[];
  /** Curves; absent where all labels are the same. */
  readonly curves?: RankingCurves;
  /** Bins of about equally many rows. */
  readonly reliability: readonly ReliabilityBin[];
  /** The same of probabilities without the model's calibration, where it has one. */
  readonly uncalibrated?: readonly ReliabilityBin[];
  /** Histogram of the scores by label. */
  readonly scores: readonly ScoreBin[];
}

/** Bins of a reliability diagram. */
const BINS = { bins: 10, strategy: "quantile" } as const;

/**
 * Measures the predictions of a label.
 *
 * @param task the label
 * @param predictions probabilities of rows whose label is known
 * @param options how intervals are computed, and probabilities without calibration, where the model has one
 * @throws {RangeError} when a probability leaves [0, 1] or is NaN, or a label is neither 0 nor 1
 */
export function measureTask(
  task: string,
  predictions: Predictions,
  options: IntervalOptions & { readonly uncalibrated?: Float32Array } = {},
): TaskReport {
  const { uncalibrated } = options;
  const { probabilities, labels, weights } = predictions;
  const positives = labels.reduce((sum, label) => sum + label, 0);
  return {
    task,
    rows: labels.length,
    positives,
    metrics: metricsOf(predictions, options),
    ...(positives > 0 && positives < labels.length && { curves: curvesOf(predictions) }),
    reliability: reliabilityOf(predictions),
    ...(uncalibrated && { uncalibrated: reliabilityOf({ ...predictions, probabilities: uncalibrated }) }),
    scores: scoreBins(probabilities, labels, weights),
  };
}

/** Metrics of a label, in the order in which they are told. */
const NAMES = ["auc", "averagePrecision", "logloss", "normalizedEntropy", "brier", "calibration", "ece"] as const;

/** How intervals are computed. */
export interface IntervalOptions {
  /** Resamples of the rows; 0 for no intervals but those of AUC, which need none. @default {1000} */
  readonly resamples?: number;
  /** Seed of the resamples. @default {1} */
  readonly seed?: number;
}

/**
 * Computes the metrics of predictions with 95 % intervals: that of AUC by DeLong, and those of the others from resampled
 * rows.
 */
export function metricsOf({ probabilities, labels, weights }: Predictions, options: IntervalOptions): MeasuredMetric[] {
  const all = evaluatePredictions(probabilities, labels, weights, {
    metrics: ["averagePrecision", "ece"],
    intervals: options.resamples ?? 1000,
    seed: options.seed,
  });
  return NAMES.map((name) => {
    const value = all[name]!;
    if (!Number.isFinite(value)) return { name, value: null, ...(all.notes?.[name] && { note: all.notes[name] }) };
    // Resampling adds noise to each bin and so to this error, which is a sum of sizes: its interval would lie too high.
    if (name === "ece") return { name, value };
    const { low, high } = all.intervals?.[name] ?? { low: NaN, high: NaN };
    const ends = name === "auc" ? aucInterval({ probabilities, labels, weights }) : [low, high] as const;
    return { name, value, ...(ends && ends.every(Number.isFinite) && { interval: ends }) };
  });
}

/** Returns nothing where a class has a single row, which tells nothing of how others would do. */
function aucInterval({ probabilities, labels, weights }: Predictions): MeasuredMetric["interval"] {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives < 2 || labels.length - positives < 2) return undefined;
  return delongInterval(probabilities, labels, { weights }).interval;
}

function curvesOf({ probabilities, labels, weights }: Predictions): RankingCurves {
  const gains = gainsCurve(probabilities, labels, weights);
  return {
    roc: thinned(rocCurve(probabilities, labels, weights)),
    precisionRecall: thinned(precisionRecallCurve(probabilities, labels, weights)),
    gains: thinned(gains),
    deciles: decilesOf(gains),
  };
}

function reliabilityOf({ probabilities, labels, weights }: Predictions): ReliabilityBin[] {
  return calibration(probabilities, labels, { ...BINS, weights }).map(
    ({ rows, meanPrediction, observedRate }: CalibrationRow) => ({
      rows,
      predicted: meanPrediction,
      observed: observedRate,
      // Weights say how much a row counts, and not how many rows were seen.
      interval: rateInterval(observedRate * rows, rows),
    }),
  );
}
