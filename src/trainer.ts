/**
 * The training loop: epochs, evaluation, learning rate, early stopping, checkpoints and resumption.
 *
 * @module
 */
import type { Dataset } from "./data/dataset.ts";
import type { Plan } from "./graph/plan.ts";
import type { TunedProblem } from "./kernels/tuner.ts";
import type { PrepareOptions } from "./store/optimizer_state.ts";
import { WeightAverage } from "./trainer/averaging.ts";
import { BestEpoch } from "./trainer/best_epoch.ts";
import { TrainingBuffers } from "./trainer/buffers.ts";
import { checkRate, DivergenceError } from "./trainer/checks.ts";
import { monitorOf } from "./trainer/monitor.ts";
import type { Resumption, TrainerContext } from "./trainer/context.ts";
import { Evaluations } from "./trainer/evaluations.ts";
import { LossReports } from "./trainer/loss_reports.ts";
import type { EpochReport, FitOptions, History } from "./trainer/options.ts";
import { restoreTraining, saveTraining, type TrainingParts } from "./trainer/progress_file.ts";
import { rowStrengths } from "./trainer/row_l2.ts";
import { strengthsByTable } from "./trainer/row_strength.ts";
import { type Settings, settingsOf } from "./trainer/settings.ts";
import { startTraining } from "./trainer/start_bias.ts";
import {
  kernelsToResume,
  recipeOf,
  requireSameKernels,
  requireSameRecipe,
  stepsBehind,
  type TrainingState,
} from "./trainer/state.ts";
import { compileTraining } from "./trainer/step.ts";
import { trainingOptions } from "./trainer/step_options.ts";
import { Steps } from "./trainer/steps.ts";
import { tuneStep } from "./trainer/tuning.ts";

/** Milliseconds between two readings of the loss. */
const REPORT_EVERY_MS = 1000;

/** Runs training; made by {@linkcode Model.fit}. */
export class Trainer {
  readonly #context: TrainerContext;
  readonly #data: Dataset;
  readonly #options: FitOptions;
  readonly #resume: Resumption | undefined;
  readonly #settings: Settings;
  readonly #buffers = new TrainingBuffers();
  readonly #state: TrainingState;
  readonly #best: BestEpoch;
  readonly #average: WeightAverage | undefined;
  readonly #evaluations: Evaluations;
  #steps!: Steps;
  #losses!: LossReports;
  /** When the epoch began, as if its evaluations had taken no time. */
  #started = 0;
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
    this.#resume = resume;
    this.#settings = settingsOf(context, data, options, resume);
    const { rows, schema } = data;
    const { tasks } = schema;
    const { earlyStopping } = options;
    const watched = earlyStopping && { ...earlyStopping, monitor: monitorOf(earlyStopping, schema) };
    this.#best = new BestEpoch(this.#settings.rules.network.lr, watched);
    const { rowsDigest, countsDigest } = context;
    const parts = { ...this.#settings, rows, rowsDigest, countsDigest, tasks: tasks.length };
    this.#state = { recipe: recipeOf(options, parts), epoch: 0, position: 0, step: 0, bestEpoch: 0, plateau: null };
    this.#average = options.averaging && new WeightAverage(context, options.averaging, this.#state);
    this.#evaluations = new Evaluations({ ...this.#parts, options });
  }

  get #parts(): TrainingParts {
    return { context: this.#context, state: this.#state, best: this.#best, average: this.#average };
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
    if (resume) {
      requireSameRecipe((resume.training as unknown as TrainingState).recipe, this.#state.recipe);
      this.#context.store.frozen.requireSame(resume.tensors);
    }
    const { optimizerState, tuneKernels, otherKernels } = this.#options;
    const isKept = optimizerState === "keep";
    let hasEnded = false;
    try {
      await this.#allocate();
      await this.#average?.allocate();
      const takeUp = isKept && !resume;
      const earlierSteps = await optimizer.prepare(this.#settings.rules, { takeUp, ...this.#rowStrengths() });
      if (earlierSteps > 0) this.#state.earlierSteps = earlierSteps;
      if (tuneKernels && (!resume || otherKernels)) {
        await this.#tune(tuneKernels === true ? undefined : tuneKernels.path);
      }
      this.#steps.plan = await this.#compile();
      if (resume) await access.write(() => restoreTraining(resume, this.#parts));
      else await startTraining(this.#context, this.#data, this.#options, this.#state.earlierSteps);
      for (const step of [this.#state.step, this.#settings.epochs * this.#steps.perEpoch - 1]) this.#rateAt(step);
      this.#options.onPlan?.(this.#steps.plan.describe());
      const history = await this.#train();
      hasEnded = true;
      return history;
    } catch (error) {
      if (!(error instanceof DivergenceError && this.#best.tensors)) throw error;
      await this.#uploadBest();
      throw error.restored(this.#state.bestEpoch);
    } finally {
      this.#release();
      if (isKept && hasEnded && !this.#isSteppedBack) optimizer.keep(stepsBehind(this.#state));
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
      await optimizer.prepare(this.#settings.rules, this.#rowStrengths());
      return await this.#tune(path, true);
    } finally {
      this.#release();
      optimizer.release();
    }
  }

  /** Times the variants of the step's kernels on the first batch, all of them or those that were not measured before. */
  #tune(path: string | undefined, again = false): Promise<TunedProblem[]> {
    const { signal, onTuning } = this.#options;
    this.#buffers.feed.begin(this.#data);
    const compile = (kernels: Readonly<Record<string, string>>): Promise<Plan> => this.#compileWith(kernels);
    return tuneStep(this.#context, { compile, step: this.#steps.prepare(), path, again, signal, onTuning });
  }

  #release(): void {
    this.#steps?.plan?.destroy();
    this.#average?.destroy();
    this.#buffers.destroy();
  }

  async #allocate(): Promise<void> {
    const [context, data, options, settings] = [this.#context, this.#data, this.#options, this.#settings];
    const [buffers, state] = [this.#buffers, this.#state];
    await buffers.allocate(context, data, options, settings);
    const rateAt = (step: number): number => this.#rateAt(step);
    this.#steps = new Steps({ ...settings, context, data, options, buffers, state, rateAt });
    this.#losses = new LossReports({ steps: this.#steps, buffers, options, state, rateAt });
  }

  #rowStrengths(): Pick<PrepareOptions, "rowL2" | "strengths"> {
    const [{ store: { frozen } }, { l2 }, data] = [this.#context, this.#options, this.#data];
    return {
      rowL2: rowStrengths({ ...this.#context, l2, data, unseen: this.#buffers.unseen }),
      strengths: strengthsByTable({ ...this.#context, l2, schema: data.schema, frozen }),
    };
  }

  /** Compiles the step, with the kernels of the checkpoint to resume unless others may do. */
  async #compile(): Promise<Plan> {
    const before = this.#options.otherKernels ? undefined : this.#resume?.training as unknown as TrainingState;
    const plan = await this.#compileWith(before && kernelsToResume(before));
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
      ...trainingOptions(this.#context, this.#options, this.#settings, this.#buffers),
      kernels,
    });
  }

  async #train(): Promise<History> {
    const reports: EpochReport[] = [];
    let ended: History["ended"] = this.#best.stopped ? "early stopping" : "epochs";
    while (ended === "epochs" && this.#state.epoch < this.#settings.epochs) {
      this.#started = performance.now();
      const before = this.#state.position;
      const broken = await this.#epoch();
      if (broken) {
        ended = broken;
        await this.#save();
        break;
      }
      const seconds = (performance.now() - this.#started) / 1000;
      const { report, stop } = await this.#endEpoch(seconds, before);
      reports.push(report);
      this.#options.onEpoch?.(report);
      await this.#save();
      if (stop) ended = "early stopping";
    }
    if (ended !== "interrupted" && this.#best.tensors) await this.#uploadBest();
    else await this.#uploadAverage();
    const { bestEpoch, bestStep = bestEpoch * this.#steps.perEpoch } = this.#state;
    return { epochs: reports, bestEpoch, bestStep, bestMetrics: this.#evaluations.bestMetrics, ended };
  }

  /** Gives the model the parameters of the best evaluation, where one was kept. */
  async #uploadBest(): Promise<void> {
    const { tensors } = this.#best;
    if (!tensors) return;
    const { epoch, step, bestEpoch, bestStep = bestEpoch * this.#steps.perEpoch } = this.#state;
    this.#isSteppedBack = bestEpoch < epoch || bestStep < step || this.#average !== undefined;
    await this.#context.access.write(() => this.#context.store.upload(tensors));
  }

  /** Gives the model the average of its weights, where there is one. */
  async #uploadAverage(): Promise<void> {
    if (!this.#average?.exists) return;
    this.#isSteppedBack = true;
    await this.#average.exchange();
  }

  /** Runs the rest of an epoch; returns why it broke off, where it did. */
  async #epoch(): Promise<"interrupted" | "early stopping" | undefined> {
    const { everySteps } = this.#options.checkpoint ?? {};
    const [state, steps] = [this.#state, this.#steps];
    steps.beginEpoch();
    let reported = performance.now();
    this.#losses.tell();
    while (state.position < steps.perEpoch) {
      if (this.#options.signal?.aborted) return "interrupted";
      await steps.take();
      if (this.#buffers.losses.isFull(state.step) || performance.now() - reported >= REPORT_EVERY_MS) {
        await this.#losses.read();
        reported = performance.now();
      }
      const ends = state.position === steps.perEpoch;
      if (this.#average?.isDue(ends)) {
        await steps.submit();
        await this.#average.take();
      }
      if (ends) break;
      if (this.#evaluations.isDue && await this.#evaluateWithin()) return "early stopping";
      if (everySteps && state.step % everySteps === 0) await this.#save();
    }
    await this.#losses.read();
  }

  /** Evaluates within an epoch; returns whether to stop. */
  async #evaluateWithin(): Promise<boolean> {
    // The learning rate may change with the evaluation.
    await this.#losses.read();
    const { step, epoch: done } = this.#state;
    const epoch = done + 1;
    const lr = this.#rateAt(step - 1);
    const before = performance.now();
    const { metrics, improved, stop } = await this.#evaluations.observe(epoch);
    this.#started += performance.now() - before;
    const loss = this.#buffers.losses.mean;
    this.#options.onEvaluation?.({ epoch, step, loss, lr, validation: metrics, improved });
    return stop;
  }

  /** Returns the learning rate of a step, counted from 0. */
  #rateAt(step: number): number {
    return checkRate(this.#options.schedule?.(step) ?? this.#best.lr ?? this.#settings.rules.network.lr, step);
  }

  async #endEpoch(seconds: number, before: number): Promise<{ report: EpochReport; stop: boolean }> {
    const state = this.#state;
    const lr = this.#rateAt(state.step - 1);
    state.epoch++;
    state.position = 0;
    const { metrics, improved, stop } = await this.#evaluations.observe(state.epoch);
    const rowsPerSecond = (this.#steps.rowsPerEpoch - before * this.#settings.batch) / seconds;
    const loss = this.#buffers.losses.mean;
    return { report: { epoch: state.epoch, loss, lr, validation: metrics, improved, seconds, rowsPerSecond }, stop };
  }

  async #save(): Promise<void> {
    await this.#steps.submit();
    const { checkpoint } = this.#options;
    if (!checkpoint) return;
    // A training that goes on from the checkpoint tells nothing of the steps behind it.
    const failure = this.#losses.isBehind ? await this.#losses.read().catch((error: unknown) => error) : undefined;
    // Where a parameter is not finite, its name says more than the loss does.
    await saveTraining(checkpoint.path, this.#parts);
    if (failure) throw failure;
  }
}
