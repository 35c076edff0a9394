/**
 * Ending trials early that do worse than others.
 *
 * @module
 */
import type { Json } from "../checkpoint/canonical_json.ts";
import { byValue, type StudyView, type TrialRecord } from "./study.ts";

/** Decides which trials are not worth going on with. */
export interface Pruner {
  /** Name and options, for the journal. */
  readonly settings: Json;
  /**
   * Decides at a report, which the trial's record has already.
   *
   * @param epoch the epoch of the report
   * @returns whether the trial is to stop
   */
  shouldStop(study: StudyView, trial: TrialRecord, epoch: number): boolean;
}

/** Options of {@linkcode asha}. */
export interface AshaOptions {
  /** One of so many trials passes a rung; each rung is at so many times the epochs of the one below. @default {4} */
  reductionFactor?: number;
  /** Epochs up to the first rung. @default {1} */
  minEpochs?: number;
}

/**
 * Makes asynchronous successive halving: rung r is at `minEpochs * reductionFactor^r` epochs. A trial that comes to a
 * rung goes on if it is among the best `floor(n / reductionFactor)` of the n trials that came to it so far, or the best
 * one where there are fewer. Nothing waits for other trials.
 *
 * Li et al.: A System for Massively Parallel Hyperparameter Tuning, MLSys 2020, arXiv:1810.05934; here a trial that does
 * not go on at once is ended, as Optuna does it.
 *
 * @throws {RangeError} when the factor is no integer of at least 2, or the epochs no positive integer
 */
export function asha({ reductionFactor = 4, minEpochs = 1 }: AshaOptions = {}): Pruner {
  if (!Number.isInteger(reductionFactor) || reductionFactor < 2) {
    throw new RangeError(`Cannot make asha: reductionFactor must be an integer from 2, received ${reductionFactor}`);
  }
  if (!Number.isInteger(minEpochs) || minEpochs < 1) {
    throw new RangeError(`Cannot make asha: minEpochs must be an integer from 1, received ${minEpochs}`);
  }
  return {
    settings: { name: "asha", reductionFactor, minEpochs },
    shouldStop(study, trial, epoch) {
      const before = Math.max(0, ...[...trial.reports.keys()].filter((other) => other < epoch));
      for (let rung = minEpochs; rung <= epoch; rung *= reductionFactor) {
        if (rung > before && !passes(study, trial, { epoch, rung, reductionFactor })) return true;
      }
      return false;
    },
  };
}

interface Rung {
  readonly epoch: number;
  readonly rung: number;
  readonly reductionFactor: number;
}

function passes({ direction, trials }: StudyView, trial: TrialRecord, { epoch, rung, reductionFactor }: Rung): boolean {
  const value = trial.reports.get(epoch)!;
  const others = trials.filter(({ number }) => number !== trial.number).map((other) => valueAt(other, rung));
  const competing = [value, ...others.filter((other) => other !== undefined)].sort(byValue(direction));
  const last = competing[Math.max(1, Math.floor(competing.length / reductionFactor)) - 1];
  return direction === "maximize" ? value >= last : value <= last;
}

/** Returns what a trial reported when it came to a rung; nothing when it did not. */
function valueAt({ reports }: TrialRecord, rung: number): number | undefined {
  const epoch = Math.min(...[...reports.keys()].filter((other) => other >= rung));
  return reports.get(epoch);
}

/** Makes a pruner that lets all trials end by themselves. */
export function noPruning(): Pruner {
  return { settings: { name: "none" }, shouldStop: () => false };
}
