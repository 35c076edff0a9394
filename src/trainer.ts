/**
 * The training loop: epochs, evaluation, learning rate, early stopping, checkpoints and resumption.
 *
 * @module
 */
import type { CheckpointTensor, Json } from "./checkpoint.ts";
import { canonicalJson } from "./checkpoint/canonical_json.ts";
import type { Dataset } from "./data/dataset.ts";
import { shuffled } from "./data/random.ts";
import { Feed } from "./feed.ts";
import type { EpochReport, FitOptions, History } from "./fit_options.ts";
import type { Gpu } from "./gpu/device.ts";
import { createBuffer, download } from "./gpu/memory.ts";
import type { Definition } from "./definition.ts";
import type { Declarations } from "./graph/parameter.ts";
import type { Plan, StepScalars } from "./graph/plan.ts";
import { adam, type Optimizer } from "./optimizer.ts";
import { sortOccurrencesOnHost } from "./ops/sort.ts";
import { type Metrics, PlateauSchedule, type PlateauState } from "./schedule.ts";
import type { Store } from "./store.ts";
import type { FieldSpace } from "./trace.ts";
import { compileTraining } from "./training.ts";

export type { EarlyStopping, EpochReport, FitOptions, History, ProgressEvent } from "./fit_options.ts";

/** What the loop needs from the model. */
export interface TrainerContext {
  readonly gpu: Gpu;
  readonly definition: Definition;
  readonly declarations: Declarations;
  readonly space: FieldSpace;
  readonly store: Store;
  readonly seed: number;
  evaluate(dataset: Dataset): Promise<Metrics>;
  /** Writes a checkpoint with the state of training. */
  save(path: string, training: Json, tensors: Record<string, CheckpointTensor>): Promise<void>;
}

/** State of training as a checkpoint holds it. */
interface TrainingState {
  /** What must be equal for a resumption to give the same bytes. */
  readonly recipe: Json;
  epoch: number;
  position: number;
  step: number;
  bestEpoch: number;
  plateau: PlateauState | null;
}

/** Steps whose losses are on the device before they are read. */
const LOSS_RING = 1024;

/** Steps between two looks at the queue, so that the host never runs far ahead of the device. */
const STEPS_IN_FLIGHT = 32;

/** Steps of one submit, where nothing has to be uploaded in between. */
const STEPS_PER_SUBMIT = 4;

/** Milliseconds between two readings of the loss. */
const REPORT_EVERY_MS = 1000;

/** Runs training; made by {@linkcode Model.fit}. */
export class Trainer {
  readonly #context: TrainerContext;
  readonly #data: Dataset;
  readonly #options: FitOptions;
  readonly #batch: number;
  readonly #optimizer: Optimizer;
  readonly #seed: number;
  readonly #feed: Feed;
  readonly #losses: GPUBuffer;
  readonly #pairs: GPUBuffer | undefined;
  readonly #stepsPerSubmit: number;
  #queued: StepScalars[] = [];
  #plan!: Plan;
  #state: TrainingState;
  #plateau: PlateauSchedule | undefined;
  #best: Record<string, CheckpointTensor> | undefined;
  #lossSum = 0;
  #lossRows = 0;
  #lossStep = 0;
  #sortScratch:
    | { ids: Uint32Array<ArrayBuffer>; pairs: Uint32Array<ArrayBuffer>; work: Uint32Array<ArrayBuffer> }
    | undefined;

  /** Allocates buffers for training on `data`. */
  constructor(context: TrainerContext, data: Dataset, options: FitOptions) {
    const { gpu, space } = context;
    this.#context = context;
    this.#data = data;
    this.#options = options;
    this.#batch = Math.min(positiveInteger("batchSize", options.batchSize ?? 4096), data.rows);
    this.#optimizer = options.optimizer ?? adam();
    this.#seed = options.seed ?? context.seed;
    const fields = space.fields.length;
    const budget = options.memoryBudget ?? 2 ** 30;
    this.#feed = new Feed(gpu, { fields, hasValues: space.hasValues, batch: this.#batch, rows: data.rows, budget });
    this.#losses = createBuffer(gpu, "losses", 4 * LOSS_RING);
    const sort = options.sort ?? "auto";
    if (sort === "host" || (sort === "auto" && gpu.adapter.software)) {
      this.#pairs = createBuffer(gpu, "pairs", 8 * fields * this.#batch);
      const size = fields * this.#batch;
      this.#sortScratch = {
        ids: new Uint32Array(size),
        pairs: new Uint32Array(2 * size),
        work: new Uint32Array(2 * size),
      };
    }
    this.#stepsPerSubmit = this.#pairs || data.rows > this.#feed.capacity ? 1 : STEPS_PER_SUBMIT;
    if (options.earlyStopping) {
      this.#plateau = new PlateauSchedule({ lr: this.#optimizer.lr, ...options.earlyStopping });
    }
    this.#state = { recipe: this.#recipe(), epoch: 0, position: 0, step: 0, bestEpoch: 0, plateau: null };
  }

  /** Compiles the step and runs the loop. */
  async run(resume?: { training: Json; tensors: Readonly<Record<string, CheckpointTensor>> }): Promise<History> {
    const { gpu, store } = this.#context;
    store.prepareOptimizer(this.#optimizer);
    if (resume) this.#restore(resume);
    this.#plan = await compileTraining(gpu, {
      ...this.#context,
      feed: this.#feed,
      batch: this.#batch,
      optimizer: this.#optimizer,
      l2: this.#options.l2 ?? {},
      clipNorm: this.#options.clipNorm,
      losses: { buffer: this.#losses },
      pairs: this.#pairs && { buffer: this.#pairs },
    });
    this.#options.onPlan?.(this.#plan.describe());
    try {
      return await this.#epochs();
    } finally {
      this.#plan.destroy();
      this.#feed.destroy();
      this.#losses.destroy();
      this.#pairs?.destroy();
    }
  }

  get #steps(): number {
    return Math.ceil(this.#data.rows / this.#batch);
  }

  async #epochs(): Promise<History> {
    const epochs = positiveInteger("epochs", this.#options.epochs ?? 1);
    const reports: EpochReport[] = [];
    let ended: History["ended"] = this.#plateau?.stopped ? "early stopping" : "epochs";
    while (ended === "epochs" && this.#state.epoch < epochs) {
      const started = performance.now();
      const before = this.#state.position;
      if (!(await this.#epoch())) {
        ended = "interrupted";
        break;
      }
      const seconds = (performance.now() - started) / 1000;
      const { report, stop } = await this.#endEpoch(seconds, before);
      reports.push(report);
      this.#options.onEpoch?.(report);
      await this.#save();
      if (stop) ended = "early stopping";
    }
    if (ended === "interrupted") await this.#save();
    else if (this.#best) this.#context.store.upload(this.#best);
    return { epochs: reports, bestEpoch: this.#state.bestEpoch, ended };
  }

  /** Runs the rest of an epoch; returns false when it was interrupted. */
  async #epoch(): Promise<boolean> {
    const { everySteps } = this.#options.checkpoint ?? {};
    const state = this.#state;
    const order = this.#options.shuffle === false ? undefined : shuffled(this.#data.rows, this.#seed, state.epoch);
    this.#feed.begin(this.#data, order);
    this.#lossSum = this.#lossRows = 0;
    this.#lossStep = state.step;
    let reported = performance.now();
    this.#report();
    while (state.position < this.#steps) {
      if (this.#options.signal?.aborted) return false;
      this.#step();
      if (state.step - this.#lossStep >= LOSS_RING || performance.now() - reported >= REPORT_EVERY_MS) {
        await this.#readLosses();
        reported = performance.now();
        this.#report();
      } else if (state.step % STEPS_IN_FLIGHT === 0) await turn();
      if (everySteps && state.step % everySteps === 0 && state.position < this.#steps) await this.#save();
    }
    await this.#readLosses();
    this.#report();
    return true;
  }

  #step(): void {
    const state = this.#state;
    const first = state.position * this.#batch;
    const rows = Math.min(this.#batch, this.#data.rows - first);
    const lr = this.#options.schedule?.(state.step) ?? this.#plateau?.lr ?? this.#optimizer.lr;
    if (this.#sortScratch) this.#sortOnHost(first, rows);
    const index = state.step + 1;
    this.#queued.push({
      rows,
      first: this.#feed.locate(first),
      index,
      seed: this.#seed,
      lr,
      slot: state.step % LOSS_RING,
      ...this.#optimizer.corrections(index),
    });
    state.step = index;
    state.position++;
    if (this.#queued.length === this.#stepsPerSubmit || state.position === this.#steps) this.#submit();
  }

  #submit(): void {
    if (this.#queued.length > 0) this.#plan.run(this.#queued, this.#options.profiler);
    this.#queued = [];
  }

  #sortOnHost(first: number, rows: number): void {
    const { ids, pairs, work } = this.#sortScratch!;
    const { space, gpu } = this.#context;
    this.#feed.batchIds(first, rows, ids);
    sortOccurrencesOnHost(ids, space.fields.length, this.#batch, rows, space.rowCount, pairs, work);
    gpu.device.queue.writeBuffer(this.#pairs!, 0, pairs);
  }

  async #readLosses(): Promise<void> {
    this.#submit();
    const { gpu } = this.#context;
    const ring = new Float32Array(await download(gpu, this.#losses, 4 * LOSS_RING));
    const firstStep = this.#state.step - this.#state.position;
    for (; this.#lossStep < this.#state.step; this.#lossStep++) {
      const first = (this.#lossStep - firstStep) * this.#batch;
      const rows = Math.min(this.#batch, this.#data.rows - first);
      this.#lossSum += rows * ring[this.#lossStep % LOSS_RING];
      this.#lossRows += rows;
    }
    if (!Number.isFinite(this.#lossSum)) {
      throw new RangeError(`Cannot go on training: the loss is not finite at step ${this.#state.step}`);
    }
  }

  #report(): void {
    const { epoch, position } = this.#state;
    const loss = this.#lossSum / this.#lossRows;
    this.#options.onProgress?.({ epoch: epoch + 1, step: position, steps: this.#steps, loss });
  }

  async #endEpoch(seconds: number, before: number): Promise<{ report: EpochReport; stop: boolean }> {
    const state = this.#state;
    const { validation } = this.#options;
    const lr = this.#plateau?.lr ?? this.#options.schedule?.(state.step - 1) ?? this.#optimizer.lr;
    state.epoch++;
    state.position = 0;
    const metrics = validation && await this.#context.evaluate(validation);
    let [improved, stop] = [true, false];
    if (metrics && this.#plateau) {
      ({ improved, stop } = this.#plateau.observe(metrics));
      if (improved) this.#best = await this.#context.store.download();
    }
    if (improved) state.bestEpoch = state.epoch;
    const rowsPerSecond = (this.#data.rows - before * this.#batch) / seconds;
    const loss = this.#lossSum / this.#lossRows;
    return { report: { epoch: state.epoch, loss, lr, validation: metrics, improved, seconds, rowsPerSecond }, stop };
  }

  async #save(): Promise<void> {
    this.#submit();
    const { checkpoint } = this.#options;
    if (!checkpoint) return;
    const training = { ...this.#state, plateau: this.#plateau?.toJSON() ?? null };
    const tensors = await this.#context.store.downloadState();
    for (const [name, tensor] of Object.entries(this.#best ?? {})) tensors[`best/${name}`] = tensor;
    await this.#context.save(checkpoint.path, training as unknown as Json, tensors);
  }

  #recipe(): Json {
    const { validation, l2, clipNorm, shuffle } = this.#options;
    const { name, lr, embeddingUpdate, constants } = this.#optimizer;
    return {
      rows: this.#data.rows,
      validationRows: validation?.rows ?? 0,
      batch: this.#batch,
      seed: this.#seed,
      shuffle: shuffle !== false,
      optimizer: { name, lr, embeddingUpdate, constants },
      l2: { embedding: l2?.embedding ?? 0, net: l2?.net ?? 0 },
      clipNorm: clipNorm ?? null,
    };
  }

  #restore({ training, tensors }: { training: Json; tensors: Readonly<Record<string, CheckpointTensor>> }): void {
    const state = training as unknown as TrainingState;
    requireSameRecipe(state.recipe, this.#state.recipe);
    this.#state = { ...state, recipe: this.#state.recipe };
    if (state.plateau) this.#plateau = PlateauSchedule.fromJSON(state.plateau);
    this.#context.store.uploadState(tensors);
    const best = Object.entries(tensors).filter(([name]) => name.startsWith("best/"));
    if (best.length > 0) this.#best = Object.fromEntries(best.map(([name, tensor]) => [name.slice(5), tensor]));
  }
}

/** Throws unless two recipes are equal, naming what differs. */
function requireSameRecipe(saved: Json, wanted: Json): void {
  const [before, now] = [saved, wanted] as Record<string, Json>[];
  for (const key of Object.keys(now)) {
    const [old, value] = [before[key], now[key]].map((part) => canonicalJson(part ?? null, key));
    if (old !== value) {
      throw new TypeError(`Cannot resume: the checkpoint was trained with ${key} ${old}, received ${value}`);
    }
  }
}

function positiveInteger(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`Cannot train: ${name} must be a positive integer, received ${value}`);
}

/** Lets timers, signals and promises run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
