/**
 * `weft train`.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import { readCheckpoint } from "../checkpoint.ts";
import type { Dataset } from "../data/dataset.ts";
import { countAfterDownsampling } from "../data/downsample.ts";
import type { Definition } from "../definition.ts";
import { rulesOf } from "../optimizer/parts.ts";
import { RUN_FILES } from "../runs/info.ts";
import type { FitOptions } from "../trainer/options.ts";
import { type ModelHeader, parseHeader } from "../model/header.ts";
import { requireFloat32 } from "../model/quantized.ts";
import { readAveraging } from "./averaging.ts";
import { readMemory } from "./cache.ts";
import { requireFiles } from "./data.ts";
import { nameFold, runFolds } from "./folds.ts";
import { readMetrics } from "./evaluate.ts";
import { readMonitor } from "./monitor.ts";
import { type DeclaredModel, MODEL_OPTIONS, readL1, readL2, readLoss, readModel, readOptimizer } from "./model.ts";
import { readNewRows, requireGrowthOptions } from "./growth.ts";
import { type Options, parseOptions } from "./options.ts";
import { type Parts, readFolds, readParts, requirePartOptions } from "./parts.ts";
import { PRETRAINED_OPTIONS, readPretrainedOptions } from "./pretrained.ts";
import { readRecord, type RunRecord } from "./record.ts";
import { type Run, runTraining } from "./run.ts";
import { readSchedule } from "./schedule.ts";
import { SCHEMA_OPTIONS } from "./schema.ts";
import { warnOfUnread } from "./sequences.ts";
import type { Streams } from "./streams.ts";
import { readTaskWeights } from "./task_weights.ts";
import { readBackend } from "./device.ts";
import { TRAIN, type TrainOption } from "./train_options.ts";
import { readTuning } from "./tuning.ts";

/** What the arguments say before any data is read. */
export interface TrainArguments {
  /** The options. */
  readonly options: Options<TrainOption>;
  /** The model that training goes on from. */
  readonly source: ModelHeader | undefined;
  /** Refuses a schema over which the model does not read all options that were given. */
  readonly check: DeclaredModel["check"] | undefined;
  /** All of the run but its rows. */
  readonly settings: Omit<Run, "training">;
}

/**
 * Reads what does not depend on the data, so that mistakes show before any of it is read.
 *
 * @throws {UsageError} when an option is unknown, out of its range or at odds with another one
 * @throws {Error} when the model to go on from cannot be read, or the folder of the run cannot be used
 */
export async function readArguments(args: readonly string[]): Promise<TrainArguments> {
  const options = parseOptions(TRAIN, args);
  const source = await readSource(options);
  const { definition, check } = source ? { definition: source.definition } : readModel(options);
  const record = await readRecord(options, ["train", ...args]);
  const settings = readSettings(options, definition, record);
  for (const name of ["schedule", "warmup-steps"] as const) options.exclude(name, ["lr-factor"]);
  return { options, source, check, settings };
}

/** Runs `weft train`. */
export async function train(args: readonly string[], streams: Streams): Promise<number> {
  const { options, source, check, settings } = await readArguments(args);
  const k = options.integer("folds", 2);
  const plan = (parts: Parts): Run => {
    check?.(parts.training.schema);
    return planRun(options, settings, parts, streams);
  };
  if (k === undefined) return await runTraining(plan(await readParts(options, source, streams)), streams);
  const folds = await readFolds(options, source, k, streams);
  const out = options.text("out");
  return await runFolds(
    (async function* () {
      let fold = 0;
      for await (const parts of folds) yield { ...plan(parts), out: out && nameFold(out, ++fold) };
    })(),
    { k, backend: settings.backend },
    streams,
  );
}

/**
 * Checks the options that depend on the data, by its first rows.
 *
 * @throws {UsageError} when one does not fit
 */
export function checkOnSample({ options, check, settings }: TrainArguments, sample: Dataset): void {
  check?.(sample.schema);
  const validation = options.has("validation") || options.has("split") ? sample : undefined;
  // A sample does not tell how many steps there will be.
  planRun(options, settings, { training: sample, validation }, { out: () => {}, err: () => {} }, 2 ** 31);
}

/** Settles what depends on the data. */
function planRun(
  options: Options<TrainOption>,
  settings: Omit<Run, "training">,
  parts: Parts,
  streams: Streams,
  rows = countAfterDownsampling(parts.training, settings.fit.negativeRate ?? 1),
): Run {
  const { training, validation } = parts;
  warnOfUnread(settings.definition, training.schema, streams);
  if (!validation) {
    options.require("validation", [
      ...["patience", "monitor", "lr-factor", "evaluate-every", "metrics", "group"] as const,
    ]);
  }
  const patience = options.integer("patience", 0) ?? 2;
  const earlyStopping = validation && patience > 0
    ? { patience, monitor: readMonitor(options, training), factor: options.number("lr-factor", 0, 1) }
    : undefined;
  const epochs = options.integer("epochs", 1) ?? (validation ? 10 : 1);
  const taskWeights = readTaskWeights(options, training);
  const steps = epochs * Math.ceil(rows / settings.fit.batchSize);
  const schedule = readSchedule(options, rulesOf(settings.fit.optimizer).network.lr, steps);
  const every = options.integer("evaluate-every", 1);
  const evaluateEvery = every === undefined ? undefined : { steps: every };
  const averaging = readAveraging(options, epochs);
  const group = options.text("group");
  const metrics = options.has("metrics") ? readMetrics(options, group !== undefined) : undefined;
  const fit = {
    ...settings.fit,
    epochs,
    group,
    metrics,
    earlyStopping,
    evaluateEvery,
    taskWeights,
    schedule,
    averaging,
  };
  return { ...settings, ...parts, fit };
}

/** Reads what the model that training goes on from is, whose options then cannot be given. */
async function readSource(options: Options<TrainOption>): Promise<ModelHeader | undefined> {
  const path = options.text("from");
  if (path === undefined) return undefined;
  const settled = [
    ...Object.keys(SCHEMA_OPTIONS),
    ...Object.keys(MODEL_OPTIONS),
    "missing",
    "from-fm",
    "embedding-std",
    ...Object.keys(PRETRAINED_OPTIONS),
  ] as TrainOption[];
  const freed: readonly TrainOption[] = options.has("grow") ? ["min-count", "embedding-std"] : [];
  options.exclude("from", settled.filter((name) => !freed.includes(name)));
  const checkpoint = await readCheckpoint(path);
  if (options.choice("optimizer-state", ["fresh", "keep"]) === "keep" && !checkpoint.header.training) {
    options.refuse(`option "--optimizer-state" keep needs a checkpoint, and "${path}" is a finished model`);
  }
  const source = parseHeader(path, checkpoint, models);
  requireFloat32(`train from "${path}"`, source.storage);
  return source;
}

/** Reads all of a run but its rows. */
function readSettings(
  options: Options<TrainOption>,
  definition: Definition,
  record: RunRecord | undefined,
): Omit<Run, "training"> {
  requireFiles(options);
  requirePartOptions(options);
  requireGrowthOptions(options);
  options.exclude("folds", ["run", "checkpoint", "checkpoint-every", "resume", "profile", "from-fm"]);
  options.exclude("from-fm", ["pretrained"]);
  const resume = record ? record.resume : options.text("resume");
  const checkpoint = record?.checkpoint ?? options.text("checkpoint") ?? resume;
  if (resume === undefined && !record?.isContinued) options.require("resume", ["other-kernels"]);
  if (checkpoint === undefined) options.require("checkpoint", ["checkpoint-every"]);
  // On a processor, memory of the device is memory of the process.
  const memory = readMemory(options);
  const budget = options.number("memory-budget", 1) ?? (memory && memory / 8 / 2 ** 20);
  const isTuned = options.has("tune-kernels");
  const tuning = readTuning(options, isTuned);
  return {
    definition,
    seed: options.integer("seed", 0) ?? 1,
    embeddingStd: options.number("embedding-std", 0),
    pretrained: readPretrainedOptions(options),
    out: options.text("out") ?? (record ? `${record.folder}/${RUN_FILES.model}` : `${definition.name}.weft`),
    record,
    profile: options.text("profile"),
    summary: options.has("summary"),
    from: options.text("from"),
    growth: options.has("grow") ? readNewRows(options) : undefined,
    fromFm: options.text("from-fm"),
    tuning,
    backend: readBackend(options),
    fit: {
      epochs: 1,
      // An FNN that starts from the tables of an FM has no bias yet.
      initialBias: options.choice("initial-bias", ["log-odds", "keep"]) ??
        (options.has("from-fm") ? "log-odds" : undefined),
      unseenShare: options.number("unseen-share", 0, 0.5),
      negativeRate: options.number("epoch-negatives", Number.MIN_VALUE, 1),
      batchSize: options.integer("batch-size", 1) ?? 4096,
      optimizerState: options.choice("optimizer-state", ["fresh", "keep"]),
      loss: readLoss(options),
      optimizer: readOptimizer(options),
      l2: readL2(options),
      shuffle: readShuffle(options),
      l1: readL1(options),
      clipNorm: options.number("clip-norm", Number.MIN_VALUE),
      clipValue: options.number("clip-value", Number.MIN_VALUE),
      fieldDropout: options.number("field-dropout", 0, 1),
      memoryBudget: budget === undefined ? undefined : Math.floor(budget * 2 ** 20),
      checkpoint: checkpoint === undefined ? undefined : {
        path: checkpoint,
        everySteps: options.integer("checkpoint-every", 1),
      },
      resume,
      otherKernels: options.has("other-kernels"),
      tuneKernels: isTuned && (tuning?.path === undefined || { path: tuning.path }),
    },
  };
}

/** Reads how rows are shuffled. */
function readShuffle(options: Options<TrainOption>): FitOptions["shuffle"] {
  const how = options.choice("shuffle", ["rows", "window", "none"]);
  if (how === undefined) return options.has("memory") ? "window" : undefined;
  return { rows: true, window: "window" as const, none: false }[how];
}
