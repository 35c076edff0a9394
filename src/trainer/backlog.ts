/**
 * How far the host runs ahead of the device.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";

/** Steps after which timers, signals and other calls get to run. */
const STEPS_PER_TURN = 32;

/** Steps from one mark in the queue to the next. */
const STEPS_PER_MARK = 64;

/** Marks that the device has not come to yet, at most. */
const MARKS = 2;

/**
 * Bounds the steps that were submitted and not done: {@linkcode Backlog.pass} waits for the mark before last, which on a
 * device that keeps up was passed long ago, so that it does not run dry.
 */
export class Backlog {
  readonly #gpu: Gpu;
  readonly #marks: Promise<undefined>[] = [];

  /** Begins with nothing submitted. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Takes note that `step` was submitted; waits where the device is more than two marks behind. */
  async pass(step: number): Promise<void> {
    if (step % STEPS_PER_TURN === 0) await turn();
    if (step % STEPS_PER_MARK !== 0) return;
    if (this.#marks.length === MARKS) await this.#marks.shift();
    this.#marks.push(this.#gpu.device.queue.onSubmittedWorkDone());
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
