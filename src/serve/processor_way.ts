/**
 * The way of batches past the device: a model's forward pass on the processor, with a copy of its parameters.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Access } from "../model/access.ts";
import type { ModelParts } from "../model/parts.ts";
import type { Scores } from "../predictor.ts";
import { FormError } from "../processor/form.ts";
import { ProcessorForward } from "../processor/forward.ts";
import type { Store } from "../store.ts";

/**
 * Which batches are computed on the processor: those that measurement at the start says are faster there, none, or all of
 * a model that can be computed there.
 */
export type ProcessorUse = "auto" | "never" | "always";

/** Bytes of parameters from which on a copy of them is made only where it is asked for. */
const MOST_BYTES = 2 ** 30;

/** A model, and who uses its parameters. */
export interface ProcessorWayParts extends ModelParts {
  /** Who uses the parameters. */
  readonly access: Access;
}

/** A way past the device, or why there is none. */
export type WayOrReason = { readonly processor: ProcessorWay } | { readonly reason: string };

/** Computes batches on the processor. */
export class ProcessorWay {
  readonly #forward: ProcessorForward;
  readonly #store: Store;
  readonly #access: Access;
  /** Version of the parameters that the pass has. */
  #version = -1;
  #loading: Promise<void> | undefined;

  private constructor(forward: ProcessorForward, { store, access }: ProcessorWayParts) {
    this.#forward = forward;
    this.#store = store;
    this.#access = access;
  }

  /**
   * Compiles a model for the processor and reads its parameters from the device.
   *
   * @throws {FormError} when it must be computed there and cannot be
   * @throws {RangeError} when it must be computed there and memory does not suffice
   */
  static async open(parts: ProcessorWayParts, use: ProcessorUse): Promise<WayOrReason> {
    if (use === "never") return { reason: "it is not asked for" };
    const bytes = 4 * parts.store.parameterCount;
    if (use === "auto" && bytes > MOST_BYTES) {
      return { reason: `its parameters take ${bytes} bytes, more than ${MOST_BYTES}` };
    }
    try {
      const way = new ProcessorWay(ProcessorForward.create(parts), parts);
      await way.load();
      return { processor: way };
    } catch (error) {
      // The device can do without: an op without a form, and a memory that is too large, are no failures.
      if (use === "auto" && (error instanceof FormError || error instanceof RangeError)) {
        return { reason: error.message };
      }
      throw error;
    }
  }

  /** Whether the pass has the parameters that the device has. */
  get isFresh(): boolean {
    return this.#version === this.#access.version;
  }

  /** Reads the parameters from the device, and keeps them unless they changed meanwhile. */
  load(): Promise<void> {
    return this.#loading ??= this.#read().finally(() => this.#loading = undefined);
  }

  /** Computes probabilities and logits of each row, with the device's parameters. */
  async score(data: Dataset): Promise<Scores> {
    if (!this.isFresh) await this.load();
    return this.#forward.score(data);
  }

  async #read(): Promise<void> {
    const { version } = this.#access;
    const numbers = await this.#store.download();
    if (version !== this.#access.version) return;
    this.#forward.load(numbers);
    this.#version = version;
  }
}
