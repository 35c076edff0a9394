/**
 * Logs of trainings: a line for each start and epoch, and a last one that programs read.
 *
 * @module
 */
import type { Evaluation } from "../../src/model.ts";
import type { EpochReport, History } from "../../src/trainer/options.ts";
import { timingOf } from "../timing.ts";

/** What a finished training came to. */
export interface Result {
  readonly model: string;
  readonly seed: number;
  readonly parameters: number;
  /** Epochs trained. */
  readonly epochs: number;
  readonly ended: History["ended"];
  readonly bestEpoch: number;
  readonly validation: Evaluation;
  readonly test: Evaluation;
  /** Median seconds of an epoch of training. */
  readonly secondsPerEpoch: number;
  readonly adapter: string;
}

/** A training as its log tells it, from its start over its resumptions. */
export interface LoggedRun {
  readonly seed: number;
  /** Seconds by epoch. */
  readonly seconds: ReadonlyMap<number, number>;
  /** Set once the training is over. */
  readonly result: Result | undefined;
}

const RESULT = "result ";
const HEADING = /^(started|resumed) .*? {2}seed (\d+) /;
const EPOCH = /^epoch (\d+) .* ([\d.]+) s$/;

/** Writes an epoch as a line of a log. */
export function formatEpoch({ epoch, loss, lr, validation, improved, seconds }: EpochReport): string {
  const metrics = `validation auc ${validation!.auc.toFixed(6)} logloss ${validation!.logloss.toFixed(6)}`;
  const best = improved ? "  best" : "";
  return `epoch ${epoch}  loss ${loss.toFixed(6)}  lr ${lr}  ${metrics}${best}  ${seconds.toFixed(1)} s`;
}

/** Writes the line that ends a log. */
export function formatResult(result: Result): string {
  return `${RESULT}${JSON.stringify(result)}`;
}

/** Reads the trainings of a log in the order in which they were started. */
export function parseLog(text: string): LoggedRun[] {
  const runs: { seed: number; seconds: Map<number, number>; result?: Result }[] = [];
  for (const line of text.split("\n")) {
    const [, verb, seed] = HEADING.exec(line) ?? [];
    const last = runs.at(-1);
    if (verb && (verb === "started" || last?.seed !== Number(seed))) {
      runs.push({ seed: Number(seed), seconds: new Map() });
      continue;
    }
    const [, epoch, seconds] = EPOCH.exec(line) ?? [];
    if (epoch) last?.seconds.set(Number(epoch), Number(seconds));
    else if (last && line.startsWith(RESULT)) last.result = JSON.parse(line.slice(RESULT.length));
  }
  return runs.map(({ seed, seconds, result }) => ({ seed, seconds, result }));
}

/** Returns the last finished training of each seed, by seed. */
export function resultsOf(runs: readonly LoggedRun[]): Result[] {
  const bySeed = new Map<number, Result>();
  for (const { seed, result } of runs) if (result) bySeed.set(seed, result);
  return [...bySeed.values()].sort((a, b) => a.seed - b.seed);
}

/** Returns whether the latest training with this seed is over. */
export function isFinished(runs: readonly LoggedRun[], seed: number): boolean {
  return runs.findLast((run) => run.seed === seed)?.result !== undefined;
}

/** Returns the median seconds of an epoch. */
export function secondsPerEpoch({ seconds }: LoggedRun): number {
  return timingOf([...seconds.values()]).ms;
}
