/**
 * What a training tells of its losses.
 *
 * @module
 */
import type { TrainingBuffers } from "./buffers.ts";
import type { FitOptions } from "./options.ts";
import type { TrainingState } from "./state.ts";
import type { Steps } from "./steps.ts";

/** What the losses are of, and who is told. */
export interface LossReportsOptions {
  readonly steps: Steps;
  readonly buffers: TrainingBuffers;
  readonly options: FitOptions;
  /** Where training stands. */
  readonly state: TrainingState;
  /** Returns the learning rate of a step, counted from 0. */
  rateAt(step: number): number;
}

/** Reads losses back and tells {@linkcode FitOptions.onProgress} of them. */
export class LossReports {
  readonly #options: LossReportsOptions;

  /** Begins with nothing told. */
  constructor(options: LossReportsOptions) {
    this.#options = options;
  }

  /** Whether the losses of some steps were not told of. */
  get isBehind(): boolean {
    const { buffers, state } = this.#options;
    return buffers.losses.hasUnread(state.step);
  }

  /**
   * Reads the losses of all steps so far and tells them.
   *
   * @throws {DivergenceError} when one is not finite
   */
  async read(): Promise<void> {
    await this.#options.steps.readLosses();
    this.tell();
  }

  /** Tells where training stands. */
  tell(): void {
    const { steps: { perEpoch: steps }, buffers: { losses }, options, state, rateAt } = this.#options;
    const recent = losses.takeRecent().map((loss) => ({ ...loss, lr: rateAt(loss.step - 1) }));
    const { epoch, position } = state;
    options.onProgress?.({ epoch: epoch + 1, step: position, steps, loss: losses.mean, recent });
  }
}
