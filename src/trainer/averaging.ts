/**
 * The average of a model's weights over the steps of a training.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import { formatValue } from "../data/format.ts";
import { requireCount } from "../model/requirements.ts";
import { BufferAverages } from "../ops/train/average.ts";
import type { TrainerContext } from "./context.ts";
import type { FitOptions } from "./options.ts";
import type { TrainingState } from "./state.ts";

/** What the names of the averages begin with in a checkpoint. */
const PREFIX = "average/";

/** Steps from one average to the next where the options have none. */
const EVERY = 16;

type Averaging = NonNullable<FitOptions["averaging"]>;

/** An average of weights that is still to be allocated, or is on the device. */
export class WeightAverage {
  readonly #context: TrainerContext;
  readonly #options: Averaging;
  readonly #state: TrainingState;
  #buffers: BufferAverages | undefined;

  /** Takes the options in, and the state that counts the averaged weights. */
  constructor(context: TrainerContext, options: Averaging, state: TrainingState) {
    this.#context = context;
    this.#options = options;
    this.#state = state;
  }

  /** Whether weights were averaged. */
  get exists(): boolean {
    return (this.#state.averaged ?? 0) > 0;
  }

  /**
   * Allocates as much as the weights take, running statistics included.
   *
   * @throws {GpuError} when the device has too little memory
   */
  async allocate(): Promise<void> {
    const { gpu, store, declarations } = this.#context;
    const tables = [...declarations.tables.values()].flatMap((table) => store.shards(table, 0));
    const ranges = [store.buffer("parameters"), store.buffer("statistics"), ...tables.map(({ range }) => range)];
    this.#buffers = await BufferAverages.create(gpu, ranges.map(({ buffer }) => buffer));
  }

  /** Whether the weights after this step count, the last one of its epoch or not. */
  isDue(endsEpoch: boolean): boolean {
    const { step, epoch } = this.#state;
    const options = this.#options;
    if (options.kind === "ema") return step % (options.every ?? EVERY) === 0;
    return endsEpoch && epoch + 1 >= options.from;
  }

  /** Takes the weights in; the steps were submitted. */
  async take(): Promise<void> {
    const taken = this.#state.averaged ?? 0;
    const options = this.#options;
    // The first ones have equal weights, or the average would remember the start for as long as its decay says.
    const least = 1 / (taken + 1);
    const rate = options.kind === "swa" ? least : Math.max(least, 1 - options.decay ** (options.every ?? EVERY));
    await this.#context.access.write(() => this.#buffers!.blend(rate));
    this.#state.averaged = taken + 1;
  }

  /** Does work while the model has the average in place of its weights, which it has again afterwards. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (!this.exists) return await work();
    await this.exchange();
    try {
      return await work();
    } finally {
      await this.exchange();
    }
  }

  /** Gives the model the average, and takes its weights in its place. */
  async exchange(): Promise<void> {
    await this.#context.access.write(() => this.#buffers!.exchange());
  }

  /** Returns the average as a checkpoint holds it. */
  async toCheckpoint(): Promise<Record<string, CheckpointTensor>> {
    if (!this.exists) return {};
    const tensors = await this.during(() => this.#context.store.download());
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [PREFIX + name, tensor]));
  }

  /** Takes up what a checkpoint holds, by way of the model's weights, which are then to be uploaded. */
  restore(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    if (!this.exists) return;
    const named = Object.entries(tensors).filter(([name]) => name.startsWith(PREFIX));
    this.#context.store.upload(Object.fromEntries(named.map(([name, tensor]) => [name.slice(PREFIX.length), tensor])));
    this.#buffers!.exchange();
  }

  /** Releases the average. */
  destroy(): void {
    this.#buffers?.destroy();
  }
}

/**
 * Refuses averages that cannot be.
 *
 * @throws {TypeError} when there is no such kind
 * @throws {RangeError} when a number is out of its range
 */
export function requireAveraging(averaging: FitOptions["averaging"], epochs: number): void {
  if (averaging === undefined) return;
  const { kind } = averaging;
  if (kind === "ema") {
    const { decay, every = EVERY } = averaging;
    if (!(decay > 0 && decay < 1)) {
      throw new RangeError(`Cannot train: averaging.decay must be in (0, 1), received ${formatValue(decay)}`);
    }
    requireCount("train", "averaging.every", every);
  } else if (kind === "swa") {
    requireCount("train", "averaging.from", averaging.from);
    if (averaging.from > epochs) {
      throw new RangeError(`Cannot train: averaging.from must be one of ${epochs} epochs, received ${averaging.from}`);
    }
  } else {
    throw new TypeError(`Cannot train: averaging.kind must be "ema" or "swa", received ${formatValue(kind)}`);
  }
}
