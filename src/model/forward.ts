/**
 * What a model computes for rows without training.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { Dataset } from "../data/dataset.ts";
import { defaultBudget } from "../feed/budget.ts";
import type { Gpu } from "../gpu/device.ts";
import { Inspector } from "../inspector.ts";
import { Predictor } from "../predictor.ts";
import type { ModelParts } from "./parts.ts";
import { Passes } from "./passes.ts";
import { requireNumbers } from "./requirements.ts";
import { byTask, type TaskProbabilities } from "./tasks.ts";

/** Runs a model forward, with passes compiled for the batch sizes that were asked for lately. */
export class Forward {
  readonly #gpu: Gpu;
  readonly #parts: ModelParts;
  readonly #passes = new Passes();

  /** Compiles nothing yet. */
  constructor(gpu: Gpu, parts: ModelParts) {
    this.#gpu = gpu;
    this.#parts = parts;
  }

  /**
   * Predicts the probability of each label for each row, `batch` rows at a time.
   *
   * @throws {PredictionError} when a probability is not a number
   */
  async predict(data: Dataset, batch: number): Promise<TaskProbabilities> {
    const { tasks } = data.schema;
    const create = () => Predictor.create(this.#gpu, { ...this.#parts, batch, budget: defaultBudget(this.#gpu) });
    const all = data.rows === 0
      ? new Float32Array(0)
      : await this.#passes.use(`predict ${batch}`, create, (predictor) => predictor.predict(data));
    return byTask(requireNumbers(all, tasks.length), tasks);
  }

  /**
   * Reads what the layers expose, `batch` rows at a time.
   *
   * @throws {TypeError} when they expose nothing
   */
  async inspect(data: Dataset, batch: number): Promise<Record<string, CheckpointTensor>> {
    const create = () => Inspector.create(this.#gpu, this.#parts, batch);
    return await this.#passes.use(`inspect ${batch}`, create, (inspector) => inspector.inspect(data));
  }

  /** Releases the passes; nothing may be under way. */
  async destroy(): Promise<void> {
    await this.#passes.destroy();
  }
}
