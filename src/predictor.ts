/**
 * Batched prediction: scores stay on the device until a chunk is done.
 *
 * @module
 */
import type { Dataset } from "./data/dataset.ts";
import { Feed } from "./feed.ts";
import type { Gpu } from "./gpu/device.ts";
import { createBuffer, download } from "./gpu/memory.ts";
import { MAX_STEPS_PER_SUBMIT, Plan, type StepScalars } from "./graph/plan.ts";
import type { ModelParts } from "./model/parts.ts";
import { storeScores } from "./ops/loss.ts";
import { traceModel } from "./trace.ts";

/** Rows that are on the device at a time. */
const CHUNK_ROWS = 1 << 16;

/** What a predictor is compiled from. */
export interface PredictorOptions extends ModelParts {
  /** Rows of a batch. */
  readonly batch: number;
  /** Bytes of device memory for rows. */
  readonly budget: number;
}

/** A compiled forward pass over data sets. */
export class Predictor {
  /** Rows of a batch. */
  readonly batch: number;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #feed: Feed;
  readonly #scores: GPUBuffer;

  private constructor(gpu: Gpu, plan: Plan, feed: Feed, scores: GPUBuffer) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#feed = feed;
    this.#scores = scores;
    this.batch = plan.batch;
  }

  /** Compiles the forward pass. */
  static async create(gpu: Gpu, options: PredictorOptions): Promise<Predictor> {
    const { definition, declarations, space, store, batch, budget } = options;
    const rows = Math.ceil(CHUNK_ROWS / batch) * batch;
    const feed = new Feed(gpu, { fields: space.fields.length, hasValues: space.hasValues, batch, rows, budget });
    const { logits } = traceModel(definition, "predict", declarations, space, feed.capacity);
    const scores = createBuffer(gpu, "scores", 4 * feed.capacity);
    storeScores(logits, { buffer: scores });
    const plan = await Plan.create(gpu, {
      name: `${definition.name}.predict`,
      batch,
      outputs: [logits],
      storage: store,
      inputs: feed.inputs,
    });
    return new Predictor(gpu, plan, feed, scores);
  }

  /** Returns the probability of each row, in order. */
  async predict(dataset: Dataset): Promise<Float32Array<ArrayBuffer>> {
    const probabilities = new Float32Array(dataset.rows);
    this.#feed.begin(dataset);
    const chunk = Math.floor(this.#feed.capacity / this.batch) * this.batch;
    for (let start = 0; start < dataset.rows; start += chunk) {
      const end = Math.min(start + chunk, dataset.rows);
      const base = this.#feed.locate(start);
      const steps: StepScalars[] = [];
      for (let first = start; first < end; first += this.batch) {
        const rows = Math.min(this.batch, end - first);
        steps.push({ rows, first: base + first - start, index: 0, seed: 0, lr: 0, slot: 0 });
      }
      while (steps.length > 0) this.#plan.run(steps.splice(0, MAX_STEPS_PER_SUBMIT));
      const scores = await download(this.#gpu, this.#scores, 4 * (end - start), 4 * base);
      probabilities.set(new Float32Array(scores), start);
    }
    return probabilities;
  }

  /** Releases the plan and its buffers. */
  destroy(): void {
    this.#plan.destroy();
    this.#feed.destroy();
    this.#scores.destroy();
  }
}
