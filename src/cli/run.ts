/**
 * A training run as a person sees it: progress, interruption, checkpoints, results.
 *
 * @module
 */
import { requireSavable } from "../checkpoint.ts";
import type { Dataset } from "../data/dataset.ts";
import { countAfterDownsampling } from "../data/downsample.ts";
import type { Definition } from "../definition.ts";
import { statIfThere } from "../files.ts";
import type { Gpu } from "../gpu/device.ts";
import { GpuError } from "../gpu/error.ts";
import type { AdapterOptions } from "../host/adapter_types.ts";
import { formatKernelTimes, Profiler } from "../gpu/profiler.ts";
import type { Model } from "../model.ts";
import { evaluateByTask, type TaskProbabilities } from "../model/tasks.ts";
import type { PretrainedByField } from "../pretrained/options.ts";
import { createProgress } from "../progress.ts";
import { RunRecorder } from "../runs/recorder.ts";
import { DivergenceError } from "../trainer/checks.ts";
import type { FitOptions, History } from "../trainer/options.ts";
import { describeData } from "./data.ts";
import { openGpu } from "./device.ts";
import { requireWritable, writeWhole } from "./files.ts";
import { follow } from "./follow.ts";
import type { Growth } from "./growth.ts";
import { Interruption } from "./interrupt.ts";
import { openModel, reportFirst } from "./open_model.ts";
import type { RunRecord } from "./record.ts";
import { reportPretrained } from "./pretrained.ts";
import { formatTasks } from "./report.ts";
import { describeInputs } from "./sequences.ts";
import { progressStream, type Streams } from "./streams.ts";
import { formatCount } from "./table.ts";
import { applyTuning, type TuningFile } from "./tuning.ts";

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
  /** Vectors of files that rows of embeddings start from, by field. */
  readonly pretrained?: PretrainedByField;
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
  /** The folder that the run is kept in. */
  readonly record?: RunRecord;
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
export async function requirePlaces({ out, profile, record, fit: { checkpoint } }: Run): Promise<void> {
  if (record) await Deno.mkdir(record.folder, { recursive: true });
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
  await using recorder = run.record && await startRecorder(run, run.record, model);
  try {
    return await trainToEnd(run, { model, gpu, profiler, interruption, recorder, started }, streams);
  } catch (error) {
    await recorder?.fail(error);
    throw error;
  }
}

function startRecorder({ training, validation, test, fit, seed }: Run, record: RunRecord, model: Model) {
  return RunRecorder.start({ ...record, model, training, test, fit: { ...fit, validation, seed } });
}

async function trainToEnd(run: Run, workshop: Workshop, streams: Streams): Promise<Trained> {
  const { model, profiler, interruption, recorder, started } = workshop;
  const history = await fit(run, workshop, streams);
  if (profiler) await writeProfile(profiler, run.profile!, streams);
  if (history.ended === "interrupted") {
    await endInterrupted(run, model, streams);
    await recorder?.interrupt();
    return { code: interruption.exitCode };
  }
  streams.err(describeEnd(history, (performance.now() - started) / 1000));
  if (run.out !== undefined) await model.save(run.out);
  const { test, first } = run;
  if (first) await reportFirst(run, model, first.own, "after training on them", streams);
  const predicted = test && await model.predictTasks(test, { batchSize: run.fit.batchSize });
  await recorder?.finish(history, predicted && evaluateByTask(predicted, test!));
  if (predicted && !run.quiet) {
    streams.out(`${describeData("test", test!)}\n`);
    streams.out(`${formatTasks(predicted, test!)}\n`);
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
  reportPretrained(model.pretrained, streams);
  if (summary) streams.err(`\n${model.summary()}\n`);
}

/** What a training needs beside its data and options. */
interface Workshop {
  readonly model: Model;
  readonly gpu: Gpu;
  readonly profiler: Profiler | undefined;
  readonly interruption: Interruption;
  /** What keeps a record of it. */
  readonly recorder: RunRecorder | undefined;
  /** When the work began, in ms. */
  readonly started: number;
}

/** Trains with progress on stderr; the first signal ends it after the current step. */
async function fit(run: Run, workshop: Workshop, streams: Streams): Promise<History> {
  const { model, gpu, profiler, interruption, recorder } = workshop;
  const { training, validation, seed } = run;
  const batchSize = Math.min(run.fit.batchSize, training.rows);
  const { epochs, negativeRate = 1 } = run.fit;
  const rows = countAfterDownsampling(training, negativeRate);
  using progress = await createProgress({ epochs, rows, batchSize, stream: progressStream });
  using _ = interruption.tell(() => {
    progress.stop();
    streams.err("Stopping after the current step; press Ctrl-C again to quit at once");
  }, () => progress.stop());
  const { signal } = interruption;
  const options = { ...run.fit, validation, seed, profiler, signal, ...follow(progress, run, streams) };
  const since = Date.now();
  try {
    return await Promise.race([
      model.fit(training, recorder?.follow(options) ?? options),
      gpu.lost.then((error) => Promise.reject(error)),
    ]);
  } catch (error) {
    progress.stop();
    if (error instanceof DivergenceError && error.restoredEpoch > 0 && run.out !== undefined) {
      await model.save(run.out);
      streams.err(`Saved the model of epoch ${error.restoredEpoch} to ${run.out}`);
    }
    throw await nameCheckpoint(error, run.fit, since, run.record && "--continue");
  }
}

/**
 * Adds to a failure what it left intact: the checkpoint that this run wrote or went on from.
 *
 * @param how the option that goes on from it
 */
export async function nameCheckpoint(
  error: unknown,
  { checkpoint, resume }: Pick<FitOptions, "checkpoint" | "resume">,
  since: number,
  how?: string,
): Promise<unknown> {
  if (!(error instanceof GpuError || error instanceof DivergenceError)) return error;
  const written = checkpoint && (await timeOf(checkpoint.path)) >= since;
  const path = written ? checkpoint.path : resume;
  if (path === undefined) return error;
  if (error instanceof DivergenceError) {
    // The same training would end the same way.
    return new DivergenceError(`${error.message}; the last checkpoint, ${path}, is intact`, error.step);
  }
  return new GpuError(`${error.message}; the last checkpoint is intact, go on with ${how ?? `--resume ${path}`}`, {
    cause: error,
  });
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
    const how = run.record ? "--continue" : `--resume ${path}`;
    streams.err(`Interrupted. Saved a checkpoint to ${path}; go on with the same command and ${how}`);
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
