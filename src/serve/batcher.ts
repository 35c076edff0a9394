/**
 * Batches of requests: rows that arrive together are computed together.
 *
 * @module
 */
import { concatenate } from "../data/concatenate.ts";
import type { Dataset } from "../data/dataset.ts";
import { formatValue } from "../data/format.ts";
import type { Scores } from "../predictor.ts";
import { OverloadError } from "./error.ts";

/** Options of a {@linkcode Batcher}. */
export interface BatchingOptions {
  /** Most rows of a batch; a request with more has a batch of its own. @default {4096} */
  readonly maxBatchSize?: number;
  /** Rows that a batch need not wait to exceed: as soon as so many are there, it starts. @default {none} */
  readonly preferredBatchSizes?: readonly number[];
  /** How long the first request of a batch waits for others, in ms. @default {0} */
  readonly maxQueueDelayMs?: number;
  /** Requests that may wait; further ones are refused. @default {1000} */
  readonly maxQueueSize?: number;
  /** How long a request may wait, in ms; without an end when absent. */
  readonly timeoutMs?: number;
  /** What happens to a request that has waited longer: it is refused, or comes after those that have not. @default {"reject"} */
  readonly timeoutAction?: "reject" | "delay";
  /** Batches that are computed at a time. @default {2} */
  readonly concurrency?: number;
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
  readonly #options: Required<Omit<BatchingOptions, "timeoutMs">> & { readonly timeoutMs: number };
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
    this.#options = checkOptions(options);
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
   * Computes rows in a batch, perhaps together with others.
   *
   * @param timeoutMs how long they may wait, if less than the batcher's own limit
   * @throws {OverloadError} when too many requests wait, or the rows waited too long
   */
  submit(data: Dataset, timeoutMs: number = Infinity): Promise<Answer> {
    if (this.#queue.length >= this.#options.maxQueueSize) {
      throw new OverloadError(
        "full",
        `Cannot answer: Exceeds maximum queue size of ${this.#options.maxQueueSize} requests`,
      );
    }
    const since = performance.now();
    const deadline = since + Math.min(timeoutMs, this.#options.timeoutMs);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#queue.push({ data, since, deadline, resolve, reject });
    this.#rows += data.rows;
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
    if (this.#queue.length === 0 && this.#running === 0) { for (const resolve of this.#onIdle.splice(0)) resolve(); }
  }

  /** How long the next batch is to wait for more rows, in ms. */
  #waitMs(): number {
    const { maxBatchSize, preferredBatchSizes, maxQueueDelayMs } = this.#options;
    if (this.#rows >= Math.min(maxBatchSize, ...preferredBatchSizes)) return 0;
    return this.#queue[0].since + maxQueueDelayMs - performance.now();
  }

  /** Takes the requests of a batch off the queue, and refuses those that are late. */
  #take(): Waiting[] {
    const now = performance.now();
    const late = this.#queue.filter(({ deadline }) => deadline < now);
    if (late.length > 0) this.#setAside(late);
    const batch: Waiting[] = [];
    let rows = 0;
    while (this.#queue.length > 0) {
      const next = this.#queue[0].data.rows;
      if (batch.length > 0 && rows + next > this.#options.maxBatchSize) break;
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
      reject(new OverloadError("late", "Cannot answer: Request timeout expired"));
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

function checkOptions(options: BatchingOptions): Required<BatchingOptions> {
  const checked = {
    maxBatchSize: 4096,
    preferredBatchSizes: [],
    maxQueueDelayMs: 0,
    maxQueueSize: 1000,
    timeoutMs: Infinity,
    timeoutAction: "reject" as const,
    concurrency: 2,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  } as Required<BatchingOptions>;
  const refuse = (name: string, wanted: string, value: unknown): never => {
    throw new RangeError(`Cannot batch requests: ${name} must be ${wanted}, received ${formatValue(value)}`);
  };
  for (const name of ["maxBatchSize", "maxQueueSize", "concurrency"] as const) {
    if (!(Number.isSafeInteger(checked[name]) && checked[name] > 0)) refuse(name, "a positive integer", checked[name]);
  }
  for (const size of checked.preferredBatchSizes) {
    if (!(Number.isSafeInteger(size) && size > 0 && size <= checked.maxBatchSize)) {
      refuse("preferredBatchSizes", `positive integers up to ${checked.maxBatchSize}`, checked.preferredBatchSizes);
    }
  }
  const { maxQueueDelayMs: delay, timeoutMs, timeoutAction } = checked;
  if (!(delay >= 0 && Number.isFinite(delay))) refuse("maxQueueDelayMs", "0 or more", delay);
  if (!(timeoutMs > 0)) refuse("timeoutMs", "above 0", timeoutMs);
  if (!["reject", "delay"].includes(timeoutAction)) refuse("timeoutAction", '"reject" or "delay"', timeoutAction);
  return checked;
}
