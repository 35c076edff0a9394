/**
 * The training loop: epochs, evaluation, learning rate, early stopping, checkpoints and resumption.
 *
 * @module
 */
import type { CheckpointTensor, Json } from "./checkpoint.ts";
import type { Dataset } from "./data/dataset.ts";
import { Shuffle } from "./data/random.ts";
import { Feed } from "./feed.ts";
import type { Gpu } from "./gpu/device.ts";
import { requireAllocated } from "./gpu/memory.ts";
import type { Plan, StepScalars } from "./graph/plan.ts";
import type { Access } from "./model/access.ts";
import type { ModelParts } from "./model/parts.ts";
import { requireCount } from "./model/requirements.ts";
import { adam, type Optimizer } from "./optimizer.ts";
import { type Metrics, PlateauSchedule } from "./schedule.ts";
import { Backlog } from "./trainer/backlog.ts";
import { LossRing } from "./trainer/losses.ts";
import type { EpochReport, FitOptions, History } from "./trainer/options.ts";
import { HostSorter } from "./trainer/sorter.ts";
import { recipeOf, requireSameRecipe, type TrainingState } from "./trainer/state.ts";
import { compileTraining } from "./trainer/step.ts";

/** What the loop needs from the model. */
export interface TrainerContext extends ModelParts {
  readonly gpu: Gpu;
  /** Seed of shuffling and dropout where the options have none. */
  readonly seed: number;
  /** Keeps the steps apart from calls that read the parameters. */
  readonly access: Access;
  /** Computes the metrics of validation data. */
  evaluate(dataset: Dataset): Promise<Metrics>;
  /** Writes a checkpoint with the state of training. */
  save(path: string, training: Json, tensors: Record<string, CheckpointTensor>): Promise<void>;
}

/** What a checkpoint holds of a training that is to go on. */
export interface Resumption {
  /** The state of training. */
  readonly training: Json;
  /** Parameters, optimiser state and best parameters. */
  readonly tensors: Readonly<Record<string, CheckpointTensor>>;
}

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
  readonly #epochs: number;
  readonly #backlog: Backlog;
  #feed!: Feed;
  #losses!: LossRing;
  #sorter: HostSorter | undefined;
  #stepsPerSubmit = 1;
  #queued: StepScalars[] = [];
  #next: { readonly epoch: number; readonly shuffle: Shuffle } | undefined;
  #plan: Plan | undefined;
  #state: TrainingState;
  #plateau: PlateauSchedule | undefined;
  #best: Record<string, CheckpointTensor> | undefined;

  /**
   * Takes the options in; nothing is allocated yet.
   *
   * @throws {RangeError} when an option is out of its range
   */
  constructor(context: TrainerContext, data: Dataset, options: FitOptions) {
    this.#context = context;
    this.#data = data;
    this.#options = options;
    this.#batch = Math.min(requireCount("train", "batchSize", options.batchSize ?? 4096), data.rows);
    this.#epochs = requireCount("train", "epochs", options.epochs ?? 1);
    this.#optimizer = options.optimizer ?? adam();
    this.#seed = options.seed ?? context.seed;
    this.#backlog = new Backlog(context.gpu);
    if (options.earlyStopping) {
      this.#plateau = new PlateauSchedule({ lr: this.#optimizer.lr, ...options.earlyStopping });
    }
    const parts = { rows: data.rows, batch: this.#batch, seed: this.#seed, optimizer: this.#optimizer };
    this.#state = { recipe: recipeOf(options, parts), epoch: 0, position: 0, step: 0, bestEpoch: 0, plateau: null };
  }

  /**
   * Compiles the step and runs the loop.
   *
   * @throws {TypeError} when the checkpoint to resume is of another training; the parameters are then as they were
   * @throws {GpuError} when the device has too little memory
   */
  async run(resume?: Resumption): Promise<History> {
    const { store } = this.#context;
    if (resume) requireSameRecipe((resume.training as unknown as TrainingState).recipe, this.#state.recipe);
    try {
      await this.#allocate();
      await store.prepareOptimizer(this.#optimizer);
      if (resume) await this.#context.access.write(() => this.#restore(resume));
      this.#plan = await this.#compile();
      this.#options.onPlan?.(this.#plan.describe());
      return await this.#train();
    } finally {
      this.#plan?.destroy();
      this.#feed?.destroy();
      this.#losses?.destroy();
      this.#sorter?.destroy();
      store.releaseOptimizer();
    }
  }

  async #allocate(): Promise<void> {
    const { gpu, space } = this.#context;
    const { rows } = this.#data;
    const { memoryBudget: budget = 2 ** 30, sort = "auto" } = this.#options;
    const { fields: { length: fields }, hasValues } = space;
    this.#feed = new Feed(gpu, { fields, hasValues, batch: this.#batch, rows, budget });
    this.#losses = new LossRing(gpu);
    if (sort === "host" || (sort === "auto" && gpu.adapter.software)) {
      this.#sorter = new HostSorter(gpu, this.#feed, space, this.#batch);
    }
    this.#stepsPerSubmit = this.#sorter || rows > this.#feed.capacity ? 1 : STEPS_PER_SUBMIT;
    const ranges = [this.#losses.range, ...(this.#sorter ? [this.#sorter.range] : [])];
    await requireAllocated([...this.#feed.buffers, ...ranges.map(({ buffer }) => buffer)]);
  }

  #compile(): Promise<Plan> {
    return compileTraining(this.#context.gpu, {
      ...this.#context,
      feed: this.#feed,
      batch: this.#batch,
      optimizer: this.#optimizer,
      l2: this.#options.l2 ?? {},
      clipNorm: this.#options.clipNorm,
      losses: this.#losses.range,
      pairs: this.#sorter?.range,
    });
  }

  get #steps(): number {
    return Math.ceil(this.#data.rows / this.#batch);
  }

  async #train(): Promise<History> {
    const reports: EpochReport[] = [];
    let ended: History["ended"] = this.#plateau?.stopped ? "early stopping" : "epochs";
    while (ended === "epochs" && this.#state.epoch < this.#epochs) {
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
    else if (this.#best) {
      const best = this.#best;
      await this.#context.access.write(() => this.#context.store.upload(best));
    }
    return { epochs: reports, bestEpoch: this.#state.bestEpoch, ended };
  }

  /** Runs the rest of an epoch; returns false when it was interrupted. */
  async #epoch(): Promise<boolean> {
    const { everySteps } = this.#options.checkpoint ?? {};
    const state = this.#state;
    this.#feed.begin(this.#data, this.#order());
    this.#losses.begin(state.step);
    let reported = performance.now();
    this.#report();
    while (state.position < this.#steps) {
      if (this.#options.signal?.aborted) return false;
      await this.#step();
      if (this.#losses.isFull(state.step) || performance.now() - reported >= REPORT_EVERY_MS) {
        await this.#readLosses();
        reported = performance.now();
        this.#report();
      }
      if (everySteps && state.step % everySteps === 0 && state.position < this.#steps) await this.#save();
    }
    await this.#readLosses();
    this.#report();
    return true;
  }

  /** Returns the order of rows of the epoch, and begins to draw that of the next. */
  #order(): Uint32Array<ArrayBuffer> | undefined {
    if (this.#options.shuffle === false) return undefined;
    const { epoch } = this.#state;
    const draw = (epoch: number) => ({ epoch, shuffle: new Shuffle(this.#data.rows, this.#seed, epoch) });
    const { shuffle } = this.#next?.epoch === epoch ? this.#next : draw(epoch);
    this.#next = epoch + 1 < this.#epochs ? draw(epoch + 1) : undefined;
    return shuffle.finish();
  }

  async #step(): Promise<void> {
    const state = this.#state;
    const first = state.position * this.#batch;
    const rows = this.#rowsAt(state.position);
    const lr = this.#options.schedule?.(state.step) ?? this.#plateau?.lr ?? this.#optimizer.lr;
    this.#sorter?.sort(first, rows);
    const index = state.step + 1;
    this.#queued.push({
      rows,
      first: this.#feed.locate(first),
      index,
      seed: this.#seed,
      lr,
      slot: this.#losses.slotOf(state.step),
      ...this.#optimizer.corrections(index),
    });
    state.step = index;
    state.position++;
    if (this.#queued.length === this.#stepsPerSubmit || state.position === this.#steps) await this.#submit();
    // The device has steps to run meanwhile; between epochs it has none.
    this.#next?.shuffle.advance(this.#batch);
    await this.#backlog.pass(index);
  }

  async #submit(): Promise<void> {
    const steps = this.#queued;
    this.#queued = [];
    if (steps.length === 0) return;
    await this.#context.access.write(() => this.#plan!.run(steps, this.#options.profiler));
  }

  /** Returns the rows of the epoch's batch at `position`. */
  #rowsAt(position: number): number {
    return Math.min(this.#batch, this.#data.rows - position * this.#batch);
  }

  async #readLosses(): Promise<void> {
    await this.#submit();
    const { step, position } = this.#state;
    await this.#losses.read(step, (earlier) => this.#rowsAt(earlier - step + position));
  }

  #report(): void {
    const { epoch, position } = this.#state;
    this.#options.onProgress?.({ epoch: epoch + 1, step: position, steps: this.#steps, loss: this.#losses.mean });
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
    const loss = this.#losses.mean;
    return { report: { epoch: state.epoch, loss, lr, validation: metrics, improved, seconds, rowsPerSecond }, stop };
  }

  async #save(): Promise<void> {
    await this.#submit();
    const { checkpoint } = this.#options;
    if (!checkpoint) return;
    const training = { ...this.#state, plateau: this.#plateau?.toJSON() ?? null };
    const tensors = await this.#context.store.downloadState();
    for (const [name, tensor] of Object.entries(this.#best ?? {})) tensors[`best/${name}`] = tensor;
    await this.#context.save(checkpoint.path, training as unknown as Json, tensors);
  }

  #restore({ training, tensors }: Resumption): void {
    const state = training as unknown as TrainingState;
    this.#state = { ...state, recipe: this.#state.recipe };
    if (state.plateau) this.#plateau = PlateauSchedule.fromJSON(state.plateau);
    this.#context.store.upload(tensors);
    this.#context.store.uploadState(tensors);
    const best = Object.entries(tensors).filter(([name]) => name.startsWith("best/"));
    if (best.length > 0) this.#best = Object.fromEntries(best.map(([name, tensor]) => [name.slice(5), tensor]));
  }
}
