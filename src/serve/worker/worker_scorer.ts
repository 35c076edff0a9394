/**
 * Scores rows in a worker, and replaces the worker when it ends.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { FittedSchema } from "../../data/fitted_schema.ts";
import { formatText } from "../../data/format.ts";
import type { TrainingStatistics } from "../../drift/training_statistics.ts";
import type { Scores } from "../../predictor.ts";
import { RequestError } from "../error.ts";
import type { RowScorer } from "../scorer.ts";
import type { BatchWay } from "../ways.ts";
import type { OpenedModel, WorkerPort, WorkerTask } from "./messages.ts";
import { WorkerLink } from "./worker_link.ts";

/** Options of {@linkcode WorkerScorer.open}. */
export interface WorkerScorerOptions extends WorkerTask {
  /** Starts a worker whose module calls `hostScorer`. */
  readonly spawn: () => WorkerPort;
  /** Told in a line of what happens. @default {tells nobody} */
  readonly announce?: (line: string) => void;
  /** How long a worker that has something to do may say nothing, in ms. @default {30000} */
  readonly silenceMs?: number;
  /** How long the first replacement of a worker waits, in ms; each further one waits twice as long, up to 10 s. @default {100} */
  readonly backoffMs?: number;
}

/** Longest wait for a replacement, in ms. */
const MAX_BACKOFF_MS = 10_000;

/** A worker that lived so long, in ms, is replaced as if it was the first that ended. */
const LASTING_MS = 60_000;

/**
 * Scores in a worker of its own, so that waiting for the device does not block this thread.
 *
 * A worker that fails, loses its device or says nothing is replaced by one that reads the file anew. Until that one
 * answers, and for all batches of the one before, requests get status 503.
 */
export class WorkerScorer implements RowScorer {
  readonly #options: WorkerScorerOptions;
  #opened: OpenedModel | undefined;
  #schema: FittedSchema | undefined;
  /** The worker that scores, and one that is to take its place. */
  #link: WorkerLink | undefined;
  #coming: WorkerLink | undefined;
  #startedMs = 0;
  #restarts = 0;
  /** Workers that ended soon after they were started, one after the other. */
  #ended = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDisposed = false;

  private constructor(options: WorkerScorerOptions) {
    this.#options = options;
  }

  /**
   * Starts a worker and has it open a model.
   *
   * @throws {Error} when the model cannot be opened
   */
  static async open(options: WorkerScorerOptions): Promise<WorkerScorer> {
    const scorer = new WorkerScorer(options);
    await scorer.#start();
    return scorer;
  }

  /** Name and options of the model function. */
  get definition(): OpenedModel["model"] {
    return this.#opened!.model;
  }

  /** Schema of the rows. */
  get schema(): FittedSchema {
    return this.#schema!;
  }

  /** Statistics of training, where the file has them. */
  get trained(): TrainingStatistics | undefined {
    return this.#opened!.trained;
  }

  /** Whether a worker is there that can score. */
  get isReady(): boolean {
    return this.#link !== undefined;
  }

  /** Which way the worker's batches of each size go. */
  get ways(): readonly BatchWay[] {
    return this.#opened!.ways;
  }

  /** The same in a line. */
  get description(): string {
    return this.#opened!.description;
  }

  /** How often a worker was started in place of one that had ended. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Computes probabilities and logits of each row.
   *
   * @throws {RequestError} when there is no worker, or it ends before it answers
   */
  async score(data: Dataset): Promise<Scores> {
    const link = this.#link;
    if (!link) throw unavailable();
    try {
      return await link.score(this.schema, data);
    } catch (error) {
      // A worker that goes on has refused this batch only.
      throw link === this.#link ? error : unavailable(error);
    }
  }

  /** Releases the device and ends the worker; its batches must have been answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#coming?.terminate();
    await this.#link?.close();
    this.#link = undefined;
  }

  async #start(): Promise<void> {
    const { spawn, silenceMs = 30_000, announce = () => {}, path, batchSizes, processor, deviceOptions } =
      this.#options;
    this.#startedMs = performance.now();
    const onEnd = (error: Error) => {
      if (link === this.#link) this.#replace(error);
    };
    const task = { path, batchSizes, processor, deviceOptions };
    const link = new WorkerLink(spawn(), task, { silenceMs, announce, onEnd });
    this.#coming = link;
    try {
      this.#adopt(await link.opened);
      this.#link = link;
    } catch (error) {
      link.terminate();
      await link.gone();
      throw error;
    } finally {
      this.#coming = undefined;
    }
  }

  /** Takes over what the first worker has opened; each further one must have opened the like. */
  #adopt(opened: OpenedModel): void {
    const textOf = ({ model, schema }: OpenedModel) => JSON.stringify([model, schema]);
    if (this.#opened && textOf(this.#opened) !== textOf(opened)) {
      const what = `"${this.#options.path}" must hold the model that it held before`;
      throw new Error(`Cannot score: ${what}, received ${formatText(opened.model.name)} with other options or columns`);
    }
    this.#opened = opened;
    this.#schema ??= FittedSchema.fromJSON(opened.schema);
  }

  #replace({ message }: Error): void {
    this.#link = undefined;
    if (this.#isDisposed) return;
    this.#ended = performance.now() - this.#startedMs > LASTING_MS ? 1 : this.#ended + 1;
    const { path, announce, backoffMs = 100 } = this.#options;
    const waitMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** (this.#ended - 1));
    announce?.(`the worker of "${path}" ended: ${message}; another one starts in ${waitMs} ms`);
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.#start().catch((error) => this.#replace(error));
    }, waitMs);
  }
}

function unavailable(cause?: unknown): RequestError {
  const headers = { "retry-after": "1" };
  return new RequestError(503, "Cannot answer: the worker that scores is being replaced", { headers, cause });
}
