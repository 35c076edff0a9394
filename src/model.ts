/**
 * A model on a device: created, trained, evaluated, saved and loaded.
 *
 * The file is long because every call of a model states here what it does and refuses; the work is in `src/model/`.
 *
 * @module
 */
import { type Calibration, Calibrator } from "./calibration/calibration.ts";
import { calibrate, type CalibrateOptions, correctionFor } from "./calibration/calibrate.ts";
import type { CheckpointTensor, Json } from "./checkpoint/content.ts";
import { requireLabels } from "./data/classes.ts";
import type { Dataset } from "./data/dataset.ts";
import type { FittedSchema } from "./data/fitted_schema.ts";
import { originsOf } from "./data/grow.ts";
import type { Definition } from "./definition.ts";
import type { TrainingStatistics } from "./drift/training_statistics.ts";
import type { Gpu } from "./gpu/device.ts";
import { Declarations } from "./graph/parameter.ts";
import type { StorageByTable } from "./graph/table_storage.ts";
import { readCheckpoint } from "./host/mod.ts";
import { inspectedBatch } from "./inspector.ts";
import type { Evaluation, SurvivalCurves } from "./metrics.ts";
import { Access } from "./model/access.ts";
import { beforeTraining } from "./model/before_training.ts";
import { openDevice } from "./model/device.ts";
import { alikeRows } from "./model/content.ts";
import {
  type ExtendOptions,
  extendTensors,
  grownTables,
  movedRows,
  requireExtendOptions,
  rowsByTable,
} from "./model/extend.ts";
import { Forward } from "./model/forward.ts";
import { type AnyFactory, parseHeader } from "./model/header.ts";
import type { CreateOptions, InspectOptions, LoadOptions, ModelOptions, PredictOptions } from "./model/options.ts";
import { batchSizeOf, embeddingInitializerOf, inspectedOf, readVectors } from "./model/options.ts";
import { type EvaluateOptions, evaluationOf } from "./model/evaluation_columns.ts";
import type { ModelParts } from "./model/parts.ts";
import { type QuantizedStorage, quantizeTables, requireFloat32, storageFor } from "./model/quantized.ts";
import { requireCalibratable, requireSchema, requireUsable } from "./model/requirements.ts";
import { rescored, TrainingRecord } from "./model/training_record.ts";
import { saveModel } from "./model/save.ts";
import { summarize } from "./model/summary.ts";
import { curvesByHead, evaluateByTask, requireHeads, requireOneTask, type TaskProbabilities } from "./model/tasks.ts";
import { frozenRowsOf, overlayVectors, placeVectors } from "./pretrained/place.ts";
import type { FoundVectors } from "./pretrained/vectors.ts";
import { fitInFolder } from "./runs/fit.ts";
import { Scorer, type ScorerOptions } from "./serve/scorer.ts";
import { Store } from "./store.ts";
import { earlierStateOf, regrown } from "./store/earlier_state.ts";
import { spaceOf, traceModel } from "./trace.ts";
import { Trainer } from "./trainer.ts";
import { requireTrainable, withLoss } from "./trainer/checks.ts";
import { furtherOf } from "./trainer/monitor.ts";
import type { TrainerContext } from "./trainer/context.ts";
import type { TunedProblem } from "./kernels/tuner.ts";
import type { FitOptions, History } from "./trainer/options.ts";
import type { TuningOptions } from "./trainer/tuning.ts";

export type { Evaluation } from "./metrics.ts";
export type { Content } from "./model/content.ts";
export type { EvaluateOptions } from "./model/evaluation_columns.ts";
export type { ExtendOptions } from "./model/extend.ts";
export type { CreateOptions, InspectOptions, LoadOptions, ModelOptions, PredictOptions } from "./model/options.ts";
export type { RowStorage, StorageByTable } from "./graph/table_storage.ts";
export type { QuantizedStorage } from "./model/quantized.ts";
export type { TaskProbabilities } from "./model/tasks.ts";
export type { PretrainedVectors } from "./pretrained/options.ts";

/**
 * A model with its parameters on a device.
 *
 * Calls that read the parameters (`predict`, `evaluate`, `inspect`, `parameters`, `save`) may run at the same time, beside
 * each other and beside a `fit` of this or another model, and return the bytes that they return alone. Of a model in
 * training they see the parameters of one moment, between two steps: its `fit` waits with the next step until they have
 * read them. So an `evaluate` that `onEpoch` does not await is one of that epoch. One `fit` at a time can change a model;
 * another one, and `setParameters` while anything else runs, are refused.
 */
export class Model implements AsyncDisposable {
  /** Name and options of the model function. */
  readonly definition: Definition;
  /** Schema of the data that the model takes. */
  readonly schema: FittedSchema;
  /** Seed of the first parameters. */
  readonly seed: number;
  /** The device. */
  readonly gpu: Gpu;
  /** How tables are stored that are not in float32, by name; see {@linkcode Model.quantize}. */
  readonly storage: StorageByTable;
  readonly #ownsGpu: boolean;
  readonly #parts: ModelParts;
  readonly #forward: Forward;
  readonly #access = new Access();
  readonly #calibrator = new Calibrator();
  #fresh = false;
  #pretrained: readonly FoundVectors[] = [];
  /** Statistics of training, from a file or of a training of this model's. */
  #trained: TrainingStatistics | TrainingRecord | undefined;

  private constructor(
    definition: Definition,
    schema: FittedSchema,
    gpu: Gpu,
    options: ModelOptions,
    storage: StorageByTable,
  ) {
    this.definition = definition;
    this.schema = schema;
    this.seed = options.seed ?? 1;
    this.gpu = gpu;
    this.storage = storage;
    this.#ownsGpu = gpu !== options.device;
    const declarations = new Declarations();
    const space = spaceOf(schema);
    traceModel(definition, "train", declarations, space, 1);
    this.#parts = { definition, declarations, space, store: new Store(gpu, declarations, storage) };
    this.#forward = new Forward(gpu, this.#parts, this.#calibrator);
  }

  /**
   * Creates a model with fresh parameters.
   *
   * @param definition a model function bound to its options, for example `deepfm({ dim: 16 })`
   * @param schema the training data's schema
   * @throws {TypeError} when the initializer of embeddings is none, or pretrained vectors have another width than the table
   * @throws {RangeError} when pretrained vectors are of no field with a vocabulary
   * @throws {SyntaxError} when a file of pretrained vectors holds something else
   * @throws {GpuError} when there is no device or it has too little memory
   */
  static async create(definition: Definition, schema: FittedSchema, options: CreateOptions = {}): Promise<Model> {
    const embeddings = embeddingInitializerOf(options);
    const vectors = await readVectors(schema, options);
    const model = await Model.#open(definition, schema, options, ({ store, declarations }, seed) => {
      const placed = placeVectors(declarations, vectors);
      store.initialize(seed, embeddings, (...block) => overlayVectors(placed, ...block));
      store.frozen.set(declarations.tables, frozenRowsOf(placed));
    });
    model.#fresh = true;
    model.#pretrained = vectors.map(({ field, values, found, frozen }) => ({ field, values, found, frozen }));
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
    options: LoadOptions = {},
  ): Promise<Model> {
    const checkpoint = await readCheckpoint(path);
    const { definition, schema, seed, calibration, statistics, storage } = parseHeader(path, checkpoint, factory);
    const seeded = { ...options, seed: options.seed ?? seed };
    const fill = ({ store, declarations }: ModelParts): void => {
      store.upload(checkpoint.tensors);
      store.frozen.read(declarations.tables, checkpoint.tensors);
    };
    const model = await Model.#open(definition, schema, seeded, fill, storage);
    model.#calibrator.set(calibration);
    model.#trained = statistics;
    if (options.optimizerState === "keep") {
      model.#parts.store.optimizer.offer(earlierStateOf(checkpoint.header.training, checkpoint.tensors));
    }
    return model;
  }

  /** Makes a model whose parameters `fill` sets; nothing of it is left where that fails. */
  static async #open(
    definition: Definition,
    schema: FittedSchema,
    options: ModelOptions,
    fill: (parts: ModelParts, seed: number) => void,
    storage: StorageByTable = {},
  ): Promise<Model> {
    const gpu = await openDevice(options);
    let store: Store | undefined;
    try {
      const model = new Model(definition, schema, gpu, options, storage);
      store = model.#parts.store;
      await store.requireAllocated();
      fill(model.#parts, model.seed);
      return model;
    } catch (error) {
      store?.destroy();
      if (gpu !== options.device) gpu.destroy();
      throw error;
    }
  }

  /** Number of trainable scalars. */
  get parameterCount(): number {
    return this.#parts.store.parameterCount;
  }

  /** Bytes of the tables on the device, without what training keeps beside them. */
  get tableBytes(): number {
    return this.#parts.store.tableBytes;
  }

  /** What files of pretrained vectors had for the values of fields, when the model was created. */
  get pretrained(): readonly {
    readonly field: string;
    readonly values: number;
    readonly found: number;
    readonly frozen: boolean;
  }[] {
    return this.#pretrained;
  }

  /** Number of rows that training leaves as they are, by table; see {@linkcode Model.freeze}. */
  get frozenRows(): Record<string, number> {
    return this.#parts.store.frozen.counts;
  }

  /**
   * Has training leave rows of embedding tables as they are, such as pretrained ones: those that are named by table and
   * row of the schema's row space, and no others. Files of the model keep them.
   *
   * @throws {TypeError} when there is no such table
   * @throws {RangeError} when a table has no such row
   * @throws {Error} when a `fit`, or a call that reads the parameters, still runs
   */
  freeze(rows: Readonly<Record<string, Iterable<number>>>): void {
    this.#access.requireUnused("freeze rows");
    const { store, declarations } = this.#parts;
    store.frozen.set(declarations.tables, rows);
  }

  /**
   * Trains the model.
   *
   * A checkpoint never holds numbers that are not finite: the last good one stays. With `run`, a folder keeps a record of the
   * training, its checkpoints and the trained model.
   *
   * @throws {TypeError} when the model is quantized, the data has another schema or no labels, or a checkpoint to resume is
   * of another training
   * @throws {RangeError} when the data has no rows, all labels are the same, an option is out of its range or the monitored
   * metric cannot be computed
   * @throws {DivergenceError} when the loss or a parameter stops being finite
   * @throws {Error} when the checkpoint cannot be written, before training begins; when another `fit` of this model runs,
   * or the model is disposed meanwhile; when the folder of the run holds one already, or to go on: none or a finished one
   */
  async fit(data: Dataset, given: FitOptions = {}): Promise<History> {
    const { run } = given;
    if (run !== undefined) {
      return await fitInFolder(this, data, given, typeof run === "string" ? { folder: run } : run);
    }
    return await this.#access.train(async () => {
      const options = withLoss(given, this.schema);
      const { resume, ...digests } = await beforeTraining(this, data, options);
      const trainer = new Trainer({ ...this.#context(options), ...digests }, data, options, resume);
      this.#fresh = false;
      this.#calibrator.set(correctionFor(data, options.negativeRate));
      this.#trained = new TrainingRecord(data, options.validation, options.batchSize);
      return await trainer.run();
    });
  }

  /**
   * Times the variants of the kernels that training on `data` runs, and has the device choose the fastest ones from here
   * on, for this and other models. The parameters stay as they are; optimizer state that an earlier `fit` kept is released.
   *
   * A variant replaces the default only where it is faster by more than 3 % in repeated runs.
   *
   * @returns what was measured, for the kernel problems with more than one variant
   * @throws {TypeError} when the model is quantized, or the data has another schema or no labels
   * @throws {RangeError} when the data has no rows, or an option is out of its range
   * @throws {GpuError} when the device has no timestamp queries, or too little memory
   * @throws {SyntaxError} when the file of measured kernels is damaged
   */
  async tuneKernels(data: Dataset, given: TuningOptions = {}): Promise<TunedProblem[]> {
    return await this.#access.train(async () => {
      const options = withLoss(given, this.schema);
      requireFloat32("tune kernels", this.storage);
      await requireUsable("tune kernels", this.schema, data);
      requireLabels("tune kernels on the data", data);
      await requireTrainable(options, this.schema);
      return await new Trainer(this.#context(options), data, options).tune(options.path);
    });
  }

  /**
   * Predicts the probability of the positive label for each row, or the number where labels are numbers.
   *
   * @throws {TypeError} when there are several labels; else as {@linkcode Model.predictTasks} does
   */
  async predict(data: Dataset, options: PredictOptions = {}): Promise<Float32Array<ArrayBuffer>> {
    requireOneTask(this.schema.tasks);
    return (await this.predictTasks(data, options))[this.schema.tasks[0]];
  }

  /**
   * Predicts the probability of each label for each row; where labels are times, the hazard of each interval.
   *
   * @returns probabilities `[rows]` by the label's name
   * @throws {RangeError} when `batchSize` is not a positive integer, or larger than the device can take
   * @throws {PredictionError} when a probability is not a number; it names the first such row, from 0
   * @throws {TypeError} when the data has another schema, or the options are not an object
   */
  async predictTasks(data: Dataset, options: PredictOptions = {}): Promise<TaskProbabilities> {
    return await this.#access.read("predict", async () => {
      const batchSize = batchSizeOf("predict", options);
      await requireSchema(this.schema, data);
      return await this.#forward.predict(data, batchSize, options.calibrated);
    });
  }

  /**
   * Predicts how long rows last, where labels are times: for each head, the probability of lasting beyond each interval and
   * the expected time. {@linkcode Model.predictTasks} returns the hazards that they are made of.
   *
   * @returns curves by the head's name
   * @throws {TypeError} when the labels are no times; else as {@linkcode Model.predictTasks} does
   */
  async predictSurvival(data: Dataset, options: PredictOptions = {}): Promise<Record<string, SurvivalCurves>> {
    const heads = requireHeads(this.schema);
    return curvesByHead(await this.predictTasks(data, options), heads, this.schema.tasks);
  }

  /**
   * Computes AUC, log loss, calibration and the like for labeled rows; those of each label where there are several. Of
   * labels that are times, it computes concordance, log loss and calibration of each head; of numbers, RMSE and MAE.
   *
   * Options ask for further metrics, for those of groups such as users, for slices and for intervals.
   *
   * @throws {RangeError} when there are no rows, no such field or metric, `batchSize` is not a positive integer, or a
   * prediction is not a number
   * @throws {TypeError} when the data has another schema or no labels, the options are not an object, or they ask for what
   * labels that are times do not have
   */
  async evaluate(data: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    return await this.#access.read("evaluate", async () => {
      const batchSize = batchSizeOf("evaluate", options);
      await requireUsable("evaluate", this.schema, data);
      requireLabels("evaluate the data", data);
      const evaluation = evaluationOf(data, options);
      return evaluateByTask(await this.#forward.predict(data, batchSize, options.calibrated), data, evaluation);
    });
  }

  /** What turns the model's logits into probabilities; undefined where that is sigmoid(z). */
  get calibration(): Calibration | undefined {
    return this.#calibrator.current;
  }

  /**
   * Fits what turns the model's logits into probabilities to labeled rows, so that they are rates. It is saved with the
   * model, and {@linkcode Model.predict}, {@linkcode Model.evaluate} and servers use it from here on; a `fit` and
   * {@linkcode Model.setParameters} drop it.
   *
   * @param data rows that the model was not trained on, such as those of validation
   * @throws {TypeError} when the data has another schema or no labels, or labels are times
   * @throws {RangeError} when labels are of one class or the logits tell them apart without a mistake, or an option is out
   * of its range
   */
  async calibrate(
    data: Dataset,
    options: CalibrateOptions & Pick<PredictOptions, "batchSize"> = {},
  ): Promise<Calibration> {
    return await this.#access.read("calibrate", async () => {
      const batch = batchSizeOf("calibrate", options);
      await requireCalibratable(this.schema, data);
      const calibration = calibrate(data, (await this.#forward.score(data, batch)).logits, options);
      this.#calibrator.set(calibration);
      if (this.#trained && !(this.#trained instanceof TrainingRecord)) {
        this.#trained = rescored(this.#trained, await this.#forward.predict(data, batch));
      }
      return calibration;
    });
  }

  /**
   * Compiles forward passes for many small requests at a time, which whoever calls this disposes of before the model.
   *
   * @throws {RangeError} when the batch sizes are not ascending positive integers, or an option is out of its range
   * @throws {TypeError} when the processor is to compute everything, and the model has an op that it cannot compute
   * @throws {GpuError} when the device has too little memory
   */
  async scorer(options: ScorerOptions = {}): Promise<Scorer> {
    return await this.#access.read("create scorer", () => {
      return Scorer.create(
        { ...this.#parts, schema: this.schema, gpu: this.gpu, access: this.#access, calibrator: this.#calibrator },
        options,
      );
    });
  }

  /**
   * Reads what the model's layers expose for some rows: attention weights, gates, field strengths and the like. With
   * `{ what: "relu" }` it reads the outputs of the layers that end in ReLU instead, which tell units that never fire.
   *
   * @returns tensors by name; those with a batch dimension have `data.rows` there
   * @throws {TypeError} when the model has nothing of the kind, the data has another schema, or the options are not an object
   * @throws {RangeError} when the data has no rows, `batchSize` is not a positive integer, or `what` is something else
   */
  async inspect(data: Dataset, options: InspectOptions = {}): Promise<Record<string, CheckpointTensor>> {
    return await this.#access.read("inspect", async () => {
      await requireUsable("inspect", this.schema, data);
      const batch = batchSizeOf("inspect", options, inspectedBatch(data.rows));
      return await this.#forward.inspect(data, batch, inspectedOf(options));
    });
  }

  /**
   * Returns statistics of the training: rows, label rates, and histograms of fields and scores, of the validation data where
   * there were some. The file that {@linkcode Model.save} writes carries them.
   *
   * @returns nothing for a model that was not trained, or whose parameters were set since
   */
  async trainingStatistics(): Promise<TrainingStatistics | undefined> {
    return await this.#access.read("describe training", () => this.#describeTraining());
  }

  /**
   * Saves parameters, schema, options and statistics of the training to one file, atomically.
   *
   * @throws {RangeError} when a number is not finite; a file that was there is intact
   * @throws {Error} when the file cannot be written; a file that was there is intact
   */
  async save(path: string): Promise<void> {
    await this.#access.read("save", async () => this.#write(path, {}, await this.#describeTraining()));
  }

  /**
   * Returns this model with its tables in fewer bits, to predict with and to serve: each row as integers of 8 or 4 bits
   * with a center and a scale of its own, or as float16. The tables take less memory and are read as they are; all other
   * parameters stay float32. Rows of few numbers, such as first-order weights, become float16 where that takes less.
   *
   * The new model cannot be trained, nor can its parameters be set. It is on the device of this one: dispose of it first.
   *
   * @throws {TypeError} when there is no such storage, or the model is quantized already
   * @throws {RangeError} when a number is not finite, or larger than the storage holds
   * @throws {GpuError} when the device has too little memory
   *
   * @example
   * ```ts
   * import { categorical, deepfm, Model, readCsv } from "../mod.ts";
   * import assert from "node:assert/strict";
   *
   * const file = new File(["click,user,item\n1,u1,i1\n0,u2,i1\n"], "clicks.csv");
   * const data = await readCsv(file, { label: "click", features: [categorical("user"), categorical("item")] });
   * await using model = await Model.create(deepfm({ dim: 16, hidden: [8] }), data.schema);
   * await using small = await model.quantize("int8");
   * assert.deepEqual(small.storage, { embedding: "int8", linear: "f16" });
   * assert.equal((await small.predict(data)).length, 2);
   * ```
   */
  async quantize(to: QuantizedStorage): Promise<Model> {
    return await this.#access.read("quantize", async () => {
      requireFloat32("quantize", this.storage);
      const { declarations: { tables }, store } = this.#parts;
      const storage = storageFor(tables.values(), to);
      const tensors = quantizeTables(tables, storage, await store.download());
      const statistics = await this.#describeTraining();
      const options = { seed: this.seed, device: this.gpu };
      const fill = ({ store }: ModelParts): void => store.upload(tensors);
      const model = await Model.#open(this.definition, this.schema, options, fill, storage);
      model.#calibrator.set(this.calibration);
      model.#trained = statistics;
      return model;
    });
  }

  /**
   * Returns this model for a schema that grew from its own, as `readDataGrown` makes it of new rows, to train on them. Values
   * that both schemas have keep their rows, at new places, with the optimizer's state where some is kept; dropped values
   * lose theirs. The new model is on the device of this one: dispose of it first.
   *
   * @throws {TypeError} when the schema did not grow from this model's, content names no field, or the model is quantized
   * @throws {RangeError} when an option is out of its range
   * @throws {GpuError} when the device has too little memory
   *
   * @example
   * ```ts
   * import { categorical, lr, Model, readDataGrown, readRows } from "../mod.ts";
   * import assert from "node:assert/strict";
   *
   * const yesterday = readRows([{ y: 1, user: "a" }, { y: 0, user: "b" }], { label: "y", features: [categorical("user")] });
   * await using model = await Model.create(lr(), yesterday.schema);
   * await model.fit(yesterday);
   * const today = await readDataGrown([{ y: 1, user: "c" }, { y: 0, user: "a" }], model.schema);
   * await using next = await model.extend(today.schema);
   * await next.fit(today);
   * assert.equal(next.schema.generation, 2);
   * ```
   */
  async extend(schema: FittedSchema, options: ExtendOptions = {}): Promise<Model> {
    return await this.#access.read("extend", async () => {
      requireFloat32("extend model", this.storage);
      requireExtendOptions(options);
      const embeddingInitializer = embeddingInitializerOf(options);
      const origins = originsOf(this.schema, schema);
      const { store } = this.#parts;
      const [tensors, state] = [await store.download(), await store.optimizer.kept()];
      // Rows of one generation begin apart from those at the same places of another one.
      const seed = (this.seed + schema.generation) % 2 ** 32;
      const alike = options.content && alikeRows(options.content, schema, origins);
      const grown = { ...options, embeddingInitializer };
      const fill = (parts: ModelParts): void => {
        const tables = grownTables(this.#parts.declarations.tables, parts.declarations.tables);
        parts.store.upload(extendTensors(tensors, tables, origins, grown, seed, alike));
        parts.store.frozen.set(parts.declarations.tables, movedRows(store.frozen, tables, origins.from));
        if (state) parts.store.optimizer.offer(regrown(state, rowsByTable(tables, origins.from)));
      };
      const model = await Model.#open(this.definition, schema, { seed: this.seed, device: this.gpu }, fill);
      model.#calibrator.set(this.calibration);
      return model;
    });
  }

  /** Downloads all parameters, statistics and tables by name, in float32 however they are stored. */
  async parameters(): Promise<Record<string, CheckpointTensor>> {
    return await this.#access.read("download parameters", () => this.#parts.store.download());
  }

  /**
   * Uploads parameters by name, for example ones of another framework; those that are not given stay as they are.
   *
   * @throws {TypeError} when the model is quantized, has no tensor of a name, or one of another shape; all parameters are
   * then as before
   * @throws {Error} when a `fit`, or a call that reads the parameters, still runs
   */
  setParameters(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    this.#access.requireUnused("set parameters");
    requireFloat32("set parameters", this.storage);
    this.#parts.store.set(tensors);
    this.#parts.store.optimizer.release();
    this.#calibrator.set(undefined);
    this.#fresh = false;
    this.#trained = undefined;
  }

  /** Writes the layers, their parameters and what each regularizer covers as a table. */
  summary(): string {
    const table = summarize(this.#parts.declarations, this.parameterCount);
    return `${this.definition.name} ${JSON.stringify(this.definition.options)}\n${table}`;
  }

  /**
   * Releases the device's memory, and the device unless it was handed in.
   *
   * Calls that read the parameters are waited for; a `fit` is ended before its next step, and rejects.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    // A device that was lost answers nobody who waits.
    await Promise.race([this.#access.close(), this.gpu.lost]);
    await this.#forward.destroy();
    this.#parts.store.destroy();
    if (this.#ownsGpu) this.gpu.destroy();
  }

  #context(options: FitOptions): TrainerContext {
    const further = furtherOf(options);
    return {
      ...this.#parts,
      gpu: this.gpu,
      seed: this.seed,
      access: this.#access,
      fresh: this.#fresh,
      evaluate: (dataset) => this.evaluate(dataset, { batchSize: options.batchSize, ...further }),
      save: (path, training, tensors) => {
        const statistics = this.#trained instanceof TrainingRecord ? this.#trained.unscored : this.#trained;
        return this.#write(path, tensors, statistics, training);
      },
    };
  }

  async #describeTraining(): Promise<TrainingStatistics | undefined> {
    if (!(this.#trained instanceof TrainingRecord)) return this.#trained;
    return await this.#trained.scored((data, batchSize) => this.#forward.predict(data, batchSize));
  }

  async #write(
    path: string,
    extra: Record<string, CheckpointTensor>,
    statistics: TrainingStatistics | undefined,
    training?: Json,
  ): Promise<void> {
    const { definition, schema, seed, calibration, storage } = this;
    const { store } = this.#parts;
    const tensors = { ...(await store.downloadStored()), ...store.frozen.toTensors(), ...extra };
    await saveModel(path, { definition, schema, seed, calibration, statistics, storage }, tensors, training);
  }
}
