/**
 * Batched prediction: scores stay on the device until a piece is done.
 *
 * @module
 */
import type { Dataset } from "./data/dataset.ts";
import { Feed } from "./feed.ts";
import type { Gpu } from "./gpu/device.ts";
import { createBuffer, Readback, requireAllocated } from "./gpu/memory.ts";
import { ReadbackRing, type ReadPart } from "./gpu/readback_ring.ts";
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
  /** Rows that are on the device at a time, rounded up to whole batches. @default {65536} */
  readonly chunkRows?: number;
  /** Whether logits are kept beside the probabilities. @default {false} */
  readonly keepsLogits?: boolean;
  /** Whether results are taken before the runtime tells of them, where it allows that. @default {false} */
  readonly readsEagerly?: boolean;
}

/** What a forward pass says of rows. */
export interface Scores {
  /** Probabilities `[rows, T]`. */
  readonly probabilities: Float32Array<ArrayBuffer>;
  /** Logits `[rows, T]`. */
  readonly logits: Float32Array<ArrayBuffer>;
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
  /** Buffers of the probabilities, and of the logits where they are kept. */
  readonly #results: readonly GPUBuffer[];
  readonly #ring: ReadbackRing;
  /** Whether the model predicts numbers instead of probabilities. */
  readonly #isReal: boolean;

  private constructor(
    gpu: Gpu,
    plan: Plan,
    feed: Feed,
    { results, tasks, isEager, isReal }: { results: GPUBuffer[]; tasks: number; isEager: boolean; isReal: boolean },
  ) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#feed = feed;
    this.#results = results;
    this.tasks = tasks;
    this.#isReal = isReal;
    this.batch = plan.batch;
    const bytes = 4 * tasks * CHUNKS_PER_READ * this.#chunk * results.length;
    this.#ring = new ReadbackRing(gpu, "scores", { bytes, isEager });
  }

  /**
   * Compiles the forward pass.
   *
   * @throws {RangeError} when a batch does not fit in the budget or in a binding
   * @throws {GpuError} when the device has too little memory
   */
  static async create(gpu: Gpu, options: PredictorOptions): Promise<Predictor> {
    const { definition, declarations, space, store, batch, budget, chunkRows = CHUNK_ROWS, keepsLogits } = options;
    const isEager = options.readsEagerly ?? false;
    const rows = Math.ceil(chunkRows / batch) * batch;
    const tasks = space.tasks?.length ?? 1;
    const feed = new Feed(gpu, { ...feedSizes(space), batch, rows, budget });
    const results: GPUBuffer[] = [];
    try {
      const { logits } = traceModel(definition, "predict", declarations, space, feed.capacity);
      for (const name of keepsLogits ? ["scores", "logits"] : ["scores"]) {
        results.push(createBuffer(gpu, name, 4 * tasks * feed.capacity));
      }
      await requireAllocated([...feed.buffers, ...results]);
      const [scores, kept] = results.map((buffer) => ({ buffer }));
      storeScores(logits, scores, kept, space.real);
      const plan = await Plan.create(gpu, {
        name: `${definition.name}.predict`,
        batch,
        outputs: [logits],
        storage: store,
        inputs: feed.inputs,
      });
      return new Predictor(gpu, plan, feed, { results, tasks, isEager, isReal: space.real ?? false });
    } catch (error) {
      feed.destroy();
      for (const buffer of results) buffer.destroy();
      throw error;
    }
  }

  /** Returns the probabilities of each row, `[rows, T]`. */
  async predict(dataset: Dataset): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#run(dataset, 1))[0];
  }

  /**
   * Returns probabilities and logits of each row.
   *
   * @throws {TypeError} when the logits are not kept
   */
  async score(dataset: Dataset): Promise<Scores> {
    if (this.#results.length < 2) throw new TypeError("Cannot score: the predictor must keep logits, received none");
    const [probabilities, logits] = await this.#run(dataset, 2);
    return { probabilities, logits };
  }

  /** Releases the plan and its buffers. */
  destroy(): void {
    this.#plan.destroy();
    this.#ring.destroy();
    this.#feed.destroy();
    for (const buffer of this.#results) buffer.destroy();
  }

  /** Rows of a chunk: whole batches. */
  get #chunk(): number {
    return Math.floor(this.#feed.capacity / this.batch) * this.batch;
  }

  /** Computes the first `count` of the results for each row, `[rows, T]` each. */
  async #run(dataset: Dataset, count: number): Promise<Float32Array<ArrayBuffer>[]> {
    const piece = CHUNKS_PER_READ * this.#chunk;
    const outputs = dataset.rows <= piece
      ? await this.#runPiece(dataset, count)
      : await this.#runPieces(dataset, count, piece);
    this.#markUnknown(outputs[0]);
    return outputs;
  }

  /** Reads the results of several pieces, each through a buffer of its own. */
  async #runPieces(dataset: Dataset, count: number, piece: number): Promise<Float32Array<ArrayBuffer>[]> {
    const outputs = Array.from({ length: count }, () => new Float32Array(this.tasks * dataset.rows));
    await overlap(dataset.rows, piece, async (start, end) => {
      const read = new Float32Array(await this.#submit(dataset, start, end, count));
      const length = this.tasks * (end - start);
      outputs.forEach((output, k) => output.set(read.subarray(k * length, (k + 1) * length), this.tasks * start));
    });
    return outputs;
  }

  /** Writes NaN for what is no probability: the kernel writes 2 where a logit is no finite number. */
  #markUnknown(probabilities: Float32Array): void {
    if (this.#isReal) return;
    for (let i = 0; i < probabilities.length; i++) if (probabilities[i] > 1) probabilities[i] = NaN;
  }

  /** Reads the results of one piece through a buffer that is used again. */
  async #runPiece(dataset: Dataset, count: number): Promise<Float32Array<ArrayBuffer>[]> {
    if (dataset.rows === 0) return Array.from({ length: count }, () => new Float32Array(0));
    const slot = await this.#ring.take();
    const length = this.tasks * dataset.rows;
    let read: Promise<ArrayBuffer>;
    try {
      this.#runChunks(dataset, 0, dataset.rows, count, (part) => slot.copy([part]));
      read = slot.read();
    } catch (error) {
      slot.release();
      throw error;
    }
    const numbers = new Float32Array(await read);
    return Array.from({ length: count }, (_, k) => numbers.slice(k * length, (k + 1) * length));
  }

  /**
   * Submits the forward pass over the rows from `start` to before `end`, and returns the first `count` of their results,
   * one behind the other, once they are back.
   */
  #submit(dataset: Dataset, start: number, end: number, count: number): Promise<ArrayBuffer> {
    const readback = new Readback(this.#gpu, this.#results[0].label, 4 * this.tasks * (end - start) * count);
    try {
      this.#runChunks(dataset, start, end, count, ({ buffer, bytes, offset, at }) => {
        readback.copy(buffer, bytes, offset, at);
      });
      return readback.read();
    } catch (error) {
      readback.destroy();
      throw error;
    }
  }

  /** Runs the rows from `start` to before `end` chunk by chunk, and has each chunk's results copied before the next. */
  #runChunks(dataset: Dataset, start: number, end: number, count: number, copy: (part: ReadPart) => void): void {
    const bytes = 4 * this.tasks;
    for (let first = start; first < end; first += this.#chunk) {
      const rows = Math.min(this.#chunk, end - first);
      const base = this.#runChunk(dataset, first, rows);
      this.#results.slice(0, count).forEach((buffer, k) => {
        const at = bytes * (k * (end - start) + first - start);
        copy({ buffer, bytes: bytes * rows, offset: bytes * base, at });
      });
    }
  }

  /** Runs the rows of a chunk and returns the position of their scores. */
  #runChunk(dataset: Dataset, start: number, rows: number): number {
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
