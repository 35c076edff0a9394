/**
 * Losses of steps, which stay on the device until they are read, and their mean.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { createBuffer } from "../gpu/memory.ts";
import { ReadbackRing } from "../gpu/readback_ring.ts";
import { MAPS_AT_ONCE } from "../host/mod.ts";
import { DivergenceError } from "./checks.ts";

/** Steps whose losses are on the device before they are read. */
const CAPACITY = 1024;
const BYTES = 4 * CAPACITY;

/** A ring of losses on the device, and the sum of those that were read since an epoch began. */
export class LossRing {
  readonly #readings: ReadbackRing;
  readonly #buffer: GPUBuffer;
  #sum = 0;
  #rows = 0;
  #recent: { readonly step: number; readonly rows: number; readonly loss: number }[] = [];
  #unread = 0;

  /** Allocates the ring. */
  constructor(gpu: Gpu) {
    this.#buffer = createBuffer(gpu, "losses", BYTES);
    this.#readings = new ReadbackRing(gpu, "losses", { bytes: BYTES, isEager: MAPS_AT_ONCE });
  }

  /** Place of the ring. */
  get range(): BufferRange {
    return { buffer: this.#buffer };
  }

  /** Mean loss over the rows read since the epoch began; NaN before the first. */
  get mean(): number {
    return this.#sum / this.#rows;
  }

  /** Returns the losses of the steps read since the last call; steps count from 1. */
  takeRecent(): readonly { readonly step: number; readonly rows: number; readonly loss: number }[] {
    const recent = this.#recent;
    this.#recent = [];
    return recent;
  }

  /** Returns where the loss of a step is stored. */
  slotOf(step: number): number {
    return step % CAPACITY;
  }

  /** Forgets what was read; the next epoch, or the rest of one, begins with `step`. */
  begin(step: number): void {
    this.#sum = this.#rows = 0;
    this.#unread = step;
  }

  /** Returns whether losses of steps before `end` were not read. */
  hasUnread(end: number): boolean {
    return this.#unread < end;
  }

  /** Returns whether the ring must be read before `step` runs. */
  isFull(step: number): boolean {
    return step - this.#unread >= CAPACITY;
  }

  /**
   * Reads the losses of the steps before `end`, once they were submitted.
   *
   * @param rowsOf returns the rows of a step's batch
   * @throws {DivergenceError} when a loss is not finite
   */
  async read(end: number, rowsOf: (step: number) => number): Promise<void> {
    const slot = await this.#readings.take();
    const ring = new Float32Array(await slot.read([{ buffer: this.#buffer, bytes: BYTES, offset: 0, at: 0 }]));
    for (; this.#unread < end; this.#unread++) {
      const loss = ring[this.slotOf(this.#unread)];
      if (!Number.isFinite(loss)) {
        const step = this.#unread + 1;
        throw new DivergenceError(
          `Cannot go on training: the loss is not finite at step ${step}, received ${loss}`,
          step,
        );
      }
      const rows = rowsOf(this.#unread);
      this.#sum += rows * loss;
      this.#rows += rows;
      this.#recent.push({ step: this.#unread + 1, rows, loss });
    }
  }

  /** Releases the ring. */
  destroy(): void {
    this.#readings.destroy();
    this.#buffer.destroy();
  }
}
