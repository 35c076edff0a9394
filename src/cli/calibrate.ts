/**
 * `weft calibrate`.
 *
 * @module
 */
import { requireSavable } from "../checkpoint.ts";
import type { Calibration } from "../calibration/calibration.ts";
import { CACHE_OPTION, readCache } from "./cache.ts";
import { reportData } from "./coverage.ts";
import { BAD_ROW_OPTION, DATA_OPTIONS, readData, readDataFormat, readRejections, requireFiles } from "./data.ts";
import { openGpu } from "./device.ts";
import { loadModel } from "./load.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import { formatTasks } from "./report.ts";
import type { Streams } from "./streams.ts";
import { applyTuning, readTuning, TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Model": {
    "model-file": { value: "FILE", help: "model that train wrote" },
    out: { value: "FILE", help: "the calibrated model; may be the same file" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...TUNING_OPTION,
  },
  "Calibration": {
    method: {
      value: "NAME",
      help: "platt (default) fits slope and shift of the log-odds, temperature the slope alone,\n" +
        "isotonic a rising curve, which wants some thousand rows of each class",
    },
    by: { value: "COLUMN", help: "field whose values get a shift of their own besides" },
    "min-rows": { value: "N", help: "rows that a value of --by must have for that (default 100)" },
  },
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION, ...CACHE_OPTION },
} as const;

/** Describes `weft calibrate`. */
export const CALIBRATE: CommandInfo<typeof GROUPS> = {
  name: "calibrate",
  summary: "fit what turns a model's scores into rates to labeled data, and save it with the model",
  options: GROUPS,
  notes: [
    "The data must be rows that the model was not trained on, such as those that were its validation data.",
    "predict, evaluate and serve use the calibration of the file; training on from it drops it.",
  ],
  examples: ["calibrate --model-file deepfm.weft --data validation.csv --out calibrated.weft"],
};

/** Runs `weft calibrate`. */
export async function calibrate(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(CALIBRATE, args);
  const path = options.required("model-file");
  const out = options.required("out");
  const files = requireFiles(options);
  const format = { ...await readDataFormat(options), ...readRejections(options), ...readCache(options) };
  const batchSize = options.integer("batch-size", 1);
  const method = options.choice("method", ["platt", "temperature", "isotonic"]);
  const [by, minRows] = [options.text("by"), options.integer("min-rows", 1)];
  options.require("by", ["min-rows"]);
  const tuning = readTuning(options);
  await requireSavable(out);
  using gpu = await openGpu(streams);
  await applyTuning(gpu, tuning, streams);
  await using model = await loadModel(path, gpu, streams);
  const data = await readData(files, model.schema, format, streams);
  reportData(data, streams);
  streams.out(`before\n${formatTasks(await model.predictTasks(data, { batchSize }), data)}\n`);
  const calibration = await model.calibrate(data, { method, by, minRows, batchSize });
  streams.out(`after\n${formatTasks(await model.predictTasks(data, { batchSize }), data)}\n`);
  streams.out(describeCalibration(calibration));
  await model.save(out);
  streams.out(`Saved the model to ${out}`);
  return 0;
}

/** Says in a line for each label what its calibration does. */
function describeCalibration(calibration: Calibration): string {
  return Object.entries(calibration).map(([task, { curve, slices }]) => {
    const how = curve.kind === "logistic"
      ? `log-odds ${curve.slope.toFixed(4)} z ${curve.shift < 0 ? "-" : "+"} ${Math.abs(curve.shift).toFixed(4)}`
      : `a curve of ${curve.x.length} points`;
    const shifts = slices ? `, and shifts for ${slices.rows.length} values of ${slices.field}` : "";
    return `${task}: ${how}${shifts}`;
  }).join("\n");
}
