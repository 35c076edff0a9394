/**
 * Batches of requests: rows that arrive together are computed together.
 *
 * @module
 */
import { concatenate } from "../data/concatenate.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Scores } from "../predictor.ts";
import { type BatchingOptions, checkBatching, type CheckedBatching } from "./batching_options.ts";
import { AbandonedError, OverloadError } from "./error.ts";

export type { BatchingOptions } from "./batching_options.ts";

/** Where rows come from. */
export interface RequestOrigin {
  /** When the request was there as a whole, by `performance.now()`. @default now */
  readonly arrivedMs?: number;
  /** Aborted when nobody waits for the answer any more; rows that still wait are not computed then. */
  readonly signal?: AbortSignal;
}

/** What a request is told about its rows. */
export interface Answer extends Scores {
  /** How long it waited for its batch, in ms. */
  readonly queueMs: number;
  /** How long its batch took, in ms. */
  readonly computeMs: number;
}

/** What a batch is reported as. */
export interface BatchReport {
  /** Rows of the batch. */
  readonly rows: number;
  /** How long it took, in ms. */
  readonly computeMs: number;
}

interface Waiting {
  readonly data: Dataset;
  readonly since: number;
  readonly deadline: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Puts waiting requests together into batches. */
export class Batcher {
  readonly #score: (data: Dataset) => Promise<Scores>;
  readonly #options: CheckedBatching;
  readonly #onBatch: (report: BatchReport) => void;
  readonly #queue: Waiting[] = [];
  #rows = 0;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onIdle: (() => void)[] = [];

  /**
   * Makes a batcher.
   *
   * @param score computes probabilities and logits
   * @param onBatch told of each batch that was computed
   * @throws {RangeError} when an option is out of its range
   */
  constructor(
    score: (data: Dataset) => Promise<Scores>,
    options: BatchingOptions = {},
    onBatch: (report: BatchReport) => void = () => {},
  ) {
    this.#score = score;
    this.#options = checkBatching(options);
    this.#onBatch = onBatch;
  }

  /** Requests that wait. */
  get pending(): number {
    return this.#queue.length;
  }

  /** Most rows of a batch. */
  get maxBatchSize(): number {
    return this.#options.maxBatchSize;
  }

  /**
   * Refuses a request that could not wait, before any work is done for it.
   *
   * @throws {OverloadError} when too many requests wait, or this one waited too long before it came here
   */
  requireRoom(timeoutMs: number = Infinity, { arrivedMs = Infinity }: RequestOrigin = {}): void {
    const { maxQueueSize, timeoutMs: limitMs, timeoutAction } = this.#options;
    if (this.#queue.length >= maxQueueSize) {
      throw new OverloadError("full", `Cannot answer: Exceeds maximum queue size of ${maxQueueSize} requests`);
    }
    const isLate = performance.now() > arrivedMs + Math.min(timeoutMs, limitMs);
    if (isLate && timeoutAction === "reject") throw tooLate();
  }

  /**
   * Computes rows in a batch, perhaps together with others.
   *
   * @param timeoutMs how long they may wait, if less than the batcher's own limit
   * @param origin when the request came, which its time is counted from, and whether its client is still there
   * @throws {OverloadError} when too many requests wait, or the rows waited too long
   * @throws {AbandonedError} when the client went away before their batch began
   */
  submit(data: Dataset, timeoutMs: number = Infinity, origin: RequestOrigin = {}): Promise<Answer> {
    const { signal, arrivedMs: since = performance.now() } = origin;
    if (signal?.aborted) throw new AbandonedError();
    this.requireRoom(timeoutMs, origin);
    const deadline = since + Math.min(timeoutMs, this.#options.timeoutMs);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const waiting = { data, since, deadline, resolve, reject };
    this.#queue.push(waiting);
    this.#rows += data.rows;
    signal?.addEventListener("abort", () => this.#abandon(waiting), { once: true });
    this.#start();
    return promise;
  }

  /** Resolves once nothing waits and nothing is computed. */
  async idle(): Promise<void> {
    while (this.#queue.length > 0 || this.#running > 0) {
      await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    }
  }

  /** Starts batches as long as there are rows and room. */
  #start(): void {
    while (this.#queue.length > 0 && this.#running < this.#options.concurrency) {
      const wait = this.#waitMs();
      if (wait > 0) {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined;
          this.#start();
        }, wait);
        return;
      }
      const batch = this.#take();
      if (batch.length > 0) this.#run(batch);
    }
    if (this.#queue.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#running === 0) { for (const resolve of this.#onIdle.splice(0)) resolve(); }
  }

  /** Takes rows off the queue that nobody wants any more. */
  #abandon(waiting: Waiting): void {
    const place = this.#queue.indexOf(waiting);
    if (place < 0) return;
    this.#queue.splice(place, 1);
    this.#rows -= waiting.data.rows;
    waiting.reject(new AbandonedError());
    this.#start();
  }

  /** How long the next batch is to wait for more rows, in ms. */
  #waitMs(): number {
    const { maxBatchSize, preferredBatchSizes, maxQueueDelayMs } = this.#options;
    if (this.#rows >= Math.min(maxBatchSize, ...preferredBatchSizes)) return 0;
    return this.#queue[0].since + maxQueueDelayMs - performance.now();
  }

  /** Most rows of the next batch: the largest preferred size that is reached, if one is. */
  #mostRows(): number {
    const { maxBatchSize, preferredBatchSizes } = this.#options;
    const reached = preferredBatchSizes.filter((size) => size <= this.#rows);
    return reached.length > 0 ? Math.max(...reached) : maxBatchSize;
  }

  /** Takes the requests of a batch off the queue, and refuses those that are late. */
  #take(): Waiting[] {
    const now = performance.now();
    const late = this.#queue.filter(({ deadline }) => deadline < now);
    if (late.length > 0) this.#setAside(late);
    const most = this.#mostRows();
    const batch: Waiting[] = [];
    let rows = 0;
    while (this.#queue.length > 0) {
      const next = this.#queue[0].data.rows;
      if (batch.length > 0 && rows + next > most) break;
      batch.push(this.#queue.shift()!);
      rows += next;
    }
    this.#rows -= rows;
    return batch;
  }

  #setAside(late: readonly Waiting[]): void {
    const isLate = new Set(late);
    const inTime = this.#queue.filter((waiting) => !isLate.has(waiting));
    const isRefused = this.#options.timeoutAction === "reject";
    this.#queue.splice(0, this.#queue.length, ...inTime, ...(isRefused ? [] : late));
    if (!isRefused) return;
    for (const { data, reject } of late) {
      this.#rows -= data.rows;
      reject(tooLate());
    }
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    this.#running++;
    const start = performance.now();
    try {
      const data = concatenate(batch.map((waiting) => waiting.data));
      const { probabilities, logits } = await this.#score(data);
      const computeMs = performance.now() - start;
      this.#onBatch({ rows: data.rows, computeMs });
      const tasks = probabilities.length / data.rows;
      let first = 0;
      for (const { data: { rows }, since, resolve } of batch) {
        const [from, to] = [tasks * first, tasks * (first + rows)];
        resolve({
          probabilities: probabilities.slice(from, to),
          logits: logits.slice(from, to),
          queueMs: start - since,
          computeMs,
        });
        first += rows;
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#running--;
      this.#start();
    }
  }
}

function tooLate(): OverloadError {
  return new OverloadError("late", "Cannot answer: Request timeout expired");
}
