/**
 * Searching for the parameters with the best value.
 *
 * @module
 */
import { canonicalJson, type Json } from "../checkpoint/canonical_json.ts";
import { requireU32 } from "../data/random.ts";
import { asha, type Pruner } from "./pruner.ts";
import type { Direction, Journal } from "./records.ts";
import type { Sampler } from "./sampler.ts";
import { Search, type SearchEnd } from "./search.ts";
import { type ParamsOf, parseSpace, type SearchSpace } from "./space.ts";
import { bestOf, Study, type TrialRecord } from "./study.ts";
import { tpe } from "./tpe.ts";
import type { Trial } from "./trial.ts";

/** Options of {@linkcode tune}. */
export interface TuneOptions<S extends SearchSpace = SearchSpace> {
  /** Parameters by name. */
  readonly space: S;
  /** Tries parameters and returns their value. A function that throws has failed; the search goes on. */
  readonly objective: (trial: Trial<ParamsOf<S>>) => number | Promise<number>;
  /** Whether the least or the largest value is best. @default {"maximize"} */
  readonly direction?: Direction;
  /** Chooses the parameters. @default {tpe()} */
  readonly sampler?: Sampler;
  /** Ends trials early. @default {asha()} */
  readonly pruner?: Pruner;
  /** Trials in all, those of the journal included. @default {50} */
  readonly trials?: number;
  /** Trials at a time. @default {1} */
  readonly parallel?: number;
  /** Seconds after which no trial is started. @default no limit */
  readonly timeout?: number;
  /** Failures in a row that end the search; 0 for any number. @default {3} */
  readonly maxFailures?: number;
  /** Seed of what the sampler draws. @default {1} */
  readonly seed?: number;
  /** Where the search is kept, to go on from. @default in memory only */
  readonly journal?: Journal;
  /** Name of the search in its journal. @default {"weft"} */
  readonly name?: string;
  /** What else the search depends on: one of the journal goes on only where it is the same. */
  readonly settings?: Json;
  /** Ends the search; trials that run then are run again by a search that goes on. */
  readonly signal?: AbortSignal;
  /** Told of each trial as it starts, and as it ends. */
  readonly onTrial?: (trial: TrialRecord) => void;
}

/** What a search found. */
export interface TuneResult {
  /** Why it ended: all trials are done, time is up, or its signal was aborted. */
  readonly ended: Exclude<SearchEnd, "failures">;
  /** Whether the least or the largest value is best. */
  readonly direction: Direction;
  /** All trials in the order of their numbers. */
  readonly trials: readonly TrialRecord[];
  /** The best completed trial; none where none is complete. */
  readonly best?: TrialRecord;
}

/** Several trials in a row failed; the cause is the error of the last one. */
export class SearchError extends Error {
  /** Name of the class. */
  override readonly name = "SearchError";
  /** All trials in the order of their numbers. */
  readonly trials: readonly TrialRecord[];
  /** The best completed trial; none where none is complete. */
  readonly best?: TrialRecord;

  /** Says which trial failed and why. */
  constructor(message: string, { trials, best, cause }: Pick<TuneResult, "trials" | "best"> & { cause: unknown }) {
    super(message, { cause });
    this.trials = trials;
    this.best = best;
  }
}

/**
 * Searches a space for the parameters with the best value. The same seed and journal give the same next parameters. A
 * search whose journal is kept goes on where it was stopped: trials that ran then are run again with their parameters.
 *
 * @throws {TypeError | RangeError} when the space or an option is wrong, or the journal is of another search
 * @throws {SearchError} when `maxFailures` trials in a row failed
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { tune } from "./tune.ts";
 *
 * const { best } = await tune({
 *   space: { x: { uniform: [-1, 1] }, shape: ["round", "flat"] },
 *   objective: ({ params: { x, shape } }) => (shape === "round" ? 1 : 0.5) - x * x,
 *   trials: 40,
 * });
 * assert.equal(best!.params.shape, "round");
 * assert(best!.value! > 0.95);
 * ```
 */
export async function tune<const S extends SearchSpace>(options: TuneOptions<S>): Promise<TuneResult> {
  const { direction = "maximize", sampler = tpe(), pruner = asha(), seed = 1, trials = 50 } = options;
  const { parallel = 1, maxFailures = 3, timeout = Infinity } = options;
  requireU32("tune", "seed", seed);
  requireFrom(1, { trials, parallel });
  requireFrom(0, { maxFailures });
  if (!(timeout > 0)) throw new RangeError(`Cannot tune: timeout must be above 0, received ${timeout}`);
  const space = parseSpace(options.space);
  const study = new Study(options.journal ?? { records: [], append: () => {} });
  beginStudy(study, direction, {
    // Pairs, since the order of parameters is that of a grid.
    space: Object.entries(options.space) as Json,
    direction,
    sampler: sampler.settings,
    pruner: pruner.settings,
    seed,
    settings: options.settings,
  }, options.name ?? "weft");
  const search = new Search(study, {
    space,
    sampler,
    pruner,
    seed,
    maxFailures,
    trials: sampler.count(space, trials),
    // The parameters of a trial are those of the space.
    objective: (trial) => options.objective(trial as Trial<unknown> as Trial<ParamsOf<S>>),
    signal: options.signal,
    onTrial: options.onTrial,
  });
  const { ended, error } = await search.run(parallel, timeout);
  const result = { direction, trials: study.trials, best: bestOf(study) };
  if (ended !== "failures") return { ended, ...result };
  const count = `${maxFailures} ${maxFailures === 1 ? "trial" : "trials in a row"}`;
  const message = error instanceof Error ? error.message : String(error);
  throw new SearchError(`Cannot go on with the search: ${count} failed, the last one with: ${message}`, {
    ...result,
    cause: error,
  });
}

function requireFrom(least: number, counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new RangeError(`Cannot tune: ${name} must be an integer from ${least}, received ${value}`);
  }
}

/** Begins a search, or makes sure that one that is there was begun in the same way. */
function beginStudy(
  study: Study,
  direction: Direction,
  settings: { [key: string]: Json | undefined },
  name: string,
): void {
  const known = study.settings as typeof settings | undefined;
  if (study.trials.some(({ state }) => state === "WAITING") || (known === undefined && study.trials.length > 0)) {
    throw new RangeError("Cannot go on with the journal: its trials must be of this program, received others");
  }
  if (known === undefined) {
    return study.begin(name, direction, JSON.parse(JSON.stringify(settings)));
  }
  for (const key of Object.keys({ ...known, ...settings })) {
    const [before, now] = [known[key] ?? null, settings[key] ?? null].map((value) => canonicalJson(value, key));
    if (before === now) continue;
    throw new RangeError(`Cannot go on with the search: its ${key} must be as before, ${before}, received ${now}`);
  }
}
