/**
 * What a model computes for rows without training.
 *
 * @module
 */
import type { Calibrator } from "../calibration/calibration.ts";
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { Dataset } from "../data/dataset.ts";
import { defaultBudget } from "../feed/budget.ts";
import type { Gpu } from "../gpu/device.ts";
import { MAPS_AT_ONCE } from "../host/mod.ts";
import { type Inspected, Inspector } from "../inspector.ts";
import { Predictor, type PredictorOptions, type Scores } from "../predictor.ts";
import type { ModelParts } from "./parts.ts";
import { Passes } from "./passes.ts";
import { requireNumbers } from "./requirements.ts";
import { byTask, type TaskProbabilities } from "./tasks.ts";

/** Runs a model forward, with passes compiled for the batch sizes that were asked for lately. */
export class Forward {
  readonly #gpu: Gpu;
  readonly #parts: ModelParts;
  readonly #calibrator: Calibrator;
  readonly #passes = new Passes();

  /** Compiles nothing yet. */
  constructor(gpu: Gpu, parts: ModelParts, calibrator: Calibrator) {
    this.#gpu = gpu;
    this.#parts = parts;
    this.#calibrator = calibrator;
  }

  /**
   * Predicts the probability of each label for each row, `batch` rows at a time.
   *
   * @param calibrated whether the calibration is applied, where there is one
   * @throws {PredictionError} when a probability is not a number
   */
  async predict(data: Dataset, batch: number, calibrated = true): Promise<TaskProbabilities> {
    const { tasks } = data.schema;
    if (data.rows === 0) return byTask(new Float32Array(0), tasks);
    if (calibrated && this.#calibrator.current) {
      const scores = await this.score(data, batch);
      return byTask(this.#calibrator.apply(scores, data), tasks);
    }
    const create = () => Predictor.create(this.#gpu, this.#optionsOf(batch));
    const all = await this.#passes.use(`predict ${batch}`, create, (predictor) => predictor.predict(data));
    return byTask(requireNumbers(all, tasks.length), tasks);
  }

  /**
   * Computes logits and uncalibrated probabilities of each row, `[rows, T]`, `batch` rows at a time.
   *
   * @throws {PredictionError} when a probability is not a number
   */
  async score(data: Dataset, batch: number): Promise<Scores> {
    const create = () => Predictor.create(this.#gpu, { ...this.#optionsOf(batch), keepsLogits: true });
    const scores = await this.#passes.use(`score ${batch}`, create, (predictor) => predictor.score(data));
    requireNumbers(scores.probabilities, data.schema.tasks.length);
    return scores;
  }

  /**
   * Reads what the layers expose, or the outputs of those with ReLU, `batch` rows at a time.
   *
   * @throws {TypeError} when there is nothing of the kind
   */
  async inspect(data: Dataset, batch: number, what: Inspected): Promise<Record<string, CheckpointTensor>> {
    const create = () => Inspector.create(this.#gpu, this.#parts, batch, what);
    return await this.#passes.use(`inspect ${what} ${batch}`, create, (inspector) => inspector.inspect(data));
  }

  #optionsOf(batch: number): PredictorOptions {
    return { ...this.#parts, batch, budget: defaultBudget(this.#gpu), readsEagerly: MAPS_AT_ONCE };
  }

  /** Releases the passes; nothing may be under way. */
  async destroy(): Promise<void> {
    await this.#passes.destroy();
  }
}
