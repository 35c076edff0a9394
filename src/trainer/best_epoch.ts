/**
 * Early stopping: the best epoch so far, with its parameters.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import { type Evaluation, numbersOf } from "../metrics.ts";
import { PlateauSchedule, type PlateauState } from "../schedule.ts";
import type { Store } from "../store.ts";
import { requireFinite } from "./checks.ts";
import type { EarlyStopping } from "./options.ts";

/** What the names of the best parameters begin with in a checkpoint. */
const PREFIX = "best/";

/** Watches validation metrics, and keeps the parameters of the best epoch; without options it does neither. */
export class BestEpoch {
  #plateau: PlateauSchedule | undefined;
  #tensors: Readonly<Record<string, CheckpointTensor>> | undefined;

  /**
   * Begins with no epoch.
   *
   * @param lr learning rate of the optimizer
   * @throws {RangeError} when an option is out of its range
   */
  constructor(lr: number, options: EarlyStopping | undefined) {
    if (options) this.#plateau = new PlateauSchedule({ lr, ...options });
  }

  /** The learning rate, which falls where metrics cease to improve; absent without options. */
  get lr(): number | undefined {
    return this.#plateau?.lr;
  }

  /** Whether training is to stop. */
  get stopped(): boolean {
    return this.#plateau?.stopped ?? false;
  }

  /** Parameters of the best epoch; absent before the first, and without options. */
  get tensors(): Readonly<Record<string, CheckpointTensor>> | undefined {
    return this.#tensors;
  }

  /**
   * Takes in the metrics of an epoch, and the parameters where it is the best so far.
   *
   * @param step steps done, for errors
   * @throws {DivergenceError} when a parameter of the best epoch is not finite
   */
  async observe(
    metrics: Evaluation | undefined,
    store: Store,
    step: number,
  ): Promise<{ readonly improved: boolean; readonly stop: boolean }> {
    if (!metrics || !this.#plateau) return { improved: true, stop: false };
    const { improved, stop } = this.#plateau.observe(numbersOf(metrics));
    if (improved) {
      const tensors = await store.download();
      requireFinite(tensors, step);
      this.#tensors = tensors;
    }
    return { improved, stop };
  }

  /** Returns the state and the parameters as a checkpoint holds them. */
  toCheckpoint(): { readonly plateau: PlateauState | null; readonly tensors: Record<string, CheckpointTensor> } {
    const named = Object.entries(this.#tensors ?? {}).map(([name, tensor]) => [PREFIX + name, tensor]);
    return { plateau: this.#plateau?.toJSON() ?? null, tensors: Object.fromEntries(named) };
  }

  /** Takes up what a checkpoint holds. */
  restore(plateau: PlateauState | null, tensors: Readonly<Record<string, CheckpointTensor>>): void {
    if (plateau) this.#plateau = PlateauSchedule.fromJSON(plateau);
    const named = Object.entries(tensors).filter(([name]) => name.startsWith(PREFIX));
    if (named.length === 0) return;
    this.#tensors = Object.fromEntries(named.map(([name, tensor]) => [name.slice(PREFIX.length), tensor]));
  }
}
