/**
 * Batched prediction: scores stay on the device until a piece is done.
 *
 * @module
 */
import type { Dataset } from "./data/dataset.ts";
import { Feed } from "./feed.ts";
import type { Gpu } from "./gpu/device.ts";
import { createBuffer, Readback, requireAllocated } from "./gpu/memory.ts";
import { MAX_STEPS_PER_SUBMIT, Plan, type StepScalars } from "./graph/plan.ts";
import { overlap } from "./model/overlap.ts";
import type { ModelParts } from "./model/parts.ts";
import { storeScores } from "./ops/train/loss.ts";
import { feedSizes, traceModel } from "./trace.ts";

/** Rows that are on the device at a time. */
const CHUNK_ROWS = 1 << 16;

/** Chunks that are submitted one after the other before their scores are read: each wait costs some ms. */
const CHUNKS_PER_READ = 4;

/** What a predictor is compiled from. */
export interface PredictorOptions extends ModelParts {
  /** Rows of a batch. */
  readonly batch: number;
  /** Bytes of device memory for rows. */
  readonly budget: number;
}

/**
 * A compiled forward pass over data sets.
 *
 * Calls share its buffers and run side by side: what a call uploads, runs and copies into a buffer of its own goes to
 * the device's queue without an interruption, so no other call comes in between.
 */
export class Predictor {
  /** Rows of a batch. */
  readonly batch: number;
  /** Number of tasks T. */
  readonly tasks: number;
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #feed: Feed;
  readonly #scores: GPUBuffer;

  private constructor(gpu: Gpu, plan: Plan, feed: Feed, { scores, tasks }: { scores: GPUBuffer; tasks: number }) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#feed = feed;
    this.#scores = scores;
    this.tasks = tasks;
    this.batch = plan.batch;
  }

  /**
   * Compiles the forward pass.
   *
   * @throws {RangeError} when a batch does not fit in the budget or in a binding
   * @throws {GpuError} when the device has too little memory
   */
  static async create(gpu: Gpu, options: PredictorOptions): Promise<Predictor> {
    const { definition, declarations, space, store, batch, budget } = options;
    const rows = Math.ceil(CHUNK_ROWS / batch) * batch;
    const tasks = space.tasks?.length ?? 1;
    const feed = new Feed(gpu, { ...feedSizes(space), batch, rows, budget });
    let scores: GPUBuffer | undefined;
    try {
      const { logits } = traceModel(definition, "predict", declarations, space, feed.capacity);
      scores = createBuffer(gpu, "scores", 4 * tasks * feed.capacity);
      await requireAllocated([...feed.buffers, scores]);
      storeScores(logits, { buffer: scores });
      const plan = await Plan.create(gpu, {
        name: `${definition.name}.predict`,
        batch,
        outputs: [logits],
        storage: store,
        inputs: feed.inputs,
      });
      return new Predictor(gpu, plan, feed, { scores, tasks });
    } catch (error) {
      feed.destroy();
      scores?.destroy();
      throw error;
    }
  }

  /** Returns the probabilities of each row, `[rows, T]`. */
  async predict(dataset: Dataset): Promise<Float32Array<ArrayBuffer>> {
    const probabilities = new Float32Array(this.tasks * dataset.rows);
    await overlap(dataset.rows, CHUNKS_PER_READ * this.#chunk, async (start, end) => {
      probabilities.set(new Float32Array(await this.#submit(dataset, start, end)), this.tasks * start);
    });
    return probabilities;
  }

  /** Releases the plan and its buffers. */
  destroy(): void {
    this.#plan.destroy();
    this.#feed.destroy();
    this.#scores.destroy();
  }

  /** Rows of a chunk: whole batches. */
  get #chunk(): number {
    return Math.floor(this.#feed.capacity / this.batch) * this.batch;
  }

  /** Submits the forward pass over the rows from `start` to before `end`, and returns their scores once they are back. */
  #submit(dataset: Dataset, start: number, end: number): Promise<ArrayBuffer> {
    const bytes = 4 * this.tasks;
    const readback = new Readback(this.#gpu, this.#scores.label, bytes * (end - start));
    try {
      for (let first = start; first < end; first += this.#chunk) {
        const rows = Math.min(this.#chunk, end - first);
        const base = this.#run(dataset, first, rows);
        readback.copy(this.#scores, bytes * rows, bytes * base, bytes * (first - start));
      }
      return readback.read();
    } catch (error) {
      readback.destroy();
      throw error;
    }
  }

  /** Runs the rows of a chunk and returns the position of their scores. */
  #run(dataset: Dataset, start: number, rows: number): number {
    this.#feed.begin(dataset);
    const base = this.#feed.locate(start);
    const steps: StepScalars[] = [];
    for (let first = 0; first < rows; first += this.batch) {
      const valid = Math.min(this.batch, rows - first);
      steps.push({ rows: valid, first: base + first, index: 0, seed: 0, lr: 0, slot: 0 });
    }
    while (steps.length > 0) this.#plan.run(steps.splice(0, MAX_STEPS_PER_SUBMIT));
    this.#feed.end();
    return base;
  }
}
