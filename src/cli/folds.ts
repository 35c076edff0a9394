/**
 * `weft train --folds`: one model for each fold, and what they are worth together.
 *
 * @module
 */
import { type Evaluation, METRIC_NAMES, numbersOf } from "../metrics.ts";
import { evaluateByTask } from "../model/tasks.ts";
import { spreadOf } from "../runs/spread.ts";
import { openGpu } from "./device.ts";
import { requirePlaces, type Run, trainOne } from "./run.ts";
import type { Streams } from "./streams.ts";
import { formatCount, formatTable } from "./table.ts";
import { applyTuning } from "./tuning.ts";

/** Names a model of a fold: `m.weft` becomes `m-2.weft`. */
export function nameFold(out: string, fold: number): string {
  const [, stem, ending] = /^(.*?)(\.[^./\\]*)?$/s.exec(out)!;
  return `${stem}-${fold}${ending ?? ""}`;
}

/**
 * Trains a model for each fold, and tells the metrics of all of them on the rows that they did not see.
 *
 * @param runs what to train, fold by fold
 * @returns the exit code
 * @throws {Error} as `runTraining` does
 */
export async function runFolds(
  runs: AsyncIterable<Run>,
  { k, backend }: { readonly k: number } & Pick<Run, "backend">,
  streams: Streams,
): Promise<number> {
  using gpu = await openGpu(streams, backend);
  const evaluations: Evaluation[] = [];
  for await (const run of runs) {
    await requirePlaces(run);
    if (evaluations.length === 0) await applyTuning(gpu, run.tuning, streams);
    streams.err(`\nfold ${evaluations.length + 1} of ${k}`);
    const { code, predicted } = await trainOne({ ...run, quiet: true }, gpu, streams);
    if (!predicted) return code;
    evaluations.push(evaluateByTask(predicted, run.test!));
  }
  streams.out(formatFolds(evaluations));
  return 0;
}

/** Writes the metrics of each fold, their means, and the standard deviations of the folds around them. */
export function formatFolds(evaluations: readonly Evaluation[]): string {
  const numbers = evaluations.map(numbersOf);
  // Metrics of classes are none of labels that are numbers.
  const left = evaluations[0].rmse === undefined ? [] : METRIC_NAMES;
  const names = Object.keys(numbers[0]).filter((name) =>
    !/^(rows|brier\.|normalizedEntropy\.|calibration\.)/.test(name) && !left.includes(name)
  );
  const columns = names.map((name) => {
    const values = numbers.map((fold) => fold[name]);
    const { mean, deviation = NaN } = spreadOf(values);
    return [...values, mean, deviation];
  });
  const labels = [...evaluations.map((_, fold) => String(fold + 1)), "mean", "std. dev."];
  const rows = labels.map((label, row) => [
    label,
    evaluations[row] ? formatCount(evaluations[row].rows) : "",
    ...columns.map((column) => Number.isFinite(column[row]) ? column[row].toFixed(5) : "-"),
  ]);
  return formatTable(["fold", "rows", ...names.map((name) => TITLES[name] ?? name)], rows);
}

const TITLES: Readonly<Record<string, string>> = {
  auc: "AUC",
  normalizedEntropy: "norm. entropy",
  brier: "Brier",
  calibration: "pred. / obs.",
  rmse: "RMSE",
  mae: "MAE",
};
