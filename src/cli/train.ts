/**
 * `weft train`.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import { readCheckpoint } from "../checkpoint.ts";
import type { Dataset } from "../data/dataset.ts";
import type { SplitOptions } from "../data/split.ts";
import type { Definition } from "../definition.ts";
import { requireTwoClasses } from "../data/classes.ts";
import { keepTexts } from "../data/kept_texts.ts";
import { refitSplit } from "../data/refit.ts";
import type { EarlyStopping } from "../trainer/options.ts";
import { weightedNames } from "../trainer/tasks.ts";
import { reportCoverage } from "./coverage.ts";
import { type ModelHeader, parseHeader } from "../model/header.ts";
import { requireFloat32 } from "../model/quantized.ts";
import { areLibsvm, BAD_ROW_OPTION, DATA_OPTIONS, MISSING_OPTION, readData, readDataFormat } from "./data.ts";
import { readRejections, requireFiles, warnOfOneClass } from "./data.ts";
import { LOSS_OPTIONS, MODEL_OPTIONS, OPTIMIZER_OPTIONS, readL2, readLoss, readModel, readOptimizer } from "./model.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import { type Run, runTraining } from "./run.ts";
import { readSchedule, SCHEDULE_OPTIONS } from "./schedule.ts";
import { readSchema, SCHEMA_OPTIONS } from "./schema.ts";
import { warnOfUnread } from "./sequences.ts";
import type { Streams } from "./streams.ts";
import { readTaskWeights } from "./task_weights.ts";
import { GPU_OPTION, readBackend } from "./device.ts";
import { readTuning, TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION, ...MISSING_OPTION },
  "Schema": SCHEMA_OPTIONS,
  "Evaluation": {
    validation: { value: "FILE", help: "file to evaluate after each epoch" },
    test: { value: "FILE", help: "file to evaluate once, after training" },
    split: {
      value: "SHARES",
      help:
        "shares of --data for training, validation and test,\nsuch as 0.8,0.1,0.1, or 0.9,0.1 with or without --test",
    },
    "split-by": { value: "WHAT", help: "random (default), position, or the column of --time" },
    patience: {
      value: "N",
      help: "stop after N epochs in a row without a better validation\n(default 2; 0 never stops)",
    },
    monitor: {
      value: "METRIC",
      help: "what better means: auc (default), concordance (default for times) or logloss;\nof a task as in auc.click",
    },
    "lr-factor": { value: "F", help: "what such an epoch multiplies the learning rate by (default 0.1)" },
  },
  "Model": {
    ...MODEL_OPTIONS,
    "embedding-std": {
      value: "STD",
      help: "standard deviation of the first embeddings (default: the model's, mostly 0.0001)",
    },
    from: {
      value: "FILE",
      help:
        "go on from this trained model, on new data: its model function, columns,\nvocabularies and scalings are kept; " +
        "names that it does not know stay unseen",
    },
    "from-fm": { value: "FILE", help: "start an fnn from the tables of this trained fm of the same width and data" },
  },
  "Training": {
    epochs: { value: "N", help: "passes over the training rows at most\n(default 10 with validation rows, 1 without)" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...LOSS_OPTIONS,
    ...OPTIMIZER_OPTIONS,
    ...SCHEDULE_OPTIONS,
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
    seed: { value: "N", help: "seed of parameters, shuffling and dropout (default 1)" },
    "memory-budget": {
      value: "MIB",
      help: "device memory for rows; more of them stream (default: half of the largest buffer)",
    },
  },
  "Files": {
    out: { value: "FILE", help: "the trained model (default MODEL.weft)" },
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
    "With a split, vocabularies, scalings and buckets are fitted to the training share alone.",
    "The same seed on the same adapter gives the same bytes; a run that was killed and resumed does too. Other kernels",
    "give others: those that were measured on this adapter run unless --tuning none is given.",
    "Ctrl-C, SIGTERM or SIGHUP save the checkpoint, or without --checkpoint the model so far; a second Ctrl-C quits at once.",
  ],
  examples: [
    "train --data clicks.csv --label click --categorical user,item,site --numeric price --split 0.8,0.1,0.1",
    "train --data train.tsv --validation valid.tsv --schema schema.json --model dnn --hidden 256,128 --dropout 0.2",
    "train --data log.csv --label y --positive yes --categorical a,b --checkpoint run.weft --checkpoint-every 500",
    "train --data log.csv --label y --categorical a,b --model fnn --from-fm fm.weft",
    "train --data log.csv --label y --categorical item,cate --sequences history:item,cates:cate@history --model din",
    "train --data log.csv --labels click,buy --categorical a,b --model mmoe --task-weights uncertainty",
    "train --data today.csv --from yesterday.weft --lr 0.0001 --out today.weft",
  ],
};

/** Runs `weft train`. */
export async function train(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(TRAIN, args);
  const source = await readSource(options);
  const { definition, check } = source ? { definition: source.definition } : readModel(options);
  const settings = readSettings(options, definition);
  for (const name of ["schedule", "warmup-steps"] as const) options.exclude(name, ["lr-factor"]);
  const parts = await readParts(options, source, streams);
  const { training, validation } = parts;
  check?.(training.schema);
  warnOfUnread(definition, training.schema, streams);
  if (!validation) options.require("validation", ["patience", "monitor", "lr-factor"]);
  const patience = options.integer("patience", 0) ?? 2;
  const earlyStopping = validation && patience > 0
    ? { patience, monitor: readMonitor(options, training), factor: options.number("lr-factor", 0, 1) }
    : undefined;
  const epochs = options.integer("epochs", 1) ?? (validation ? 10 : 1);
  const taskWeights = readTaskWeights(options, training);
  const steps = epochs * Math.ceil(training.rows / settings.fit.batchSize);
  const schedule = readSchedule(options, settings.fit.optimizer!.lr, steps);
  const fit = { ...settings.fit, epochs, earlyStopping, taskWeights, schedule };
  return await runTraining({ ...settings, ...parts, fit }, streams);
}

/** Reads the metric that early stopping watches. */
function readMonitor(options: Options<Name>, { schema }: Dataset): EarlyStopping["monitor"] {
  const tasks = weightedNames(schema);
  const metrics = schema.survival ? ["concordance", "logloss"] as const : ["auc", "logloss"] as const;
  const byTask = tasks.length > 1 ? metrics.flatMap((metric) => tasks.map((task) => `${metric}.${task}` as const)) : [];
  return options.choice("monitor", [...metrics, ...byTask]) ?? (schema.survival && "concordance");
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
  ] as Name[];
  options.exclude("from", settled);
  const source = parseHeader(path, await readCheckpoint(path), models);
  requireFloat32(`train from "${path}"`, source.storage);
  return source;
}

/** Reads what does not depend on the data, so that mistakes show before any of it is read. */
function readSettings(options: Options<Name>, definition: Definition): Omit<Run, "training"> {
  requireFiles(options);
  options.exclude("split", ["validation"]);
  if (options.numbers("split")?.length === 3) options.exclude("split", ["test"]);
  options.require("split", ["split-by"]);
  const resume = options.text("resume");
  const checkpoint = options.text("checkpoint") ?? resume;
  if (resume === undefined) options.require("resume", ["other-kernels"]);
  if (checkpoint === undefined) options.require("checkpoint", ["checkpoint-every"]);
  const budget = options.number("memory-budget", 1);
  const isTuned = options.has("tune-kernels");
  const tuning = readTuning(options, isTuned);
  return {
    definition,
    seed: options.integer("seed", 0) ?? 1,
    embeddingStd: options.number("embedding-std", 0),
    out: options.text("out") ?? `${definition.name}.weft`,
    profile: options.text("profile"),
    summary: options.has("summary"),
    from: options.text("from"),
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
      loss: readLoss(options),
      optimizer: readOptimizer(options),
      l2: readL2(options),
      clipNorm: options.number("clip-norm", Number.MIN_VALUE),
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

/** Training rows with those to evaluate. */
type Parts = Pick<Run, "training" | "validation" | "test">;

async function readParts(
  options: Options<Name>,
  source: ModelHeader | undefined,
  streams: Streams,
): Promise<Parts> {
  const files = requireFiles(options);
  const format = { ...await readDataFormat(options), ...readRejections(options) };
  const fractions = options.numbers("split", 0, 1);
  const by = fractions && readSplitBy(options, fractions, source?.schema.time);
  const schema = source || await areLibsvm(files, format) ? refuseSchema(options) : await readSchema(options);
  const threshold = options.number("threshold");
  const fitting = { ...format, threshold, ...(schema && { missing: ["", ...options.exact("missing")] }) };
  const declared = schema && fractions ? keepTexts(schema) : schema;
  const whole = await readData(files, source?.schema ?? declared, fitting, streams);
  const split = fractions &&
    (source ? whole.split(fractions, by!) : refitSplit(whole, schema ?? whole.schema.declared(), fractions, by!));
  const [training, validation, test] = split ?? [whole];
  const readOther = async (name: "validation" | "test"): Promise<Dataset | undefined> => {
    const others = options.texts(name);
    return others.length === 0 ? undefined : await readData(others, training.schema, format, streams);
  };
  const rate = options.number("negative-rate", Number.MIN_VALUE, 1);
  const seed = options.integer("seed", 0) ?? 1;
  const parts = {
    training: rate === undefined ? training : training.downsampleNegatives(rate, { seed }),
    validation: validation ?? await readOther("validation"),
    test: test ?? await readOther("test"),
  };
  reportParts(parts, streams);
  return parts;
}

/** Reports what the parts lack: rows of both classes, and values that the schema knows. */
function reportParts(parts: Parts, streams: Streams): void {
  requireTwoClasses("train on the data", parts.training);
  for (const [name, data] of Object.entries(parts)) {
    if (!data) continue;
    reportCoverage(name, data, name === "training", streams);
    warnOfOneClass(name, data, streams);
  }
}

/** Refuses what only files with columns have. */
function refuseSchema(options: Options<Name>): undefined {
  const columns = [...Object.keys(SCHEMA_OPTIONS), "missing"] as Name[];
  const given = columns.find((name) => name !== "threshold" && options.has(name));
  if (given) options.refuse(`option "--${given}" is not for libsvm files`);
}

function readSplitBy(options: Options<Name>, fractions: readonly number[], time: string | undefined): SplitOptions {
  const sum = fractions.reduce((total, fraction) => total + fraction, 0);
  if (fractions.length < 2 || fractions.length > 3 || fractions.includes(0) || Math.abs(sum - 1) > 1e-9) {
    options.refuse(`option "--split" must be two or three shares that sum to 1, received "${options.text("split")}"`);
  }
  const by = options.text("split-by") ?? "random";
  if (by === "random") return { seed: options.integer("seed", 0) ?? 1 };
  if (by === "position" || by === (time ?? options.text("time")) || options.has("schema")) return { by };
  return options.refuse(`option "--split-by" must be random, position or the column of --time, received "${by}"`);
}
