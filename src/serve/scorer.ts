/**
 * Scoring of small batches: forward passes for a few batch sizes, compiled before the first request.
 *
 * @module
 */
import type { Calibrator } from "../calibration/calibration.ts";
import { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { formatValue } from "../data/format.ts";
import { defaultBudget } from "../feed/budget.ts";
import type { Gpu } from "../gpu/device.ts";
import { MAPS_AT_ONCE } from "../host/mod.ts";
import type { Access } from "../model/access.ts";
import type { ModelParts } from "../model/parts.ts";
import { Predictor, type Scores } from "../predictor.ts";
import { PastDevice } from "./past_device.ts";
import { Running } from "./running.ts";
import type { ProcessorUse } from "./processor_way.ts";
import type { BatchWay } from "./ways.ts";

export type { Scores } from "../predictor.ts";

/** Options of a {@linkcode Scorer}. */
export interface ScorerOptions {
  /** Batch sizes, ascending; rows take the smallest that holds them, more rows several of the largest. @default {[1, 8, 64, 512, 4096]} */
  readonly batchSizes?: readonly number[];
  /**
   * Which batches are computed on the processor instead of the device: those for which that is faster when both are timed
   * at the start, none, or all. There scores are within 1e-6 of those that `predict` returns, on the device they have the
   * same bits.
   *
   * @default {"auto"}
   */
  readonly processor?: ProcessorUse;
}

/** What computes scores: a {@linkcode Scorer} in this thread, or one in a worker. */
export interface RowScorer extends AsyncDisposable {
  /** Whether it can score; one whose worker has ended cannot, until another one is there. */
  readonly isReady: boolean;
  /** How often its worker was replaced. */
  readonly restarts: number;
  /** Which way batches of each size go, and how long each way took at the start. */
  readonly ways: readonly BatchWay[];
  /** The same in a line. */
  readonly description: string;
  /** Computes probabilities and logits of each row. */
  score(data: Dataset): Promise<Scores>;
}

/** What a scorer is made from. */
export interface ScorerParts extends ModelParts {
  /** Schema of the rows. */
  readonly schema: FittedSchema;
  /** The device. */
  readonly gpu: Gpu;
  /** Who uses the parameters. */
  readonly access: Access;
  /** What turns logits into probabilities. */
  readonly calibrator: Calibrator;
}

/** Scores rows for many callers at a time. */
export class Scorer implements RowScorer {
  /** Always: it works in this thread. */
  readonly isReady = true;
  /** None: it works in this thread. */
  readonly restarts = 0;
  readonly #access: Access;
  readonly #calibrator: Calibrator;
  readonly #predictors: readonly Predictor[];
  readonly #past: PastDevice;
  readonly #running = new Running();
  #isDisposed = false;

  private constructor({ access, calibrator }: ScorerParts, predictors: readonly Predictor[], past: PastDevice) {
    this.#access = access;
    this.#calibrator = calibrator;
    this.#predictors = predictors;
    this.#past = past;
  }

  /**
   * Compiles the passes, runs each of them once, since some drivers compile when a kernel first runs, and times them.
   *
   * @throws {RangeError} when the batch sizes are not ascending positive integers, or an option is out of its range
   * @throws {FormError} when the processor is to compute everything, and the model has an op that it cannot compute
   * @throws {GpuError} when the device has too little memory
   */
  static async create(parts: ScorerParts, options: ScorerOptions = {}): Promise<Scorer> {
    const { gpu, schema } = parts;
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
    try {
      for (const each of made) if (each.status === "rejected") throw each.reason;
      for (const predictor of predictors) await predictor.score(blankRow(schema));
      return new Scorer(parts, predictors, await PastDevice.open(predictors, parts, options.processor ?? "auto"));
    } catch (error) {
      for (const predictor of predictors) predictor.destroy();
      throw error;
    }
  }

  /** Rows of the largest batch. */
  get largestBatch(): number {
    return this.#predictors[this.#predictors.length - 1].batch;
  }

  /** Which way batches of each size go, and how long each way took at the start. */
  get ways(): readonly BatchWay[] {
    return this.#past.ways;
  }

  /** The same in a line. */
  get description(): string {
    return this.#past.description;
  }

  /**
   * Computes probabilities and logits of each row; the probabilities are calibrated, the logits are not.
   *
   * @throws {Error} when the scorer or its model was disposed
   */
  async score(data: Dataset): Promise<Scores> {
    if (this.#isDisposed) throw new Error("Cannot score: the scorer was disposed");
    const pass = this.#passFor(data);
    const scoring = this.#access.read("score", () => (this.#past.passFor(data) ?? pass).score(data));
    const scores = await this.#running.add(scoring);
    return { ...scores, probabilities: this.#calibrator.apply(scores, data) };
  }

  /** Chooses what computes a batch: the smallest pass that holds all its rows, or else the largest one. */
  #passFor({ rows }: Dataset): Predictor {
    return this.#predictors.find(({ batch }) => batch >= rows) ?? this.#predictors[this.#predictors.length - 1];
  }

  /** Releases the passes once all calls have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await Promise.all([this.#running.idle(), this.#past.idle()]);
    for (const predictor of this.#predictors) predictor.destroy();
  }
}

/** Returns a row of values that training did not have, with empty sequences. */
function blankRow(schema: FittedSchema): Dataset {
  return new Dataset({
    schema,
    rows: 1,
    ids: Uint32Array.from(schema.fields, ({ offset }) => offset),
    values: schema.hasValues ? new Float32Array(schema.fields.length) : undefined,
    histories: schema.histories.map(({ weighted }) => ({
      offsets: new Uint32Array(2),
      ids: new Uint32Array(0),
      ...(weighted && { weights: new Float32Array(0) }),
    })),
    labels: new Float32Array(schema.labelCount),
    labeled: false,
  });
}
