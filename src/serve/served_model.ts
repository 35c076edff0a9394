/**
 * A version of a model that answers requests.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import type { Row } from "../data/rows.ts";
import type { TrainingStatistics } from "../drift/training_statistics.ts";
import { formatText, formatValue } from "../data/format.ts";
import type { Model } from "../model.ts";
import { columnOf } from "../model/tasks.ts";
import { Batcher, type BatchReport, type RequestOrigin } from "./batcher.ts";
import { AbandonedError, OverloadError, RequestError } from "./error.ts";
import { InputColumns } from "./inputs.ts";
import type { ServeOptions } from "./options.ts";
import { ModelOutputs, requireNumbers, type TaskScores } from "./outputs.ts";
import type { RowScorer } from "./scorer.ts";
import { type FailureReason, ModelStatistics } from "./statistics.ts";
import type { BatchWay } from "./ways.ts";
import { WorkerScorer, type WorkerScorerOptions } from "./worker/worker_scorer.ts";

/** What a model is served with, besides what is told of it. */
type ServingOptions = Pick<ServeOptions, "name" | "version" | "batching" | "batchSizes" | "constants" | "processor">;

/** Options of {@linkcode ServedModel.open}. */
export interface OpenOptions extends ServingOptions {
  /** What is disposed of with the served model, after the scorer. */
  readonly owned?: AsyncDisposable;
  /** Told of what happens to requests. */
  readonly observer?: RequestObserver;
  /** When the model's file was written, in ms since 1970. */
  readonly writtenMs?: number;
}

/** Options with a name and a version. */
export type NamedOptions = OpenOptions & Required<Pick<OpenOptions, "name" | "version">> & {
  /** Statistics of training. */
  readonly trained?: TrainingStatistics;
};

/** Rows as a request gave them. */
export interface GivenRows {
  /** What the client calls the request, or the server where it was given no name. */
  readonly id?: string;
  /** Columns that all rows have in common by the request's form. */
  readonly shared?: ReadonlySet<string>;
  /** Makes the rows, each with all columns. */
  readonly rows: () => readonly Row[];
}

/** Options of {@linkcode ServedModel.answer}. */
export interface AnswerOptions {
  /** How long the rows may wait for a batch, in ms, if less than the model's own limit. */
  readonly timeoutMs?: number;
  /** When the request came, and whether its client is still there. */
  readonly origin?: RequestOrigin;
  /** The rows as they were given, for those who are told of them. */
  readonly given?: GivenRows;
}

/** What requests need to know of a model. */
export interface ServedSource {
  /** The model function. */
  readonly definition: { readonly name: string };
  /** Schema of the rows. */
  readonly schema: FittedSchema;
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
  /** The rows as they were given. */
  readonly given?: GivenRows;
}

/** Told of what happens to requests, to count it. */
export interface RequestObserver {
  /** A request was answered. */
  onSuccess(model: ServedModel, event: RequestSuccess): void;
  /** A request was refused, or failed. */
  onFailure?(model: ServedModel, reason: FailureReason): void;
  /** A batch was computed. */
  onBatch?(model: ServedModel, report: BatchReport): void;
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
  /** Schema of the rows. */
  readonly schema: FittedSchema;
  /** Statistics of training, where they are known. */
  readonly trained: TrainingStatistics | undefined;
  /** When the model's file was written, in ms since 1970, where it came from one. */
  readonly writtenMs: number | undefined;
  /** Columns that requests name. */
  readonly columns: InputColumns;
  /** What answers have. */
  readonly outputs: ModelOutputs;
  /** What was counted. */
  readonly statistics: ModelStatistics = new ModelStatistics();
  readonly #scorer: RowScorer;
  readonly #owned: AsyncDisposable | undefined;
  readonly #batcher: Batcher;
  readonly #observer: RequestObserver | undefined;

  /** Takes the scorer over: it is disposed of with the served model. */
  constructor({ definition, schema }: ServedSource, scorer: RowScorer, options: NamedOptions) {
    const { batching, owned, observer } = options;
    this.name = options.name;
    this.version = options.version;
    this.kind = definition.name;
    this.tasks = schema.tasks;
    this.schema = schema;
    this.trained = options.trained;
    this.writtenMs = options.writtenMs;
    this.columns = new InputColumns(schema, options.constants);
    this.outputs = new ModelOutputs(schema);
    this.#scorer = scorer;
    this.#owned = owned;
    this.#observer = observer;
    this.#batcher = new Batcher((data) => scorer.score(data), batching, (report) => {
      this.statistics.addBatch(report.rows, report.computeMs);
      observer?.onBatch?.(this, report);
    });
  }

  /** Requests that wait for a batch. */
  get pending(): number {
    return this.#batcher.pending;
  }

  /** Whether requests can be answered: not while a worker that has ended is being replaced. */
  get isReady(): boolean {
    return this.#scorer.isReady;
  }

  /** How often the worker that scores was replaced. */
  get restarts(): number {
    return this.#scorer.restarts;
  }

  /** Most rows of a batch. */
  get maxBatchSize(): number {
    return this.#batcher.maxBatchSize;
  }

  /** Which way batches of each size go, to the device or past it. */
  get ways(): readonly BatchWay[] {
    return this.#scorer.ways;
  }

  /** The same in a line. */
  get waysLine(): string {
    return this.#scorer.description;
  }

  /**
   * Answers a request.
   *
   * @param encode reads the request's rows
   * @param write makes the answer of the scores by task
   * @param options how long the rows may wait, where they come from and how they were given
   * @throws {RequestError} when it cannot be answered
   */
  async answer<T>(
    encode: () => Dataset,
    write: (scores: readonly TaskScores[]) => T,
    { timeoutMs, origin = {}, given }: AnswerOptions = {},
  ): Promise<T> {
    const start = performance.now();
    try {
      this.#batcher.requireRoom(timeoutMs, origin);
      const data = encode();
      const encoded = performance.now();
      const { probabilities, logits, queueMs, computeMs } = await this.#batcher.submit(data, timeoutMs, origin);
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
      this.#observer?.onSuccess(this, { data, scores, ms: end - start, queueMs, given });
      return answer;
    } catch (error) {
      const reason = reasonOf(error);
      this.statistics.fail(reason, performance.now() - start);
      this.#observer?.onFailure?.(this, reason);
      throw error;
    }
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
  static async open(model: Model, options: OpenOptions = {}): Promise<ServedModel> {
    const { name = model.definition.name, version = "1", batchSizes, processor } = options;
    requireNames(name, version);
    const scorer = await model.scorer({ batchSizes, processor });
    return await takeOver(scorer, async () => {
      const trained = await model.trainingStatistics();
      return new ServedModel(model, scorer, { ...options, name, version, trained });
    });
  }

  /**
   * Serves the model of a file by a worker that reads it, so that this thread never waits for a device.
   *
   * @throws {RangeError} when an option is out of its range
   * @throws {Error} when the model cannot be opened
   */
  static async openInWorker(worker: WorkerScorerOptions, options: NamedOptions): Promise<ServedModel> {
    requireNames(options.name, options.version);
    const { batchSizes, processor } = options;
    const scorer = await WorkerScorer.open({ ...worker, batchSizes, processor });
    return await takeOver(scorer, () => new ServedModel(scorer, scorer, { ...options, trained: scorer.trained }));
  }
}

/** Makes what takes a scorer over, which is disposed of where that fails. */
async function takeOver(
  scorer: RowScorer,
  make: () => ServedModel | Promise<ServedModel>,
): Promise<ServedModel> {
  try {
    const served = await make();
    await served.columns.prepare();
    return served;
  } catch (error) {
    await scorer[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Refuses names and versions that addresses cannot have.
 *
 * @throws {RangeError} then
 */
function requireNames(name: string, version: string): void {
  if (!/^\d{1,15}$/.test(version)) {
    throw new RangeError(`Cannot serve: version must be decimal digits, received ${formatValue(version)}`);
  }
  if (!/^[^/:\s]+$/.test(name)) {
    throw new RangeError(`Cannot serve: name must have no slashes, colons or blanks, received ${formatText(name)}`);
  }
}

function reasonOf(error: unknown): FailureReason {
  if (error instanceof OverloadError) return "REJECTED";
  if (error instanceof AbandonedError) return "CANCELED";
  return error instanceof RequestError && error.status < 500 ? "OTHER" : "BACKEND";
}
