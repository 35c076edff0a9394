/**
 * Mean losses over a few steps each, so that a record of a long epoch stays short.
 *
 * @module
 */
import type { StepLoss } from "../trainer/options.ts";

/** Means of an epoch at most. */
const MEANS_PER_EPOCH = 200;

/** The mean loss of some steps. */
export interface StepMean {
  /** The last of the steps. */
  readonly step: number;
  /** Mean loss over their rows. */
  readonly loss: number;
  /** Learning rate of the last one. */
  readonly lr: number;
}

/**
 * Adds up losses over as many steps as an epoch needs for at most 200 means. Which steps these are depends on the steps of
 * an epoch alone, not on time.
 */
export class StepMeans {
  #sum = 0;
  #rows = 0;

  /** Takes steps in their order and returns the means that they complete. */
  take(recent: readonly StepLoss[], stepsPerEpoch: number): StepMean[] {
    const every = Math.ceil(stepsPerEpoch / MEANS_PER_EPOCH);
    return recent.flatMap(({ step, rows, loss, lr }) => {
      this.#sum += rows * loss;
      this.#rows += rows;
      const position = (step - 1) % stepsPerEpoch + 1;
      if (position % every !== 0 && position !== stepsPerEpoch) return [];
      const mean = this.#sum / this.#rows;
      this.#sum = this.#rows = 0;
      return [{ step, loss: mean, lr }];
    });
  }
}
