/**
 * A training run as a person sees it: progress, interruption, checkpoints, results.
 *
 * @module
 */
import { requireSavable } from "../checkpoint.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Definition } from "../definition.ts";
import { statIfThere } from "../files.ts";
import type { Gpu } from "../gpu/device.ts";
import { GpuError } from "../gpu/error.ts";
import type { AdapterOptions } from "../host/adapter_types.ts";
import { formatKernelTimes, Profiler } from "../gpu/profiler.ts";
import type { PlanDescription } from "../graph/plan.ts";
import type { Model } from "../model.ts";
import type { TaskProbabilities } from "../model/tasks.ts";
import { createProgress, type Progress } from "../progress.ts";
import { DivergenceError } from "../trainer/checks.ts";
import type { EpochReport, FitOptions, History } from "../trainer/options.ts";
import { describeData } from "./data.ts";
import { openGpu } from "./device.ts";
import { requireWritable, writeWhole } from "./files.ts";
import type { Growth } from "./growth.ts";
import { Interruption } from "./interrupt.ts";
import { openModel, reportFirst } from "./open_model.ts";
import { formatTasks } from "./report.ts";
import { describeInputs } from "./sequences.ts";
import { progressStream, type Streams } from "./streams.ts";
import { formatCount } from "./table.ts";
import { applyTuning, describeTuning, type TuningFile } from "./tuning.ts";

/** What is to be trained, on what, and where the results go. */
export interface Run {
  /** The model. */
  readonly definition: Definition;
  /** Rows to train on. */
  readonly training: Dataset;
  /** Rows to evaluate after each epoch. */
  readonly validation?: Dataset;
  /** Rows to evaluate once, after training. */
  readonly test?: Dataset;
  /** Options of training, without what this module adds. */
  readonly fit: FitOptions & { readonly epochs: number; readonly batchSize: number };
  /** Seed of parameters, shuffling and dropout. */
  readonly seed: number;
  /** Standard deviation of the first embeddings; the model's when absent. */
  readonly embeddingStd?: number;
  /** File of the trained model; it is not saved when absent. */
  readonly out?: string;
  /** File of the Chrome trace, when kernels are to be timed. */
  readonly profile?: string;
  /** File of the model whose parameters training goes on from. */
  readonly from?: string;
  /** What rows of new values begin with, where the schema of that model has grown. */
  readonly growth?: Growth;
  /** Rows to evaluate with that model before training, in its schema, and with the trained one, in the rows' own schema. */
  readonly first?: { readonly old: Dataset; readonly own: Dataset };
  /** File of a trained FM whose tables an FNN starts from. */
  readonly fromFm?: string;
  /** The file of measured kernels. */
  readonly tuning?: TuningFile;
  /** Whose WebGPU is used. */
  readonly backend?: AdapterOptions["backend"];
  /** Whether to list the layers first. */
  readonly summary?: boolean;
  /** Whether to leave out the report on the test rows. */
  readonly quiet?: boolean;
}

/**
 * Trains, evaluates and saves a model.
 *
 * @returns the exit code
 * @throws {Error} when a file could not be written, before training begins
 * @throws {GpuError} when the device fails; the message names the last checkpoint
 * @throws {DivergenceError} when the numbers cease to be finite; the message names what is saved
 */
export async function runTraining(run: Run, streams: Streams): Promise<number> {
  await requirePlaces(run);
  using gpu = await openGpu(streams, run.backend);
  await applyTuning(gpu, run.tuning, streams);
  return (await trainOne(run, gpu, streams)).code;
}

/**
 * Finds out before training whether its files can be written.
 *
 * @throws {Error} when one cannot
 */
export async function requirePlaces({ out, profile, fit: { checkpoint } }: Run): Promise<void> {
  for (const path of [out, checkpoint?.path]) if (path) await requireSavable(path);
  if (profile !== undefined) await requireWritable(profile);
}

/** What became of a training. */
export interface Trained {
  /** The exit code. */
  readonly code: number;
  /** Probabilities of the test rows; absent without such rows, and when training was interrupted. */
  readonly predicted?: TaskProbabilities;
}

/** Trains, evaluates and saves a model on a device as {@linkcode runTraining} does. */
export async function trainOne(run: Run, gpu: Gpu, streams: Streams): Promise<Trained> {
  const started = performance.now();
  await using model = await openModel(run, gpu, streams);
  describeRun(run, model, streams);
  using profiler = run.profile === undefined ? undefined : new Profiler(gpu);
  // Until the model is saved, so that no signal comes between training and its file.
  using interruption = new Interruption();
  const history = await fit(run, { model, gpu, profiler, interruption }, streams);
  if (profiler) await writeProfile(profiler, run.profile!, streams);
  if (history.ended === "interrupted") {
    await endInterrupted(run, model, streams);
    return { code: interruption.exitCode };
  }
  streams.err(describeEnd(history, (performance.now() - started) / 1000));
  if (run.out !== undefined) await model.save(run.out);
  const { test, first } = run;
  if (first) await reportFirst(run, model, first.own, "after training on them", streams);
  const predicted = test && await model.predictTasks(test, { batchSize: run.fit.batchSize });
  if (predicted && !run.quiet) {
    streams.out(`${describeData("test", test)}\n`);
    streams.out(`${formatTasks(predicted, test)}\n`);
  }
  if (run.out !== undefined) streams.out(`Saved the model to ${run.out}`);
  return { code: 0, predicted };
}

function describeRun({ training, validation, test, seed, summary }: Run, model: Model, streams: Streams): void {
  const parts = { training, validation, test };
  for (const [name, data] of Object.entries(parts)) if (data) streams.err(describeData(name, data));
  const inputs = describeInputs(model.definition, model.schema);
  const size = `${inputs}, ${formatCount(model.schema.rowCount, "row")} of embeddings`;
  const parameters = formatCount(model.parameterCount, "parameter");
  streams.err(`model: ${model.definition.name}, ${size}, ${parameters}, seed ${seed}`);
  if (summary) streams.err(`\n${model.summary()}\n`);
}

/** What a training needs beside its data and options. */
interface Workshop {
  readonly model: Model;
  readonly gpu: Gpu;
  readonly profiler: Profiler | undefined;
  readonly interruption: Interruption;
}

/** Trains with progress on stderr; the first signal ends it after the current step. */
async function fit(run: Run, { model, gpu, profiler, interruption }: Workshop, streams: Streams): Promise<History> {
  const { training, validation, seed } = run;
  const batchSize = Math.min(run.fit.batchSize, training.rows);
  const { epochs } = run.fit;
  using progress = await createProgress({ epochs, rows: training.rows, batchSize, stream: progressStream });
  using _ = interruption.tell(() => {
    progress.stop();
    streams.err("Stopping after the current step; press Ctrl-C again to quit at once");
  }, () => progress.stop());
  const { signal } = interruption;
  const since = Date.now();
  try {
    return await Promise.race([
      model.fit(training, { ...run.fit, validation, seed, profiler, signal, ...follow(progress, run, streams) }),
      gpu.lost.then((error) => Promise.reject(error)),
    ]);
  } catch (error) {
    progress.stop();
    if (error instanceof DivergenceError && error.restoredEpoch > 0 && run.out !== undefined) {
      await model.save(run.out);
      streams.err(`Saved the model of epoch ${error.restoredEpoch} to ${run.out}`);
    }
    throw await nameCheckpoint(error, run.fit, since);
  }
}

/** Adds to a failure what it left intact: the checkpoint that this run wrote or went on from. */
export async function nameCheckpoint(
  error: unknown,
  { checkpoint, resume }: Pick<FitOptions, "checkpoint" | "resume">,
  since: number,
): Promise<unknown> {
  if (!(error instanceof GpuError || error instanceof DivergenceError)) return error;
  const written = checkpoint && (await timeOf(checkpoint.path)) >= since;
  const path = written ? checkpoint.path : resume;
  if (path === undefined) return error;
  if (error instanceof DivergenceError) {
    // The same training would end the same way.
    return new DivergenceError(`${error.message}; the last checkpoint, ${path}, is intact`, error.step);
  }
  return new GpuError(`${error.message}; the last checkpoint is intact, go on with --resume ${path}`, { cause: error });
}

/** Ties what training tells to the progress display. */
function follow(progress: Progress, { fit: { epochs, resume }, summary }: Run, streams: Streams): Partial<FitOptions> {
  let epoch = 0;
  // The command gave the same warnings before it opened the device.
  const onWarning = (): void => {};
  const begin = (next: number, step = 0): void => {
    epoch = next;
    progress.startEpoch(next, step);
  };
  return {
    onWarning,
    onTuning: (event) => streams.err(describeTuning(event)),
    onPlan: (plan) => {
      if (summary) streams.err(`${describePlan(plan)}\n`);
      if (!resume) begin(1);
    },
    onProgress: (event) => {
      // Where a resumed run begins is known from what it tells first.
      if (event.epoch !== epoch) begin(event.epoch, event.step);
      progress.update(event.step, Number.isNaN(event.loss) ? undefined : event.loss);
    },
    onEvaluation: (report) => {
      const metrics = Object.entries(metricsOf(report)).filter(([name]) => name !== "lr");
      const shown = metrics.map(([name, value]) => `${name} ${value.toFixed(5)}`).join("  ");
      progress.note(`step ${report.step}  ${shown}${report.improved ? "" : "  no better"}`);
    },
    onEpoch: (report) => {
      progress.endEpoch(metricsOf(report));
      if (report.epoch < epochs) begin(report.epoch + 1);
    },
  };
}

/** Tells what a step runs, and the memory of its intermediate tensors. */
function describePlan(plan: PlanDescription): string {
  const { dispatches, longestChain, arenaBytes, peakBytes, tensorBytes } = plan;
  const [arena, peak, unshared] = [arenaBytes, peakBytes, tensorBytes].map((bytes) => (bytes / 1e6).toFixed(1));
  return `step: ${dispatches} dispatches, ${longestChain} of them in the longest chain; arena ${arena} MB, at most ${peak} MB in use, ` +
    `${unshared} MB without sharing`;
}

function metricsOf({ validation, lr }: Pick<EpochReport, "validation" | "lr">): Record<string, number> {
  const { auc, concordance, logloss, rmse, mae, notes } = validation ?? {};
  return {
    ...(auc !== undefined && !notes?.auc && { auc }),
    ...(concordance !== undefined && !notes?.concordance && { concordance }),
    ...(logloss !== undefined && !notes?.logloss && { logloss }),
    ...(rmse !== undefined && { rmse }),
    ...(mae !== undefined && { mae }),
    lr,
  };
}

function describeEnd({ epochs, bestEpoch, bestMetrics: metrics, ended }: History, seconds: number): string {
  const why = ended === "early stopping" ? "stopped early" : "done";
  const last = epochs.at(-1);
  const measured = (name: "auc" | "concordance", label: string): string =>
    metrics?.[name] !== undefined && !metrics.notes?.[name] ? ` ${label} ${metrics[name].toFixed(5)},` : "";
  const order = measured("auc", "AUC") + measured("concordance", "concordance");
  const loss = metrics?.rmse === undefined
    ? metrics && `logloss ${metrics.logloss.toFixed(5)}`
    : `RMSE ${metrics.rmse.toFixed(5)}`;
  const best = metrics ? `, epoch ${bestEpoch} kept: validation${order} ${loss}` : "";
  const count = last ? ` after ${formatCount(last.epoch, "epoch")}` : ", there was no epoch left";
  return `training: ${why}${count}, ${seconds.toFixed(1)} s${best}`;
}

async function endInterrupted(run: Run, model: Model, streams: Streams): Promise<void> {
  const path = run.fit.checkpoint?.path;
  if (path !== undefined) {
    streams.err(`Interrupted. Saved a checkpoint to ${path}; go on with the same command and --resume ${path}`);
  } else if (run.out === undefined) {
    streams.err("Interrupted. Nothing is saved: there is no --out");
  } else {
    await model.save(run.out);
    streams.err(`Interrupted. Saved the model so far to ${run.out}; with --checkpoint, a run can be resumed`);
  }
}

async function writeProfile(profiler: Profiler, path: string, streams: Streams): Promise<void> {
  streams.err(`\n${formatKernelTimes(await profiler.report())}\n`);
  await writeWhole(path, [await profiler.chromeTrace()]);
  streams.err(`Saved the trace to ${path}; open it in chrome://tracing or ui.perfetto.dev`);
}

/** Returns when a file was written, in ms since 1970; 0 when there is none. */
async function timeOf(path: string): Promise<number> {
  return (await statIfThere(path))?.mtime?.getTime() ?? 0;
}
