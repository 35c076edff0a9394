/**
 * `weft train`.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import { readCheckpoint } from "../checkpoint.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Definition } from "../definition.ts";
import { rulesOf } from "../optimizer/parts.ts";
import { RUN_FILES } from "../runs/info.ts";
import type { FitOptions } from "../trainer/options.ts";
import { type ModelHeader, parseHeader } from "../model/header.ts";
import { requireFloat32 } from "../model/quantized.ts";
import { AVERAGING_OPTIONS, readAveraging } from "./averaging.ts";
import { CACHE_OPTION, readMemory } from "./cache.ts";
import { BAD_ROW_OPTION, DATA_OPTIONS, MISSING_OPTION, requireFiles } from "./data.ts";
import { nameFold, runFolds } from "./folds.ts";
import { readMetrics } from "./evaluate.ts";
import { readMonitor } from "./monitor.ts";
import {
  type DeclaredModel,
  LOSS_OPTIONS,
  MODEL_OPTIONS,
  OPTIMIZER_OPTIONS,
  readL1,
  readL2,
  readLoss,
  readModel,
  readOptimizer,
} from "./model.ts";
import { GROWTH_OPTIONS, readNewRows, requireGrowthOptions } from "./growth.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import { PART_OPTIONS, type Parts, readFolds, readParts, requirePartOptions } from "./parts.ts";
import { PRETRAINED_OPTIONS, readPretrainedOptions } from "./pretrained.ts";
import { readRecord, RECORD_OPTIONS, type RunRecord } from "./record.ts";
import { type Run, runTraining } from "./run.ts";
import { readSchedule, SCHEDULE_OPTIONS } from "./schedule.ts";
import { SCHEMA_OPTIONS } from "./schema.ts";
import { warnOfUnread } from "./sequences.ts";
import type { Streams } from "./streams.ts";
import { readTaskWeights } from "./task_weights.ts";
import { GPU_OPTION, readBackend } from "./device.ts";
import { readTuning, TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION, ...MISSING_OPTION, ...CACHE_OPTION },
  "Schema": SCHEMA_OPTIONS,
  "Evaluation": {
    ...PART_OPTIONS,
    "evaluate-every": {
      value: "N",
      help: "evaluate the validation rows every N steps too; --patience counts each evaluation",
    },
    patience: {
      value: "N",
      help: "stop after N epochs in a row without a better validation\n(default 2; 0 never stops)",
    },
    monitor: {
      value: "METRIC",
      help: "what better means: auc (default), concordance (default for times), logloss, brier,\n" +
        "normalizedEntropy, or one of --metrics; of a task as in auc.click; or a weighted sum,\n" +
        "as in auc=1,logloss=-1; with --real rmse (default) or mae",
    },
    metrics: {
      value: "LIST",
      help: "further metrics of each evaluation: averagePrecision, ece, and with --group gauc,\n" +
        "gaucMean, mrr, ndcg@K, map@K, hitRate@K, precision@K, recall@K",
    },
    group: { value: "COLUMN", help: "field that groups the validation rows, such as a user (default metric gauc)" },
    "lr-factor": { value: "F", help: "what such an epoch multiplies the learning rate by (default 0.1)" },
  },
  "Model": {
    ...MODEL_OPTIONS,
    "embedding-std": {
      value: "STD",
      help: "standard deviation of the first embeddings (default: the model's, mostly 0.0001)",
    },
    ...PRETRAINED_OPTIONS,
    from: {
      value: "FILE",
      help:
        "go on from this trained model, on new data: its model function, columns,\nvocabularies and scalings are kept; " +
        "names that it does not know stay unseen",
    },
    ...GROWTH_OPTIONS,
    "from-fm": { value: "FILE", help: "start an fnn from the tables of this trained fm of the same width and data" },
  },
  "Training": {
    epochs: { value: "N", help: "passes over the training rows at most\n(default 10 with validation rows, 1 without)" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...LOSS_OPTIONS,
    ...OPTIMIZER_OPTIONS,
    ...SCHEDULE_OPTIONS,
    ...AVERAGING_OPTIONS,
    "task-weights": {
      value: "LIST",
      help:
        "weights of the losses of several labels, such as click=1,buy=0.5 (default 1),\nor uncertainty, which learns them",
    },
    "initial-bias": {
      value: "HOW",
      help: "log-odds starts at the rate of the training labels (default for a new model),\nkeep where the model is",
    },
    "negative-rate": {
      value: "W",
      help:
        "share of the negative training rows to keep, at random; the model corrects its\nprobabilities for it (default 1)",
    },
    "unseen-share": {
      value: "SHARE",
      help:
        "share of the values that training replaces by unseen ones, so that the model learns\nwhat to say about those " +
        "(default 0.01; 0 for none)",
    },
    "field-dropout": {
      value: "P",
      help: "probability, below 1, of dropping a field of a row in training (default 0)",
    },
    seed: { value: "N", help: "seed of parameters, shuffling and dropout (default 1)" },
    shuffle: {
      value: "HOW",
      help: "rows (default) shuffles all rows each epoch; window, for rows that do not fit in memory,\n" +
        "shuffles blocks of 8,192 rows, and the rows of each 32 blocks among each other;\n" +
        "none takes them as they come",
    },
    "memory-budget": {
      value: "MIB",
      help: "device memory for rows; more of them stream (default: half of the largest buffer)",
    },
  },
  "Files": {
    ...RECORD_OPTIONS,
    out: { value: "FILE", help: "the trained model (default MODEL.weft, or model.weft in the folder of --run)" },
    checkpoint: { value: "FILE", help: "checkpoint, written after each epoch and on Ctrl-C, SIGTERM or SIGHUP" },
    "checkpoint-every": { value: "N", help: "write it every N steps too" },
    ...TUNING_OPTION,
    ...GPU_OPTION,
    "tune-kernels": {
      help: "time the variants of the kernels first, where that was not done before, and train with\n" +
        "the fastest ones; a resumed run has those of its checkpoint",
    },
    resume: { value: "FILE", help: "checkpoint to go on from, with the other options as they were" },
    "other-kernels": { help: "go on although the device runs other kernels than before, to other bytes" },
    profile: { value: "FILE", help: "time each kernel and write a Chrome trace" },
    summary: { help: "list the layers, what each regularizer covers, and the memory of a step" },
  },
} as const;

type Name = NameOf<typeof GROUPS>;

/** Describes `weft train`. */
export const TRAIN: CommandInfo<typeof GROUPS> = {
  name: "train",
  summary: "train a model on a file and save it",
  options: GROUPS,
  notes: [
    "With a split or folds, vocabularies, scalings and buckets are fitted to the training rows alone.",
    "The same seed on the same adapter gives the same bytes; a run that was killed and resumed does too. Other kernels",
    "give others: those that were measured on this adapter run unless --tuning none is given.",
    "Ctrl-C, SIGTERM or SIGHUP save the checkpoint, or without --checkpoint the model so far; a second Ctrl-C quits at once.",
  ],
  examples: [
    "train --data clicks.csv --label click --categorical user,item,site --numeric price --split 0.8,0.1,0.1",
    "train --data clicks.csv --label click --categorical user,item --folds 5 --split-by group:user",
    "train --data train.tsv --validation valid.tsv --schema schema.json --model dnn --hidden 256,128 --dropout 0.2",
    "train --data log.csv --label y --positive yes --categorical a,b --checkpoint run.weft --checkpoint-every 500",
    "train --data log.csv --label y --categorical a,b --split 0.8,0.1,0.1 --run runs/first",
    "train --data log.csv --label y --categorical a,b --model fnn --from-fm fm.weft",
    "train --data log.csv --label y --categorical item,cate --sequences history:item,cates:cate@history --model din",
    "train --data log.csv --labels click,buy --categorical a,b --model mmoe --task-weights uncertainty",
    "train --data log.csv --label y --categorical user,item --dim 50 --pretrained item=vectors.txt",
    "train --data today.csv --from yesterday.weft --lr 0.0001 --out today.weft",
    "train --data today.csv --from yesterday.weft --grow --evaluate-first --out today.weft",
  ],
};

/** What the arguments say before any data is read. */
export interface TrainArguments {
  /** The options. */
  readonly options: Options<Name>;
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
  options: Options<Name>,
  settings: Omit<Run, "training">,
  parts: Parts,
  streams: Streams,
  rows = parts.training.rows,
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
async function readSource(options: Options<Name>): Promise<ModelHeader | undefined> {
  const path = options.text("from");
  if (path === undefined) return undefined;
  const settled = [
    ...Object.keys(SCHEMA_OPTIONS),
    ...Object.keys(MODEL_OPTIONS),
    "missing",
    "from-fm",
    "embedding-std",
    ...Object.keys(PRETRAINED_OPTIONS),
  ] as Name[];
  const freed: readonly Name[] = options.has("grow") ? ["min-count", "embedding-std"] : [];
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
  options: Options<Name>,
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
function readShuffle(options: Options<Name>): FitOptions["shuffle"] {
  const how = options.choice("shuffle", ["rows", "window", "none"]);
  if (how === undefined) return options.has("memory") ? "window" : undefined;
  return { rows: true, window: "window" as const, none: false }[how];
}
