/**
 * What predictions are worth, in words.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import {
  calibration,
  evaluatePredictions,
  evaluateTasks,
  type Evaluation,
  expectedCalibrationError,
} from "../metrics.ts";
import { ECE_BINS } from "../metrics/calibration.ts";
import { evaluateByTask, type TaskProbabilities } from "../model/tasks.ts";
import { formatCount, formatShare, formatTable } from "./table.ts";

/** Writes the report of a data set's label; of several, metrics by task and a calibration table for each. */
export function formatTasks(predicted: TaskProbabilities, data: Dataset): string {
  const { tasks } = data.schema;
  if (data.schema.survival) return formatHeads(evaluateByTask(predicted, data), data);
  if (data.schema.real) return formatNumbers(evaluateByTask(predicted, data));
  if (tasks.length === 1) return formatReport(predicted[tasks[0]], data.labelsOf(0), data.weights);
  const known = tasks.map((task, t) => knownRows(predicted[task], data.labelsOf(t), data.weights));
  const all = evaluateTasks(Object.fromEntries(tasks.map((task, t) => [task, known[t]])));
  const errors = known.map(({ probabilities, labels, weights }) =>
    labels.length > 0 ? expectedCalibrationError(probabilities, labels, { ...ECE_BINS, weights }) : NaN
  );
  const rows = tasks.map((task, t) => [task, ...cellsOf(all.tasks![task], errors[t])]);
  const meanError = errors.reduce((sum, error) => sum + error, 0) / tasks.length;
  const table = formatTable(COLUMNS, [...rows, ["mean", ...cellsOf({ ...all, rows: data.rows }, meanError)]]);
  const notes = [...new Set(Object.values(all.notes ?? {}))].map((note) => `- ${note}`);
  const calibrations = tasks.flatMap((task, t) => {
    const { probabilities, labels, weights } = known[t];
    return labels.length > 0 ? [`${task}\n${formatCalibration(probabilities, labels, weights)}`] : [];
  });
  return [[table, ...notes].join("\n"), ...calibrations].join("\n\n");
}

/** Writes the metrics of labels that are numbers. */
function formatNumbers({ rows, rmse, mae }: Evaluation): string {
  return [`rows  ${formatCount(rows)}`, `RMSE  ${rmse!.toFixed(5)}`, `MAE   ${mae!.toFixed(5)}`].join("\n");
}

/** Writes the metrics of each head, where labels are times; in place of one that the rows do not allow, why. */
function formatHeads(all: Evaluation, data: Dataset): string {
  const names = Object.keys(data.schema.survival!.heads);
  const metrics = [["concordance", 5], ["logloss", 5], ["calibration", 4]] as const;
  const cellsOf = (evaluation: Evaluation): string[] =>
    metrics.map(([name, digits]) => evaluation.notes?.[name] ? "-" : evaluation[name]!.toFixed(digits));
  const rows = names.map((name) => [name, ...cellsOf(all.tasks?.[name] ?? all)]);
  const mean = names.length > 1 ? [["mean", ...cellsOf(all)]] : [];
  const notes = metrics.flatMap(([name]) => all.notes?.[name] ? [`- ${name}: ${all.notes[name]}`] : []);
  return [formatTable(["head", "concordance", "logloss", "pred. / obs."], [...rows, ...mean]), ...notes].join("\n");
}

/** Takes the rows whose label is known. */
function knownRows(
  probabilities: Float32Array,
  labels: Float32Array,
  weights: Float32Array | undefined,
): { probabilities: Float32Array; labels: Float32Array; weights: Float32Array | undefined } {
  const isKnown = (_: number, row: number): boolean => labels[row] >= 0;
  return {
    probabilities: probabilities.filter(isKnown),
    labels: labels.filter(isKnown),
    weights: weights?.filter(isKnown),
  };
}

/** Columns of the metrics of several tasks. */
const COLUMNS = ["task", "rows", "AUC", "logloss", "norm. entropy", "Brier", "pred. / obs.", "calibration error"];

function cellsOf(all: Evaluation, calibrationError: number): string[] {
  const { rows, auc, logloss, normalizedEntropy, brier, calibration } = all;
  const numbers: [number, number][] = [[auc, 5], [logloss, 5], [normalizedEntropy, 4], [brier, 5], [calibration, 4]];
  const cells = [...numbers, [calibrationError, 4] as const];
  return [formatCount(rows), ...cells.map(([value, digits]) => Number.isNaN(value) ? "-" : value.toFixed(digits))];
}

/** Writes metrics and a calibration table; in place of a metric that the labels do not allow, why. */
export function formatReport(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): string {
  const all = evaluatePredictions(probabilities, labels, weights);
  const format = (name: "auc" | "logloss" | "normalizedEntropy" | "brier" | "calibration", digits: number): string =>
    all.notes?.[name] === undefined ? all[name].toFixed(digits) : `- (${all.notes[name]})`;
  const metrics: [string, string][] = [
    ["rows", formatCount(all.rows)],
    ["AUC", format("auc", 5)],
    ["logloss", format("logloss", 5)],
    ["normalized entropy", format("normalizedEntropy", 4)],
    ["Brier score", format("brier", 5)],
    ["predicted / observed", format("calibration", 4)],
    ["calibration error", expectedCalibrationError(probabilities, labels, { ...ECE_BINS, weights }).toFixed(4)],
  ];
  const width = Math.max(...metrics.map(([name]) => name.length));
  const lines = metrics.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return [...lines, "", formatCalibration(probabilities, labels, weights)].join("\n");
}

/** Writes mean prediction against observed rate by tenths of the rows, ordered by probability. */
export function formatCalibration(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): string {
  const rows = calibration(probabilities, labels, { ...ECE_BINS, weights }).map((bin) => [
    `${bin.lower.toFixed(4)} .. ${bin.upper.toFixed(4)}`,
    formatCount(bin.rows),
    formatShare(bin.meanPrediction),
    formatShare(bin.observedRate),
  ]);
  return formatTable(["probability", "rows", "predicted", "observed"], rows);
}
