/**
 * What predictions are worth, in words.
 *
 * @module
 */
import { calibration, evaluatePredictions, expectedCalibrationError } from "../metrics.ts";
import { formatCount, formatShare, formatTable } from "./table.ts";

/** Bins of the calibration table; each holds about the same number of rows. */
const BINS = { bins: 10, strategy: "quantile" } as const;

/** Writes metrics and a calibration table; in place of a metric that the labels do not allow, why. */
export function formatReport(probabilities: Float32Array, labels: Float32Array): string {
  const all = evaluatePredictions(probabilities, labels);
  const format = (name: "auc" | "logloss" | "normalizedEntropy" | "brier" | "calibration", digits: number): string =>
    all.notes?.[name] === undefined ? all[name].toFixed(digits) : `- (${all.notes[name]})`;
  const metrics: [string, string][] = [
    ["rows", formatCount(all.rows)],
    ["AUC", format("auc", 5)],
    ["logloss", format("logloss", 5)],
    ["normalized entropy", format("normalizedEntropy", 4)],
    ["Brier score", format("brier", 5)],
    ["predicted / observed", format("calibration", 4)],
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
