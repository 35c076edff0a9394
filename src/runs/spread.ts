/**
 * Means over runs that differ in their seeds alone.
 *
 * @module
 */
import { numbersOf } from "../metrics.ts";
import type { RunInfo } from "./info.ts";

/** A mean, and how far single runs are from it. */
export interface Spread {
  /** Mean over the runs. */
  readonly mean: number;
  /** Standard deviation over n - 1; absent for one run. */
  readonly deviation?: number;
}

/** What runs came to together. */
export interface RunSummary {
  /** Finished runs. */
  readonly runs: number;
  /** Metrics by name: of test rows, or without such rows of validation. */
  readonly metrics: Readonly<Record<string, Spread>>;
  /** Seconds of a run. */
  readonly seconds?: Spread;
  /** Trainable numbers of the model, where they are the same in all runs. */
  readonly parameters?: number;
}

/** Computes the mean of numbers and their standard deviation over n - 1. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/**
 * Summarizes runs; those that are not finished count for nothing, and a metric for the runs that have it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(summarizeRuns([]), { runs: 0, metrics: {} });
 * ```
 */
export function summarizeRuns(infos: readonly RunInfo[]): RunSummary {
  const finished = infos.filter(({ state }) => state === "finished");
  const numbers = finished.map(({ test, best }) => test ?? best).flatMap((all) => all ? [numbersOf(all)] : []);
  const names = [...new Set(numbers.flatMap((all) => Object.keys(all)))].filter((name) => !/^rows(\.|$)/.test(name));
  const metrics = names.flatMap((name) => {
    const values = numbers.map((all) => all[name]).filter(Number.isFinite);
    return values.length > 0 ? [[name, spreadOf(values)] as const] : [];
  });
  const seconds = finished.flatMap((info) => info.seconds ?? []);
  const parameters = new Set(finished.map(({ model }) => model.parameters));
  return {
    runs: finished.length,
    metrics: Object.fromEntries(metrics),
    ...(seconds.length > 0 && { seconds: spreadOf(seconds) }),
    ...(parameters.size === 1 && { parameters: [...parameters][0] }),
  };
}
