/**
 * What differs between two runs.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import { numbersOf } from "../metrics.ts";
import type { RunInfo } from "./info.ts";

/** Something that differs: a value that a run lacks is undefined. */
export interface Difference {
  /** Path of the value, as in `model.options.dim`. */
  readonly name: string;
  /** The value of each of the two. */
  readonly values: readonly [Json | undefined, Json | undefined];
}

/** What differs between two runs. */
export interface RunDifferences {
  /** Options, data, schema, seed, versions and adapter, and kernels of problems that both have. */
  readonly options: readonly Difference[];
  /** Metrics of validation and test rows, epochs and seconds. */
  readonly metrics: readonly Difference[];
}

/** Compares two runs: what they were told to do, and what came of it. */
export function compareRuns(a: RunInfo, b: RunInfo): RunDifferences {
  const options = differences(optionsOf(a), optionsOf(b));
  // Models of other sizes have other problems for kernels, which says nothing about how these were chosen.
  const kernels = differences(flatten({ kernels: a.kernels }), flatten({ kernels: b.kernels }));
  return {
    options: [...options, ...kernels.filter(({ values }) => !values.includes(undefined))],
    metrics: differences(resultsOf(a), resultsOf(b)),
  };
}

function optionsOf({ model, seed, training, data, schema, versions, adapter }: RunInfo): Flat {
  const { parameters, ...definition } = model;
  return flatten({ seed, model: definition, parameters, training, data, schema, versions, adapter });
}

function resultsOf({ state, epochs, bestEpoch, seconds, best, test }: RunInfo): Flat {
  return flatten({
    state,
    epochs,
    bestEpoch,
    seconds,
    ...(best && { validation: numbersOf(best) }),
    ...(test && { test: numbersOf(test) }),
  });
}

type Flat = ReadonlyMap<string, Json | undefined>;

/** Names values by their paths; lists stay whole. */
function flatten(value: object, prefix = ""): Flat {
  return new Map(
    Object.entries(value).flatMap(([key, part]): [string, Json | undefined][] => {
      const isObject = typeof part === "object" && part !== null && !Array.isArray(part);
      if (isObject) return [...flatten(part, `${prefix}${key}.`)];
      return part === undefined ? [] : [[prefix + key, part]];
    }),
  );
}

function differences(a: Flat, b: Flat): Difference[] {
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names
    .filter((name) => JSON.stringify(a.get(name)) !== JSON.stringify(b.get(name)))
    .map((name) => ({ name, values: [a.get(name), b.get(name)] }));
}
