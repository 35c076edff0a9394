/**
 * How much each parameter matters for the value.
 *
 * @module
 */
import type { Value } from "./distribution.ts";
import type { TrialRecord } from "./study.ts";

/** Fewer trials say nothing. */
const LEAST_TRIALS = 5;

/**
 * Computes for each parameter the share of the variance of the values' ranks that it explains alone: of numbers the
 * square of Spearman's rank correlation, of other choices the correlation ratio, less what chance alone would give
 * (epsilon squared). Trials that are complete or pruned count, those where the parameter took part.
 *
 * @returns shares in [0, 1] by name, the largest first, of parameters that five trials or more tell something about
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const trials = Array.from({ length: 8 }, (_, number) => ({
 *   number,
 *   state: "COMPLETE" as const,
 *   params: { lr: number / 8, dropout: (number * 5) % 8 },
 *   value: number * number,
 *   reports: new Map(),
 * }));
 * const importance = parameterImportance(trials);
 * assert.equal(importance.lr, 1);
 * assert(importance.dropout < 0.2);
 * ```
 */
export function parameterImportance(trials: readonly TrialRecord[]): Record<string, number> {
  const ended = trials.filter(({ state, value }) =>
    (state === "COMPLETE" || state === "PRUNED") && value !== undefined
  );
  const names = [...new Set(ended.flatMap(({ params }) => Object.keys(params)))];
  const shares = names.flatMap((name): [string, number][] => {
    const those = ended.filter(({ params }) => Object.hasOwn(params, name));
    const values = those.map(({ params }) => params[name]);
    const varies = values.some((value) => value !== values[0]);
    if (those.length < LEAST_TRIALS || !varies) return [];
    const targets = ranks(those.map(({ value }) => value!));
    const isNumeric = values.every((value): value is number => typeof value === "number");
    return [[name, isNumeric ? correlation(ranks(values), targets) ** 2 : epsilonSquared(values, targets)]];
  });
  return Object.fromEntries(shares.sort(([, a], [, b]) => b - a));
}

/** Returns the places of numbers in ascending order; equal ones share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    let below = 0;
    let equal = 0;
    for (const other of values) {
      if (other < value) below++;
      else if (other === value) equal++;
    }
    return below + 0.5 * (equal - 1);
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sum of the squared distances to the mean. */
function spread(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [middleA, middleB] = [mean(a), mean(b)];
  const product = a.reduce((sum, value, i) => sum + (value - middleA) * (b[i] - middleB), 0);
  const scale = Math.sqrt(spread(a) * spread(b));
  return scale > 0 ? product / scale : 0;
}

function epsilonSquared(choices: readonly Value[], targets: readonly number[]): number {
  const groups = Map.groupBy(targets.keys(), (i) => choices[i]);
  const within = [...groups.values()].reduce((sum, group) => sum + spread(group.map((i) => targets[i])), 0);
  const [total, count, kinds] = [spread(targets), targets.length, groups.size];
  if (total === 0 || count <= kinds) return 0;
  return Math.max(0, 1 - (within / (count - kinds)) / (total / (count - 1)));
}
