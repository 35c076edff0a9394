/**
 * A version of a model that answers requests.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { formatText, formatValue } from "../data/format.ts";
import type { Model } from "../model.ts";
import { Batcher, type BatchingOptions, type BatchReport } from "./batcher.ts";
import { OverloadError, RequestError } from "./error.ts";
import { InputColumns } from "./inputs.ts";
import type { OutputTensor } from "./infer.ts";
import type { Scorer, ScorerOptions } from "./scorer.ts";
import { type FailureReason, ModelStatistics } from "./statistics.ts";

/** What is served of a model. */
export interface ServedParts {
  /** Name in addresses. */
  readonly name: string;
  /** Version: an integer in decimal digits. */
  readonly version: string;
  /** Scores rows. */
  readonly scorer: Scorer;
  /** Names of the tasks. */
  readonly tasks: readonly string[];
  /** Columns that requests name. */
  readonly columns: InputColumns;
  /** Slug of the model function. */
  readonly kind: string;
  /** What is disposed of after the scorer. */
  readonly owned?: AsyncDisposable;
}

/** Options of {@linkcode ServedModel.open}. */
export interface OpenOptions extends ScorerOptions {
  /** Name of the model in addresses. @default the slug of its model function */
  readonly name?: string;
  /** Version of the model. @default {"1"} */
  readonly version?: string;
  /** How requests are put together into batches. */
  readonly batching?: BatchingOptions;
  /** What is disposed of with the served model. */
  readonly owned?: AsyncDisposable;
  /** Told of what happens to requests. */
  readonly observer?: RequestObserver;
}

/** Scores of one task. */
export interface TaskScores {
  /** Probability of each row. */
  readonly scores: Float32Array<ArrayBuffer>;
  /** Logit of each row. */
  readonly logits: Float32Array<ArrayBuffer>;
}

/** A request that was answered. */
export interface RequestSuccess {
  /** Its rows. */
  readonly data: Dataset;
  /** Their scores, by task. */
  readonly scores: readonly TaskScores[];
  /** How long it took, in ms. */
  readonly ms: number;
  /** How long of that it waited for a batch, in ms. */
  readonly queueMs: number;
}

/** A request that was refused or failed. */
export interface RequestFailure {
  /** Why. */
  readonly reason: FailureReason;
  /** After how long, in ms. */
  readonly ms: number;
}

/** A batch that was computed. */
export type BatchEvent = BatchReport;

/** Told of what happens to requests, to count it. */
export interface RequestObserver {
  /** A request was answered. */
  onSuccess(model: ServedModel, event: RequestSuccess): void;
  /** A request was refused or failed. */
  onFailure(model: ServedModel, event: RequestFailure): void;
  /** A batch was computed. */
  onBatch(model: ServedModel, event: BatchEvent): void;
}

/** A version of a model that answers requests. */
export class ServedModel implements AsyncDisposable {
  /** Name in addresses. */
  readonly name: string;
  /** Version: an integer in decimal digits. */
  readonly version: string;
  /** Slug of the model function. */
  readonly kind: string;
  /** Names of the tasks. */
  readonly tasks: readonly string[];
  /** Columns that requests name. */
  readonly columns: InputColumns;
  /** What was counted. */
  readonly statistics: ModelStatistics = new ModelStatistics();
  readonly #scorer: Scorer;
  readonly #owned: AsyncDisposable | undefined;
  readonly #batcher: Batcher;
  readonly #observer: RequestObserver | undefined;

  /** Takes the scorer over: it is disposed of with the served model. */
  constructor(parts: ServedParts, batching: BatchingOptions = {}, observer?: RequestObserver) {
    this.name = parts.name;
    this.version = parts.version;
    this.kind = parts.kind;
    this.tasks = parts.tasks;
    this.columns = parts.columns;
    this.#scorer = parts.scorer;
    this.#owned = parts.owned;
    this.#observer = observer;
    this.#batcher = new Batcher(
      (data) => this.#scorer.score(data),
      batching,
      (report) => {
        this.statistics.addBatch(report.rows, report.computeMs);
        observer?.onBatch(this, report);
      },
    );
  }

  /** Requests that wait for a batch. */
  get pending(): number {
    return this.#batcher.pending;
  }

  /** Most rows of a batch. */
  get maxBatchSize(): number {
    return this.#batcher.maxBatchSize;
  }

  /** Names of the outputs: `score` and `logit`, of each task where there are several. */
  get outputs(): string[] {
    const suffixes = this.tasks.length === 1 ? [""] : this.tasks.map((task) => `_${task}`);
    return suffixes.flatMap((suffix) => [`score${suffix}`, `logit${suffix}`]);
  }

  /**
   * Answers a request.
   *
   * @param encode reads the request's rows
   * @param write makes the answer of the scores by task
   * @param timeoutMs how long the rows may wait for a batch, if less than the model's own limit
   * @throws {RequestError} when it cannot be answered
   */
  async answer<T>(
    encode: () => Dataset,
    write: (scores: readonly TaskScores[]) => T,
    timeoutMs?: number,
  ): Promise<T> {
    const start = performance.now();
    try {
      const data = encode();
      const encoded = performance.now();
      const { probabilities, logits, queueMs, computeMs } = await this.#batcher.submit(data, timeoutMs);
      requireNumbers(data, logits, this.tasks.length);
      const computed = performance.now();
      const scores = this.tasks.map((_, task) => ({
        scores: columnOf(probabilities, task, this.tasks.length),
        logits: columnOf(logits, task, this.tasks.length),
      }));
      const answer = write(scores);
      const end = performance.now();
      this.statistics.add("compute_input", encoded - start);
      this.statistics.add("queue", queueMs);
      this.statistics.add("compute_infer", computeMs);
      this.statistics.add("compute_output", end - computed);
      this.statistics.succeed(data.rows, end - start, Date.now());
      this.#observer?.onSuccess(this, { data, scores, ms: end - start, queueMs });
      return answer;
    } catch (error) {
      const [reason, ms] = [reasonOf(error), performance.now() - start];
      this.statistics.fail(reason, ms);
      this.#observer?.onFailure(this, { reason, ms });
      throw error;
    }
  }

  /** Returns scores as the outputs of the protocol, `[B, 1]` each. */
  outputsOf(scores: readonly TaskScores[]): OutputTensor[] {
    const tensors = scores.flatMap(({ scores, logits }) => [scores, logits]);
    return this.outputs.map((name, i) => ({ name, shape: [tensors[i].length, 1], data: tensors[i] }));
  }

  /** Releases the scorer once all requests are answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batcher.idle();
    await this.#scorer[Symbol.asyncDispose]();
    await this.#owned?.[Symbol.asyncDispose]();
  }

  /**
   * Serves a model.
   *
   * @throws {RangeError} when an option is out of its range
   * @throws {GpuError} when the device has too little memory
   */
  static async open(model: Model, options: OpenOptions): Promise<ServedModel> {
    const { name = model.definition.name, version = "1", batching, batchSizes, owned, observer } = options;
    if (!/^\d{1,15}$/.test(version)) {
      throw new RangeError(`Cannot serve: version must be decimal digits, received ${formatValue(version)}`);
    }
    if (!/^[^/:\s]+$/.test(name)) {
      throw new RangeError(`Cannot serve: name must have no slashes, colons or blanks, received ${formatText(name)}`);
    }
    const { schema, schema: { tasks }, definition: { name: kind } } = model;
    const scorer = await model.scorer({ batchSizes });
    try {
      const columns = new InputColumns(schema);
      return new ServedModel({ name, version, scorer, tasks, columns, kind, owned }, batching, observer);
    } catch (error) {
      await scorer[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** Numbers from here on can be too large for a model: products of two of them leave float32. */
const HUGE = 1e18;

/**
 * Refuses logits that are no finite numbers, which JSON could not hold. They are the client's fault where the row has a
 * huge number.
 *
 * @throws {RequestError} when one is none; it names the row
 */
function requireNumbers({ rows, values = new Float32Array(0) }: Dataset, logits: Float32Array, tasks: number): void {
  const at = logits.findIndex((logit) => !Number.isFinite(logit));
  if (at < 0) return;
  const row = Math.floor(at / tasks);
  const isHuge = values.some((value, i) => i % rows === row && Math.abs(value) >= HUGE);
  const why = isHuge ? `; its numbers must be below ${HUGE}` : "";
  throw new RequestError(
    isHuge ? 400 : 500,
    `Cannot answer: row ${row} must have a finite score, received ${logits[at]}${why}`,
  );
}

function columnOf(all: Float32Array<ArrayBuffer>, task: number, tasks: number): Float32Array<ArrayBuffer> {
  if (tasks === 1) return all;
  return Float32Array.from({ length: all.length / tasks }, (_, row) => all[row * tasks + task]);
}

function reasonOf(error: unknown): FailureReason {
  if (error instanceof OverloadError) return "REJECTED";
  return error instanceof RequestError && error.status < 500 ? "OTHER" : "BACKEND";
}
