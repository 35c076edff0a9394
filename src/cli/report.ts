/**
 * What predictions are worth, in words.
 *
 * @module
 */
import {
  auc,
  brier,
  calibration,
  calibrationRatio,
  expectedCalibrationError,
  logloss,
  normalizedEntropy,
} from "../metrics.ts";
import { formatCount, formatShare, formatTable } from "./table.ts";

/** Bins of the calibration table; each holds about the same number of rows. */
const BINS = { bins: 10, strategy: "quantile" } as const;

/**
 * Writes metrics and a calibration table.
 *
 * @throws {RangeError} when the labels hold only one class
 */
export function formatReport(probabilities: Float32Array, labels: Float32Array): string {
  const metrics: [string, string][] = [
    ["rows", formatCount(labels.length)],
    ["AUC", auc(probabilities, labels).toFixed(5)],
    ["logloss", logloss(probabilities, labels).toFixed(5)],
    ["normalized entropy", normalizedEntropy(probabilities, labels).toFixed(4)],
    ["Brier score", brier(probabilities, labels).toFixed(5)],
    ["predicted / observed", calibrationRatio(probabilities, labels).toFixed(4)],
    ["calibration error", expectedCalibrationError(probabilities, labels, BINS).toFixed(4)],
  ];
  const width = Math.max(...metrics.map(([name]) => name.length));
  const lines = metrics.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return [...lines, "", formatCalibration(probabilities, labels)].join("\n");
}

/** Writes mean prediction against observed rate by tenths of the rows, ordered by probability. */
export function formatCalibration(probabilities: Float32Array, labels: Float32Array): string {
  const rows = calibration(probabilities, labels, BINS).map((bin) => [
    `${bin.lower.toFixed(4)} .. ${bin.upper.toFixed(4)}`,
    formatCount(bin.rows),
    formatShare(bin.meanPrediction),
    formatShare(bin.observedRate),
  ]);
  return formatTable(["probability", "rows", "predicted", "observed"], rows);
}
