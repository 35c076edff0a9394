/**
 * What a search found, as a table and as JSON.
 *
 * @module
 */
import { join } from "node:path";
import { readRunInfo } from "../runs/read.ts";
import { parameterImportance } from "../search/importance.ts";
import type { Direction } from "../search/records.ts";
import { byValue, lastEpoch, type TrialRecord } from "../search/study.ts";
import { formatShare, formatTable } from "./table.ts";
import { formatCommand, type SearchFile, trainArguments } from "./tune_space.ts";
import { trialFolder } from "./tune_trial.ts";
import { BEST_FILE } from "./tune_folder.ts";

/** A search that has ended. */
export interface EndedSearch {
  /** Its folder. */
  readonly folder: string;
  /** What was searched. */
  readonly file: SearchFile;
  /** Its trials. */
  readonly trials: readonly TrialRecord[];
  /** The best completed one. */
  readonly best?: TrialRecord;
  /** Seconds that trials took by number, those between an interruption and its resumption left out. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** Reads from their runs how long trials took. */
export async function readSeconds(folder: string, trials: readonly TrialRecord[]): Promise<Map<number, number>> {
  const times = new Map<number, number>();
  for (const trial of trials) {
    const run = await readRunInfo(trialFolder(folder, trial.number));
    times.set(trial.number, run?.seconds ?? secondsOf(trial));
  }
  return times;
}

/** Says in a line what came of a trial. */
export function formatTrial(trial: TrialRecord, objective: string): string {
  const { number, state, value, params, error } = trial;
  if (state === "RUNNING") return `trial ${number}  RUNNING  ${formatParams(params)}`;
  const result = value === undefined ? "" : `  ${objective} ${value.toFixed(5)}`;
  const epochs = lastEpoch(trial);
  const took = `${epochs} ${epochs === 1 ? "epoch" : "epochs"}, ${secondsOf(trial).toFixed(1)} s`;
  const why = error === undefined ? "" : `  ${error}`;
  return `trial ${number}  ${state}${result}  ${took}  ${formatParams(params)}${why}`;
}

/** Writes parameters as names with values. */
export function formatParams(params: TrialRecord["params"]): string {
  return Object.entries(params).map(([name, value]) => `${name} ${formatValue(value)}`).join(", ");
}

function formatValue(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(4))) : String(value);
}

function secondsOf({ started, ended }: TrialRecord): number {
  return started === undefined || ended === undefined ? 0 : (ended - started) / 1000;
}

/** Writes the best trials, what matters for the objective, and the command that repeats the best one. */
export function formatSearch(search: EndedSearch, top: number): string {
  const { file: { objective, direction }, trials, best, seconds } = search;
  const shown = sortTrials(trials, direction).slice(0, top);
  const names = [...new Set(trials.flatMap(({ params }) => Object.keys(params)))];
  const cells = (trial: TrialRecord): string[] => [
    String(trial.number),
    trial.state,
    trial.value?.toFixed(5) ?? "-",
    String(lastEpoch(trial)),
    seconds.get(trial.number)!.toFixed(1),
    ...names.map((name) => Object.hasOwn(trial.params, name) ? formatValue(trial.params[name]) : "-"),
  ];
  const table = formatTable(["trial", "state", objective, "epochs", "seconds", ...names], shown.map(cells));
  const left = trials.length - shown.length;
  const counts = [...Map.groupBy(trials, ({ state }) => state)].map(([state, { length }]) => `${length} ${state}`);
  return [
    table + (left > 0 ? `\nand ${left} more` : ""),
    `trials: ${trials.length}, ${counts.join(", ")}`,
    ...formatImportance(trials),
    ...(best ? [formatBest(search, best)] : []),
  ].join("\n\n");
}

function formatImportance(trials: readonly TrialRecord[]): string[] {
  const shares = Object.entries(parameterImportance(trials));
  if (shares.length === 0) return [];
  const rows = shares.map(([name, share]) => [name, formatShare(share)]);
  return [
    `Share of the variance of ranks that a parameter explains alone:\n${formatTable(["parameter", "share"], rows)}`,
  ];
}

function formatBest({ folder, file }: EndedSearch, { number, params }: TrialRecord): string {
  const command = formatCommand(["train", ...trainArguments(file, params), "--out", "best.weft"]);
  return `best: trial ${number}, ${trialFolder(folder, number)}\nAgain: ${command}\nSaved the model to ${
    join(folder, BEST_FILE)
  }`;
}

/** Sorts trials: complete ones by their value, pruned ones by how far they came, then all others. */
function sortTrials(trials: readonly TrialRecord[], direction: Direction): TrialRecord[] {
  const order = ["COMPLETE", "PRUNED", "RUNNING", "WAITING", "FAIL"];
  const compare = byValue(direction);
  return [...trials].sort((a, b) =>
    order.indexOf(a.state) - order.indexOf(b.state) ||
    (a.state === "PRUNED" ? lastEpoch(b) - lastEpoch(a) : 0) ||
    compare(a.value ?? 0, b.value ?? 0) || a.number - b.number
  );
}

/** Returns what {@linkcode formatSearch} tells, for JSON. */
export function describeSearch({ folder, file, trials, best, seconds }: EndedSearch): object {
  const { objective, direction } = file;
  return {
    folder,
    objective,
    direction,
    trials: trials.map((trial) => ({
      number: trial.number,
      state: trial.state,
      value: trial.value,
      params: trial.params,
      epochs: lastEpoch(trial),
      seconds: seconds.get(trial.number),
      folder: trialFolder(folder, trial.number),
      error: trial.error,
    })),
    importance: parameterImportance(trials),
    ...(best && {
      best: best.number,
      command: ["train", ...trainArguments(file, best.params)],
      model: join(folder, BEST_FILE),
    }),
  };
}
