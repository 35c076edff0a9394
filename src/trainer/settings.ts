/**
 * What a training's options come to, with what stands in for those that are absent.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { requireCount } from "../model/requirements.ts";
import { type Rules, rulesOf } from "../optimizer/parts.ts";
import type { Resumption, TrainerContext } from "./context.ts";
import type { FitOptions } from "./options.ts";
import type { TrainingState } from "./state.ts";
import { unseenShareOf } from "./unseen.ts";

/** Options that have a value whether they were given or not. */
export interface Settings {
  /** Rows of a batch. */
  readonly batch: number;
  /** Passes over the data at most. */
  readonly epochs: number;
  /** The update rule of each part. */
  readonly rules: Rules;
  /** Seed of shuffling and dropout. */
  readonly seed: number;
  /** Share of the occurrences that unseen values replace. */
  readonly unseenShare: number;
  /** Share of the negative rows that an epoch takes. */
  readonly negativeRate: number;
}

/**
 * Settles the options of a training.
 *
 * @param resume the checkpoint that training goes on from
 * @throws {RangeError} when a count is not a positive integer
 */
export function settingsOf(
  context: TrainerContext,
  { rows }: Dataset,
  options: FitOptions,
  resume: Resumption | undefined,
): Settings {
  const saved = resume?.training as unknown as TrainingState | undefined;
  return {
    batch: Math.min(requireCount("train", "batchSize", options.batchSize ?? 4096), rows),
    epochs: requireCount("train", "epochs", options.epochs ?? 1),
    rules: rulesOf(options.optimizer),
    seed: options.seed ?? context.seed,
    unseenShare: unseenShareOf(options, saved?.recipe),
    negativeRate: options.negativeRate ?? 1,
  };
}
