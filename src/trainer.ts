/**
 * The training loop: epochs, evaluation, learning rate, early stopping, checkpoints and resumption.
 *
 * @module
 */
import type { CheckpointTensor, Json } from "./checkpoint/content.ts";
import type { Dataset } from "./data/dataset.ts";
import { Shuffle } from "./data/random.ts";
import { Feed } from "./feed.ts";
import { defaultBudget } from "./feed/budget.ts";
import type { Gpu } from "./gpu/device.ts";
import { requireAllocated } from "./gpu/memory.ts";
import type { Plan, StepScalars } from "./graph/plan.ts";
import type { TunedProblem } from "./kernels/tuner.ts";
import type { Access } from "./model/access.ts";
import type { ModelParts } from "./model/parts.ts";
import { requireCount } from "./model/requirements.ts";
import { adam, type Optimizer } from "./optimizer.ts";
import { type Evaluation, numbersOf } from "./metrics.ts";
import { PlateauSchedule } from "./schedule.ts";
import { feedSizes } from "./trace.ts";
import { Backlog } from "./trainer/backlog.ts";
import { checkRate, DivergenceError, requireFinite } from "./trainer/checks.ts";
import { LossRing } from "./trainer/losses.ts";
import type { EpochReport, FitOptions, History } from "./trainer/options.ts";
import { HostSorter } from "./trainer/sorter.ts";
import { startAtLogOdds } from "./trainer/start_bias.ts";
import { recipeOf, requireSameKernels, requireSameRecipe, type TrainingState } from "./trainer/state.ts";
import { compileTraining } from "./trainer/step.ts";
import { type PlacedWeights, placeTaskWeights } from "./trainer/tasks.ts";
import { tuneStep } from "./trainer/tuning.ts";
import { UnseenRows, unseenShareOf } from "./trainer/unseen.ts";

/** What the loop needs from the model. */
export interface TrainerContext extends ModelParts {
  readonly gpu: Gpu;
  /** Seed of shuffling and dropout where the options have none. */
  readonly seed: number;
  /** Keeps the steps apart from calls that read the parameters. */
  readonly access: Access;
  /** Whether the parameters still have the first values that the model function declares. */
  readonly fresh?: boolean;
  /** Digest of the rows, where training is to be resumed. */
  readonly rowsDigest?: string;
  /** Computes the metrics of validation data. */
  evaluate(dataset: Dataset): Promise<Evaluation>;
  /** Writes a checkpoint with the state of training. */
  save(path: string, training: Json, tensors: Record<string, CheckpointTensor>): Promise<void>;
}

/** What a checkpoint holds of a training that is to go on. */
export interface Resumption {
  /** The state of training. */
  readonly training: Json;
  /** Parameters, optimizer state and best parameters. */
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
  #taskWeights: PlacedWeights | undefined;
  readonly #resume: Resumption | undefined;
  readonly #unseenShare: number;
  #unseen: UnseenRows | undefined;
  #stepsPerSubmit = 1;
  /** Places of the next epoch's order that a step draws. */
  #drawnPerStep = 0;
  #queued: StepScalars[] = [];
  #next: { readonly epoch: number; readonly shuffle: Shuffle } | undefined;
  #plan: Plan | undefined;
  #state: TrainingState;
  #plateau: PlateauSchedule | undefined;
  #best: Record<string, CheckpointTensor> | undefined;
  /** Whether the model has the parameters of an earlier epoch again, which the optimizer's state does not belong to. */
  #isSteppedBack = false;

  /**
   * Takes the options in; nothing is allocated yet.
   *
   * @param resume the checkpoint that training goes on from
   * @throws {RangeError} when an option is out of its range
   */
  constructor(context: TrainerContext, data: Dataset, options: FitOptions, resume?: Resumption) {
    this.#context = context;
    this.#data = data;
    this.#options = options;
    this.#batch = Math.min(requireCount("train", "batchSize", options.batchSize ?? 4096), data.rows);
    this.#epochs = requireCount("train", "epochs", options.epochs ?? 1);
    this.#optimizer = options.optimizer ?? adam();
    this.#seed = options.seed ?? context.seed;
    this.#backlog = new Backlog(context.gpu);
    this.#resume = resume;
    this.#unseenShare = unseenShareOf(options, (resume?.training as unknown as TrainingState | undefined)?.recipe);
    if (options.earlyStopping) {
      this.#plateau = new PlateauSchedule({ lr: this.#optimizer.lr, ...options.earlyStopping });
    }
    const { rowsDigest } = context;
    const [batch, seed, optimizer] = [this.#batch, this.#seed, this.#optimizer];
    const unseenShare = this.#unseenShare;
    const tasks = data.schema.tasks.length;
    const parts = { rows: data.rows, rowsDigest, batch, seed, optimizer, unseenShare, tasks };
    this.#state = { recipe: recipeOf(options, parts), epoch: 0, position: 0, step: 0, bestEpoch: 0, plateau: null };
  }

  /**
   * Compiles the step and runs the loop.
   *
   * @throws {TypeError} when the checkpoint to resume is of another training; the parameters are then as they were
   * @throws {DivergenceError} when the loss or a parameter stops being finite
   * @throws {GpuError} when the device has too little memory
   */
  async run(): Promise<History> {
    const { store: { optimizer }, access } = this.#context;
    const resume = this.#resume;
    if (resume) requireSameRecipe((resume.training as unknown as TrainingState).recipe, this.#state.recipe);
    const { optimizerState, tuneKernels, otherKernels } = this.#options;
    const isKept = optimizerState === "keep";
    let hasEnded = false;
    try {
      await this.#allocate();
      const earlierSteps = await optimizer.prepare(this.#optimizer, isKept && !resume);
      if (earlierSteps > 0) this.#state.earlierSteps = earlierSteps;
      if (tuneKernels && (!resume || otherKernels)) {
        await this.#tune(tuneKernels === true ? undefined : tuneKernels.path);
      }
      this.#plan = await this.#compile();
      if (resume) await access.write(() => this.#restore(resume));
      else await this.#start();
      for (const step of [this.#state.step, this.#epochs * this.#steps - 1]) this.#rateAt(step);
      this.#options.onPlan?.(this.#plan.describe());
      const history = await this.#train();
      hasEnded = true;
      return history;
    } catch (error) {
      if (!(error instanceof DivergenceError && this.#best)) throw error;
      await this.#uploadBest();
      throw error.restored(this.#state.bestEpoch);
    } finally {
      this.#release();
      if (isKept && hasEnded && !this.#isSteppedBack) optimizer.keep(this.#stepsBehind);
      else optimizer.release();
    }
  }

  /**
   * Times the variants of all kernels of the step in place of training; the parameters are then as before.
   *
   * @param path the file to add the winners to; the default one when absent
   * @throws {GpuError} when the device has no timestamp queries, or too little memory
   */
  async tune(path: string | undefined): Promise<TunedProblem[]> {
    const { optimizer } = this.#context.store;
    try {
      await this.#allocate();
      await optimizer.prepare(this.#optimizer);
      return await this.#tune(path, true);
    } finally {
      this.#release();
      optimizer.release();
    }
  }

  /** Times the variants of the step's kernels on the first batch, all of them or those that were not measured before. */
  #tune(path: string | undefined, again = false): Promise<TunedProblem[]> {
    const { signal, onTuning } = this.#options;
    this.#feed.begin(this.#data);
    const compile = (kernels: Readonly<Record<string, string>>): Promise<Plan> => this.#compileWith(kernels);
    return tuneStep(this.#context, { compile, step: this.#prepareStep(), path, again, signal, onTuning });
  }

  #release(): void {
    this.#plan?.destroy();
    this.#feed?.destroy();
    this.#losses?.destroy();
    this.#sorter?.destroy();
    this.#unseen?.destroy();
    if (this.#taskWeights && this.#taskWeights !== "uncertainty") this.#taskWeights.buffer.destroy();
  }

  /** Steps behind the optimizer's state, with those of earlier trainings. */
  get #stepsBehind(): number {
    return (this.#state.earlierSteps ?? 0) + this.#state.step;
  }

  async #allocate(): Promise<void> {
    const { gpu, space } = this.#context;
    const { rows } = this.#data;
    const { memoryBudget: budget = defaultBudget(gpu), sort = "auto" } = this.#options;
    const counts = this.#data.histories.map(({ offsets }) => offsets[rows]);
    this.#feed = new Feed(gpu, { ...feedSizes(space), counts, batch: this.#batch, rows, budget, ahead: true });
    this.#taskWeights = placeTaskWeights(gpu, this.#data.schema.tasks, this.#options.taskWeights);
    this.#losses = new LossRing(gpu);
    if (this.#unseenShare > 0) this.#unseen = new UnseenRows(gpu, this.#data, this.#unseenShare);
    if (sort === "host" || (sort === "auto" && gpu.adapter.software)) {
      this.#sorter = new HostSorter(gpu, this.#feed, space, this.#batch, this.#unseen);
    }
    // Half an epoch draws the next order of rows that stream: their first chunk is gathered beside the last one of this.
    this.#drawnPerStep = rows > this.#feed.capacity ? 2 * this.#batch : this.#batch;
    this.#stepsPerSubmit = this.#sorter ? 1 : Math.min(STEPS_PER_SUBMIT, this.#feed.reach(rows));
    const ranges = [this.#losses.range, ...(this.#sorter ? [this.#sorter.range] : [])];
    await requireAllocated([...this.#feed.buffers, ...ranges.map(({ buffer }) => buffer)]);
  }

  /** Compiles the step, with the kernels of the checkpoint to resume unless others may do. */
  async #compile(): Promise<Plan> {
    const before = this.#options.otherKernels ? undefined : this.#resume?.training as unknown as TrainingState;
    const plan = await this.#compileWith(before?.kernels);
    const { kernels } = plan.describe();
    this.#state.kernels = kernels;
    try {
      if (before) requireSameKernels(before, kernels);
    } catch (error) {
      plan.destroy();
      throw error;
    }
    return plan;
  }

  #compileWith(kernels: Readonly<Record<string, string>> | undefined): Promise<Plan> {
    return compileTraining(this.#context.gpu, {
      ...this.#context,
      feed: this.#feed,
      batch: this.#batch,
      optimizer: this.#optimizer,
      l2: this.#options.l2 ?? {},
      clipNorm: this.#options.clipNorm,
      losses: this.#losses.range,
      taskWeights: this.#taskWeights,
      pairs: this.#sorter?.range,
      unseen: this.#unseen,
      kernels,
    });
  }

  /** Sets what a training has before its first step. */
  async #start(): Promise<void> {
    const { initialBias = this.#context.fresh ? "log-odds" : "keep" } = this.#options;
    const { access, store } = this.#context;
    if (this.#state.earlierSteps) {
      if (initialBias === "keep") return;
      throw new TypeError(`Cannot train: initialBias must be "keep" with a kept optimizer, received "${initialBias}"`);
    }
    if (initialBias === "log-odds") await access.write(() => startAtLogOdds(this.#context, this.#data));
    await store.optimizer.carryWeights();
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
    else await this.#uploadBest();
    return { epochs: reports, bestEpoch: this.#state.bestEpoch, ended };
  }

  /** Gives the model the parameters of the best epoch, where one was kept. */
  async #uploadBest(): Promise<void> {
    const best = this.#best;
    if (!best) return;
    this.#isSteppedBack = this.#state.bestEpoch < this.#state.epoch;
    await this.#context.access.write(() => this.#context.store.upload(best));
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

  /** Has the batch of the next step on the device, sorted, and returns the step's scalars. */
  #prepareStep(): StepScalars {
    const { position, step } = this.#state;
    const first = position * this.#batch;
    const rows = this.#rowsAt(position);
    const lr = this.#rateAt(step);
    const index = this.#stepsBehind + 1;
    this.#sorter?.sort(first, { rows, index, seed: this.#seed });
    return {
      rows,
      first: this.#feed.locate(first),
      index,
      seed: this.#seed,
      lr,
      slot: this.#losses.slotOf(step),
      ...this.#optimizer.corrections(index),
    };
  }

  async #step(): Promise<void> {
    const state = this.#state;
    this.#queued.push(this.#prepareStep());
    state.step++;
    state.position++;
    if (this.#queued.length === this.#stepsPerSubmit || state.position === this.#steps) await this.#submit();
    // The device has steps to run meanwhile; between epochs it has none.
    this.#next?.shuffle.advance(this.#drawnPerStep);
    if (this.#queued.length === 0) this.#feed.advance(this.#next?.shuffle.order);
    await this.#backlog.pass(state.step);
  }

  /** Returns the learning rate of a step, counted from 0. */
  #rateAt(step: number): number {
    return checkRate(this.#options.schedule?.(step) ?? this.#plateau?.lr ?? this.#optimizer.lr, step);
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
    const lr = this.#rateAt(state.step - 1);
    state.epoch++;
    state.position = 0;
    const metrics = validation && await this.#evaluate(validation);
    let [improved, stop] = [true, false];
    if (metrics && this.#plateau) {
      ({ improved, stop } = this.#plateau.observe(numbersOf(metrics)));
      if (improved) {
        const best = await this.#context.store.download();
        requireFinite(best, state.step);
        this.#best = best;
      }
    }
    if (improved) state.bestEpoch = state.epoch;
    const rowsPerSecond = (this.#data.rows - before * this.#batch) / seconds;
    const loss = this.#losses.mean;
    return { report: { epoch: state.epoch, loss, lr, validation: metrics, improved, seconds, rowsPerSecond }, stop };
  }

  /** Evaluates; where that fails because of the parameters, the error names them. */
  async #evaluate(validation: Dataset): Promise<Evaluation> {
    try {
      return await this.#context.evaluate(validation);
    } catch (error) {
      if (error instanceof RangeError) requireFinite(await this.#context.store.download(), this.#state.step);
      throw error;
    }
  }

  async #save(): Promise<void> {
    await this.#submit();
    const { checkpoint } = this.#options;
    if (!checkpoint) return;
    const training = { ...this.#state, plateau: this.#plateau?.toJSON() ?? null };
    const tensors = await this.#context.store.optimizer.download();
    for (const [name, tensor] of Object.entries(this.#best ?? {})) tensors[`best/${name}`] = tensor;
    await this.#context.save(checkpoint.path, training as unknown as Json, tensors);
  }

  #restore({ training, tensors }: Resumption): void {
    const state = training as unknown as TrainingState;
    this.#state = { ...state, recipe: this.#state.recipe, kernels: this.#state.kernels };
    if (state.plateau) this.#plateau = PlateauSchedule.fromJSON(state.plateau);
    this.#context.store.upload(tensors);
    this.#context.store.optimizer.upload(tensors);
    const best = Object.entries(tensors).filter(([name]) => name.startsWith("best/"));
    if (best.length > 0) this.#best = Object.fromEntries(best.map(([name, tensor]) => [name.slice(5), tensor]));
  }
}
