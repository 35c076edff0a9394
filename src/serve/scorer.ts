/**
 * Scoring of small batches: forward passes for a few batch sizes, compiled before the first request.
 *
 * @module
 */
import type { Calibrator } from "../calibration/calibration.ts";
import type { Dataset } from "../data/dataset.ts";
import { formatValue } from "../data/format.ts";
import { defaultBudget } from "../feed/budget.ts";
import type { Gpu } from "../gpu/device.ts";
import { MAPS_AT_ONCE } from "../host/mod.ts";
import type { Access } from "../model/access.ts";
import type { ModelParts } from "../model/parts.ts";
import { Predictor, type Scores } from "../predictor.ts";

export type { Scores } from "../predictor.ts";

/** Options of a {@linkcode Scorer}. */
export interface ScorerOptions {
  /** Batch sizes, ascending; rows take the smallest that holds them, more rows several of the largest. @default {[1, 8, 64, 512, 4096]} */
  readonly batchSizes?: readonly number[];
}

/** What a scorer is made from. */
export interface ScorerParts extends ModelParts {
  /** The device. */
  readonly gpu: Gpu;
  /** Who uses the parameters. */
  readonly access: Access;
  /** What turns logits into probabilities. */
  readonly calibrator: Calibrator;
}

/** Scores rows for many callers at a time. */
export class Scorer implements AsyncDisposable {
  readonly #access: Access;
  readonly #calibrator: Calibrator;
  readonly #predictors: readonly Predictor[];
  #running: Promise<unknown> = Promise.resolve();
  #isDisposed = false;

  private constructor({ access, calibrator }: ScorerParts, predictors: readonly Predictor[]) {
    this.#access = access;
    this.#calibrator = calibrator;
    this.#predictors = predictors;
  }

  /**
   * Compiles the passes.
   *
   * @throws {RangeError} when the batch sizes are not ascending positive integers
   * @throws {GpuError} when the device has too little memory
   */
  static async create(parts: ScorerParts, options: ScorerOptions = {}): Promise<Scorer> {
    const { gpu } = parts;
    const { batchSizes = [1, 8, 64, 512, 4096] } = options;
    const isAscending = batchSizes.every((size, i) => Number.isSafeInteger(size) && size > (batchSizes[i - 1] ?? 0));
    if (batchSizes.length === 0 || !isAscending) {
      const received = formatValue(batchSizes);
      throw new RangeError(
        `Cannot create scorer: batchSizes must be ascending positive integers, received ${received}`,
      );
    }
    const budget = defaultBudget(gpu);
    const made = await Promise.allSettled(
      batchSizes.map((batch) =>
        Predictor.create(gpu, {
          ...parts,
          batch,
          budget,
          chunkRows: batch,
          keepsLogits: true,
          readsEagerly: MAPS_AT_ONCE,
        })
      ),
    );
    const predictors = made.flatMap((each) => each.status === "fulfilled" ? [each.value] : []);
    const failed = made.find((each) => each.status === "rejected");
    if (failed) {
      for (const predictor of predictors) predictor.destroy();
      throw failed.reason;
    }
    return new Scorer(parts, predictors);
  }

  /** Rows of the largest batch. */
  get largestBatch(): number {
    return this.#predictors[this.#predictors.length - 1].batch;
  }

  /**
   * Computes probabilities and logits of each row; the probabilities are calibrated, the logits are not.
   *
   * @throws {Error} when the scorer or its model was disposed
   */
  async score(data: Dataset): Promise<Scores> {
    if (this.#isDisposed) throw new Error("Cannot score: the scorer was disposed");
    const fits = ({ batch }: Predictor) => batch >= data.rows;
    const predictor = this.#predictors.find(fits) ?? this.#predictors[this.#predictors.length - 1];
    const scoring = this.#access.read("score", () => predictor.score(data));
    this.#running = Promise.allSettled([this.#running, scoring]);
    const scores = await scoring;
    return { ...scores, probabilities: this.#calibrator.apply(scores, data) };
  }

  /** Releases the passes once all calls have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#running;
    for (const predictor of this.#predictors) predictor.destroy();
  }
}
