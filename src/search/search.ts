/**
 * Running the trials of a search, several at a time.
 *
 * @module
 */
import type { Pruner } from "./pruner.ts";
import type { Sampler } from "./sampler.ts";
import { isActive, type Params, type Space } from "./space.ts";
import { lastEpoch, type Study, type TrialRecord } from "./study.ts";
import { Trial } from "./trial.ts";

/** Why a search ended. */
export type SearchEnd = "trials" | "timeout" | "failures" | "interrupted";

/** What a search runs. */
export interface SearchOptions {
  readonly space: Space;
  readonly objective: (trial: Trial<Params>) => number | Promise<number>;
  readonly sampler: Sampler;
  readonly pruner: Pruner;
  readonly trials: number;
  readonly maxFailures: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onTrial?: (trial: TrialRecord) => void;
}

/** Runs trials until there are enough of them. */
export class Search {
  readonly #study: Study;
  readonly #options: SearchOptions;
  /** Trials that were stopped in the middle and are to be run again. */
  readonly #stopped: number[];
  #failures = 0;
  #hasFailed = false;
  #error: unknown;
  #deadline = Infinity;

  constructor(study: Study, options: SearchOptions) {
    this.#study = study;
    this.#options = options;
    this.#stopped = study.trials.filter(({ state }) => state === "RUNNING").map(({ number }) => number);
  }

  /** Runs all trials; returns why it ended and the error of the last trial that failed. */
  async run(parallel: number, timeout: number): Promise<{ ended: SearchEnd; error?: unknown }> {
    this.#deadline = performance.now() + 1000 * timeout;
    const work = async (): Promise<void> => {
      for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#try(next);
    };
    await Promise.all(Array.from({ length: parallel }, work));
    return { ended: this.#reason() ?? "trials", error: this.#error };
  }

  /** Why no trial is started any more, apart from there being enough. */
  #reason(): SearchEnd | undefined {
    if (this.#options.signal?.aborted) return "interrupted";
    if (this.#hasFailed) return "failures";
    const isDone = this.#stopped.length === 0 && this.#study.trials.length >= this.#options.trials;
    return performance.now() >= this.#deadline && !isDone ? "timeout" : undefined;
  }

  /** Returns the next trial to run; none when there are enough or something ended the search. */
  #next(): number | undefined {
    if (this.#reason()) return undefined;
    const { space, sampler, trials, seed } = this.#options;
    const study = this.#study;
    const sample = (number: number): Params => sampler.sample({ space, study, number, seed });
    const stopped = this.#stopped.shift();
    if (stopped !== undefined) {
      const { params } = study.trials[stopped];
      const isWhole = space.every((parameter) => Object.hasOwn(params, parameter.name) || !isActive(parameter, params));
      // The journal ends within the records of this trial, so that the sampler sees what it saw before.
      if (!isWhole) study.complete(stopped, space, sample(stopped));
      return stopped;
    }
    return study.trials.length < trials ? study.create(space, sample(study.trials.length)) : undefined;
  }

  async #try(number: number): Promise<void> {
    const { objective, signal, onTrial } = this.#options;
    const study = this.#study;
    const trial = new Trial(number, study.trials[number].params, signal, (epoch, value) => {
      // A trial that is run again went on beyond such an epoch, whatever others have reached since.
      if (epoch < lastEpoch(study.trials[number])) return false;
      study.report(number, epoch, value);
      return this.#options.pruner.shouldStop(study, study.trials[number], epoch);
    });
    onTrial?.(study.trials[number]);
    let value: number | undefined;
    let error: unknown;
    try {
      value = await objective(trial);
      if (!trial.shouldStop && !Number.isFinite(value)) {
        throw new RangeError(`the objective must be a finite number, received ${value}`);
      }
    } catch (thrown) {
      error = thrown;
    }
    // The trial was cut short: what it returned does not count, and the next search runs it again.
    if (signal?.aborted) return;
    this.#end(trial, value, error);
    onTrial?.(study.trials[number]);
  }

  #end({ number, shouldStop }: Trial, value: number | undefined, error: unknown): void {
    const study = this.#study;
    const isAbort = error instanceof DOMException && error.name === "AbortError";
    if (shouldStop && (error === undefined || isAbort)) {
      const { reports } = study.trials[number];
      study.end(number, "PRUNED", reports.get(lastEpoch({ reports })));
      this.#failures = 0;
    } else if (error === undefined) {
      study.end(number, "COMPLETE", value);
      this.#failures = 0;
    } else {
      study.end(number, "FAIL", undefined, error instanceof Error ? error.message : String(error));
      this.#error = error;
      this.#failures++;
      this.#hasFailed ||= this.#failures === this.#options.maxFailures;
    }
  }
}
