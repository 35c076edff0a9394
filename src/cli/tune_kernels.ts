/**
 * `weft tune-kernels`.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { requireTwoClasses } from "../data/classes.ts";
import type { TunedProblem } from "../kernels/tuner.ts";
import { Model } from "../model.ts";
import { defaultTuningFile } from "../tuning_file.ts";
import {
  BAD_ROW_OPTION,
  DATA_OPTIONS,
  describeData,
  MISSING_OPTION,
  readData,
  readDataFormat,
  readRejections,
  requireFiles,
} from "./data.ts";
import { areLibsvm } from "./data_files.ts";
import { GPU_OPTION, openGpu, readBackend } from "./device.ts";
import { requireWritable } from "./files.ts";
import { MODEL_OPTIONS, OPTIMIZER_OPTIONS, readL1, readL2, readModel, readOptimizer } from "./model.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import { readSchema, SCHEMA_OPTIONS } from "./schema.ts";
import type { Streams } from "./streams.ts";
import { formatTable } from "./table.ts";
import { describeTuning, readTuning } from "./tuning.ts";

const GROUPS = {
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION, ...MISSING_OPTION },
  "Schema": SCHEMA_OPTIONS,
  "Model": MODEL_OPTIONS,
  "Training": {
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...OPTIMIZER_OPTIONS,
    ...GPU_OPTION,
  },
  "Files": {
    tuning: {
      value: "FILE",
      help: "file to add the fastest kernels to\n(default weft/tuning.json in the user's folder for caches)",
    },
  },
} as const;

/** Describes `weft tune-kernels`. */
export const TUNE_KERNELS: CommandInfo<typeof GROUPS> = {
  name: "tune-kernels",
  summary: "time the variants of a training step's kernels and keep the fastest",
  options: GROUPS,
  notes: [
    "The first batch of the data is trained on, and no model is written. train, evaluate and predict then run the fastest",
    "kernels wherever a problem has the same sizes; these depend on the model's widths and on the batch size.",
    "A default stays unless another variant is faster by more than 3 % in repeated runs.",
  ],
  examples: [
    "tune-kernels --data clicks.csv --label click --categorical user,item,site --model deepfm",
    "tune-kernels --data train.tsv --schema schema.json --model dcnv2 --batch-size 8192 --tuning kernels.json",
  ],
};

/** Runs `weft tune-kernels`. */
export async function tuneKernels(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(TUNE_KERNELS, args);
  requireFiles(options);
  const { definition, check } = readModel(options);
  const path = readTuning(options, true)!.path;
  const step = {
    batchSize: options.integer("batch-size", 1),
    optimizer: readOptimizer(options),
    l2: readL2(options),
    l1: readL1(options),
    clipNorm: options.number("clip-norm", Number.MIN_VALUE),
    clipValue: options.number("clip-value", Number.MIN_VALUE),
  };
  if (path !== undefined) await requireWritable(path);
  const backend = readBackend(options);
  const data = await readTraining(options, streams);
  check(data.schema);
  requireTwoClasses("train on the data", data);
  streams.err(describeData("data", data));
  using gpu = await openGpu(streams, backend);
  await using model = await Model.create(definition, data.schema, { device: gpu });
  const onTuning = (event: Parameters<typeof describeTuning>[0]): void => streams.err(describeTuning(event));
  const tuned = await model.tuneKernels(data, { ...step, path, onTuning });
  if (tuned.length === 0) {
    streams.out("Each kernel of the step has one variant on this device; there is nothing to tune");
  } else {
    streams.out(`${formatTuned(tuned)}\n`);
    streams.out(`Saved the choices to ${path ?? defaultTuningFile()}`);
  }
  return 0;
}

async function readTraining(options: Options<NameOf<typeof GROUPS>>, streams: Streams): Promise<Dataset> {
  const files = requireFiles(options);
  const format = {
    ...await readDataFormat(options),
    ...readRejections(options),
    threshold: options.number("threshold"),
  };
  if (await areLibsvm(files, format)) return await readData(files, undefined, format, streams);
  const missing = ["", ...options.exact("missing")];
  return await readData(files, await readSchema(options), { ...format, missing }, streams);
}

/** Writes what was measured as a table. */
export function formatTuned(tuned: readonly TunedProblem[]): string {
  const rows = tuned.map(({ key, ms, chosen, ...problem }) => {
    const space = key.indexOf(" ");
    const gain = 1 - ms[chosen] / ms[problem.default];
    return [
      key.slice(0, space),
      key.slice(space + 1),
      Object.entries(ms).map(([variant, time]) => `${variant} ${time.toFixed(3)}`).join(", "),
      problem.default,
      chosen,
      chosen === problem.default ? "-" : `${(100 * gain).toFixed(0)} %`,
    ];
  });
  return formatTable(["kernel", "problem", "ms by variant", "default", "chosen", "gain"], rows);
}
