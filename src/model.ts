/**
 * A model on a device: created, trained, evaluated, saved and loaded.
 *
 * @module
 */
import { requestAdapter } from "./adapter.ts";
import { type CheckpointTensor, type Json, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { describeNotFinite, findNotFinite } from "./checkpoint/finite.ts";
import type { Dataset } from "./data/dataset.ts";
import type { FittedSchema } from "./data/fitted_schema.ts";
import type { Definition } from "./definition.ts";
import { Gpu } from "./gpu/device.ts";
import { Declarations } from "./graph/parameter.ts";
import { inspect } from "./inspector.ts";
import { evaluatePredictions, type Evaluation } from "./metrics.ts";
import { type AnyFactory, formatHeader, parseHeader, requireSameModel } from "./model/header.ts";
import { summarize } from "./model/summary.ts";
import type { ModelParts } from "./model/parts.ts";
import { Predictor } from "./predictor.ts";
import { Store } from "./store.ts";
import { traceModel } from "./trace.ts";
import { Trainer } from "./trainer.ts";
import { requireFinite, requireTrainable } from "./trainer/checks.ts";
import type { FitOptions, History } from "./trainer/options.ts";
import { digestRows } from "./trainer/rows_digest.ts";

export type { Evaluation } from "./metrics.ts";

/** Options of {@linkcode Model.create} and {@linkcode Model.load}. */
export interface ModelOptions {
  /** Seed of the first parameters, and of training where none is given there. @default {1} */
  seed?: number;
  /** Device to run on; one is requested when absent. */
  device?: GPUDevice | Gpu;
  /** Told in one line when no hardware adapter was found and a slower one is used. */
  announce?: (line: string) => void;
}

/** A model with its parameters on a device. */
export class Model implements AsyncDisposable {
  /** Name and options of the model function. */
  readonly definition: Definition;
  /** Schema of the data that the model takes. */
  readonly schema: FittedSchema;
  /** Seed of the first parameters. */
  readonly seed: number;
  /** The device. */
  readonly gpu: Gpu;
  readonly #ownsDevice: boolean;
  readonly #parts: ModelParts;
  #fresh = false;
  #predictors: Map<number, Promise<Predictor>> = new Map();

  private constructor(definition: Definition, schema: FittedSchema, gpu: Gpu, options: ModelOptions) {
    this.definition = definition;
    this.schema = schema;
    this.seed = options.seed ?? 1;
    this.gpu = gpu;
    this.#ownsDevice = options.device === undefined;
    const declarations = new Declarations();
    const space = { fields: schema.fields, rowCount: schema.rowCount, hasValues: schema.hasValues };
    traceModel(definition, "train", declarations, space, 1);
    this.#parts = { definition, declarations, space, store: new Store(gpu, declarations) };
  }

  /**
   * Creates a model with fresh parameters.
   *
   * @param definition a model function bound to its options, for example `deepfm({ dim: 16 })`
   * @param schema the training data's schema
   * @throws {GpuError} when there is no device or it has too little memory
   */
  static async create(definition: Definition, schema: FittedSchema, options: ModelOptions = {}): Promise<Model> {
    const model = new Model(definition, schema, await openDevice(options), options);
    model.#parts.store.initialize(model.seed);
    model.#fresh = true;
    return model;
  }

  /**
   * Loads a saved model or checkpoint.
   *
   * @param path file written by {@linkcode Model.save} or during training
   * @param factory the model's factory, or factories by slug
   * @throws {SyntaxError} when the file is damaged or is no model
   * @throws {TypeError} when it holds another model
   */
  static async load(
    path: string,
    factory: AnyFactory | Readonly<Record<string, AnyFactory>>,
    options: ModelOptions = {},
  ): Promise<Model> {
    const checkpoint = await readCheckpoint(path);
    const { definition, schema, seed } = parseHeader(path, checkpoint, factory);
    const model = new Model(definition, schema, await openDevice(options), { seed, ...options });
    model.#parts.store.upload(checkpoint.tensors);
    return model;
  }

  /** Number of trainable scalars. */
  get parameterCount(): number {
    return this.#parts.store.parameterCount;
  }

  /**
   * Trains the model.
   *
   * A checkpoint never holds numbers that are not finite: the last good one stays.
   *
   * @throws {TypeError} when the data has another schema or no labels, or a checkpoint to resume is of another training
   * @throws {RangeError} when an option is out of its range or the monitored metric cannot be computed
   * @throws {DivergenceError} when the loss or a parameter stops being finite
   * @throws {Error} when the checkpoint cannot be written, before training begins
   */
  async fit(data: Dataset, options: FitOptions = {}): Promise<History> {
    await this.#requireSchema(data);
    if (options.validation) await this.#requireSchema(options.validation);
    await requireTrainable(options);
    const checkpoint = options.resume === undefined ? undefined : await readCheckpoint(options.resume);
    if (checkpoint) await requireSameModel(options.resume!, checkpoint, this);
    const saved = checkpoint?.header.training;
    if (checkpoint && !saved) {
      throw new TypeError(`Cannot resume "${options.resume}": it is a finished model, not a checkpoint`);
    }
    const resumable = checkpoint !== undefined || options.checkpoint !== undefined;
    const trainer = new Trainer(
      {
        ...this.#parts,
        gpu: this.gpu,
        seed: this.seed,
        fresh: this.#fresh,
        rowsDigest: resumable ? await digestRows(data, options.validation) : undefined,
        evaluate: (dataset) => this.evaluate(dataset, options.batchSize),
        save: (path, training, tensors) => this.#write(path, tensors, training),
      },
      data,
      options,
      saved,
    );
    this.#fresh = false;
    if (!checkpoint) return await trainer.run();
    this.#parts.store.upload(checkpoint.tensors);
    return await trainer.run({ training: saved!, tensors: checkpoint.tensors });
  }

  /**
   * Predicts the probability of the positive label for each row.
   *
   * @throws {RangeError} when one is not a number; the message names the first such row, from 0
   */
  async predict(data: Dataset, batchSize = 4096): Promise<Float32Array<ArrayBuffer>> {
    await this.#requireSchema(data);
    const predictor = await this.#predictor(batchSize);
    return requireNumbers(await predictor.predict(data));
  }

  /**
   * Computes metrics on labelled data. One that the labels do not allow, as AUC of one class, is NaN and `notes` says why.
   *
   * @throws {RangeError} when there is no row, or a prediction is not a number
   */
  async evaluate(data: Dataset, batchSize = 4096): Promise<Evaluation> {
    return evaluatePredictions(await this.predict(data, batchSize), data.labels);
  }

  /**
   * Reads what the model's layers expose for some rows: attention weights, gates, field strengths and the like.
   *
   * @returns tensors by name; those with a batch dimension have `data.rows` there
   * @throws {TypeError} when the model exposes nothing
   */
  async inspect(data: Dataset): Promise<Record<string, CheckpointTensor>> {
    await this.#requireSchema(data);
    return await inspect(this.gpu, this.#parts, data);
  }

  /**
   * Saves parameters, schema and options to one file, atomically.
   *
   * @throws {RangeError} when a number is not finite; a file that was there is intact
   * @throws {Error} when the file cannot be written; a file that was there is intact
   */
  async save(path: string): Promise<void> {
    await this.#write(path, {});
  }

  /** Downloads all parameters, statistics and tables by name. */
  parameters(): Promise<Record<string, CheckpointTensor>> {
    return this.#parts.store.download();
  }

  /** Uploads parameters by name, for example ones of another framework. */
  setParameters(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    this.#fresh = false;
    this.#parts.store.upload(tensors);
  }

  /** Writes the layers, their parameters and what each regulariser covers as a table. */
  summary(): string {
    const table = summarize(this.#parts.declarations, this.parameterCount);
    return `${this.definition.name} ${JSON.stringify(this.definition.options)}\n${table}`;
  }

  /** Releases the device's memory, and the device unless it was handed in. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const predictor of this.#predictors.values()) (await predictor).destroy();
    this.#parts.store.destroy();
    if (this.#ownsDevice) this.gpu.destroy();
  }

  #predictor(batch: number): Promise<Predictor> {
    let predictor = this.#predictors.get(batch);
    if (!predictor) {
      predictor = Predictor.create(this.gpu, { ...this.#parts, batch, budget: 2 ** 30 });
      this.#predictors.set(batch, predictor);
    }
    return predictor;
  }

  async #requireSchema(data: Dataset): Promise<void> {
    if (data.schema === this.schema) return;
    const [own, other] = await Promise.all([this.schema.fingerprint(), data.schema.fingerprint()]);
    if (own !== other) {
      throw new TypeError(
        `Cannot use the data: the model was made for schema ${own.slice(0, 12)}, received ${other.slice(0, 12)}`,
      );
    }
  }

  async #write(path: string, extra: Record<string, CheckpointTensor>, training?: Json): Promise<void> {
    const tensors = { ...(await this.#parts.store.download()), ...extra };
    if (training) requireFinite(tensors, (training as { step: number }).step);
    const found = findNotFinite(tensors);
    if (found) throw new RangeError(`Cannot save "${path}": ${describeNotFinite(found)}`);
    await writeCheckpoint(path, { header: formatHeader(this, training), tensors });
  }
}

function requireNumbers(probabilities: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const row = probabilities.findIndex(Number.isNaN);
  if (row >= 0) throw new RangeError(`Cannot predict: probabilities must be numbers, received NaN at row ${row}`);
  return probabilities;
}

async function openDevice({ device, announce }: ModelOptions): Promise<Gpu> {
  if (device instanceof Gpu) return device;
  if (device) return new Gpu(device);
  const { adapter } = await requestAdapter({ announce });
  return await Gpu.request(adapter);
}
