/**
 * `weft evaluate`.
 *
 * @module
 */
import { reportData } from "./coverage.ts";
import { CACHE_OPTION, readCache } from "./cache.ts";
import { BAD_ROW_OPTION, DATA_OPTIONS, readData, readDataFormat, readRejections, requireFiles } from "./data.ts";
import { GPU_OPTION, openGpu, readBackend } from "./device.ts";
import { loadModel } from "./load.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import { formatTasks } from "./report.ts";
import type { Streams } from "./streams.ts";
import { applyTuning, readTuning, TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Model": {
    "model-file": { value: "FILE", help: "model or checkpoint that train wrote" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...TUNING_OPTION,
    ...GPU_OPTION,
  },
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION, ...CACHE_OPTION },
} as const;

/** Describes `weft evaluate`. */
export const EVALUATE: CommandInfo<typeof GROUPS> = {
  name: "evaluate",
  summary: "print AUC, logloss and calibration of a model on labeled data, by task where it has several",
  options: GROUPS,
  notes: ["Columns, vocabularies and scalings are those that the model was trained with; they are in its file."],
  examples: ["evaluate --model-file deepfm.weft --data test.csv"],
};

/** Runs `weft evaluate`. */
export async function evaluate(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(EVALUATE, args);
  const path = options.required("model-file");
  const files = requireFiles(options);
  const format = { ...await readDataFormat(options), ...readRejections(options), ...readCache(options) };
  const batchSize = options.integer("batch-size", 1);
  const tuning = readTuning(options);
  const backend = readBackend(options);
  using gpu = await openGpu(streams, backend);
  await applyTuning(gpu, tuning, streams);
  await using model = await loadModel(path, gpu, streams);
  const data = await readData(files, model.schema, format, streams);
  reportData(data, streams);
  streams.out(formatTasks(await model.predictTasks(data, { batchSize }), data));
  return 0;
}
