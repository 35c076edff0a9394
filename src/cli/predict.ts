/**
 * `weft predict`.
 *
 * @module
 */
import { PART_ROWS } from "../data/read_parts.ts";
import { temporaryFile } from "../host/mod.ts";
import { PREDICTED_ROWS } from "../model/options.ts";
import { reportCoverage } from "./coverage.ts";
import { DATA_OPTIONS, readDataFormat, reportLeftOut, requireFiles } from "./data.ts";
import { areLibsvm, readFileParts } from "./data_files.ts";
import { GPU_OPTION, openGpu, readBackend } from "./device.ts";
import { requireWritable, writeWhole } from "./files.ts";
import { loadModel } from "./load.ts";
import { type CommandInfo, parseOptions } from "./options.ts";
import { isParquet } from "./prediction_parquet.ts";
import { encodeParts, formatParts, PartTotals, predictParts } from "./predicted_parts.ts";
import { PredictedFiles } from "./predictions.ts";
import { type Streams, writeAll } from "./streams.ts";
import { formatCount } from "./table.ts";
import { applyTuning, readTuning, TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Model": {
    "model-file": { value: "FILE", help: "model or checkpoint that train wrote" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    uncalibrated: { help: "write sigmoid(z) where the model has a calibration" },
    ...TUNING_OPTION,
    ...GPU_OPTION,
  },
  "Data": {
    ...DATA_OPTIONS,
    "on-bad-row": {
      value: "WHAT",
      help: "mark (default) leaves the prediction of a malformed row empty and ends with exit code 1;\n" +
        "skip leaves it empty and ends with 0; error writes nothing, naming file and line,\n" +
        "and with --out - holds the lines back in a temporary file until all rows are known to be well",
    },
  },
  "Files": {
    out: {
      value: "FILE",
      help: "file to write, CSV, or Parquet where it ends in .parquet (default predictions.csv);\n- for CSV on stdout",
    },
    id: { value: "COLUMNS", help: "columns to write in front of each probability, with commas between them" },
  },
} as const;

/** Describes `weft predict`. */
export const PREDICT: CommandInfo<typeof GROUPS> = {
  name: "predict",
  summary: "write the probability of the positive label for each row",
  options: GROUPS,
  notes: [
    "The output has a line `probability`, or `probability_LABEL` for each of several labels, and then one line per row of",
    "the files, in their order, whatever a row looks like. Blank lines between rows are no rows. The label columns may be",
    "absent. A model of times writes the probability to last beyond each interval, `survival_HEAD_END`, and the expected",
    "time within the intervals, `expected_HEAD`; a model of numbers writes `prediction`.",
    "Rows are written while further ones are read: memory does not grow with the files. A file is there whole or not at",
    "all; with --out -, lines before a failure have been written unless --on-bad-row is error.",
  ],
  examples: [
    "predict --model-file deepfm.weft --data new.csv --out predictions.csv",
    "predict --model-file deepfm.weft --data 'new/*.parquet' --id user,item --out scores.parquet",
    "predict --model-file deepfm.weft --data new.csv --out - | paste -d , new.csv -",
  ],
};

/** Runs `weft predict`. */
export async function predict(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(PREDICT, args);
  const path = options.required("model-file");
  const files = requireFiles(options);
  const onBadRow = options.choice("on-bad-row", ["mark", "skip", "error"]) ?? "mark";
  const format = {
    ...await readDataFormat(options),
    labeled: false,
    onBadRow: onBadRow === "error" ? onBadRow : "skip" as const,
  };
  const ids = options.exact("id");
  if (ids.length > 0 && await areLibsvm(files, format)) options.refuse('option "--id" is not for libsvm files');
  const how = { batchSize: options.integer("batch-size", 1), calibrated: !options.has("uncalibrated") };
  const tuning = readTuning(options);
  const backend = readBackend(options);
  const out = options.text("out") ?? "predictions.csv";
  if (out !== "-") await requireWritable(out);
  using gpu = await openGpu(streams, backend);
  await applyTuning(gpu, tuning, streams);
  await using model = await loadModel(path, gpu, streams);
  const rows = new PredictedFiles(ids);
  const totals = new PartTotals();
  const batch = how.batchSize ?? PREDICTED_ROWS;
  const data = readFileParts(files, model.schema, format, rows, Math.ceil(PART_ROWS / batch) * batch);
  const parts = predictParts(model, data, rows, how, totals);
  if (out !== "-") await writeWhole(out, isParquet(out) ? encodeParts(parts) : formatParts(parts));
  else if (onBadRow === "error") await writeOutAtEnd(formatParts(parts));
  else for await (const text of formatParts(parts)) writeAll(Deno.stdout, text);
  reportLeftOut(totals, "No probability for", streams);
  reportCoverage("data", { ...totals, schema: model.schema }, false, streams);
  if (out !== "-") {
    const { survival, real } = model.schema;
    const what = survival ? "survival curves" : real ? "predictions" : "probabilities";
    streams.err(`Wrote ${formatCount(totals.rows)} ${what} to ${out}`);
  }
  return rows.faults === 0 || onBadRow === "skip" ? 0 : 1;
}

/** Writes to stdout once all is known to be well; until then a temporary file holds it, whatever its length. */
async function writeOutAtEnd(content: AsyncIterable<string>): Promise<void> {
  await using file = await temporaryFile("predictions.csv");
  await writeWhole(file.path, content);
  using written = await Deno.open(file.path);
  for await (const bytes of written.readable) writeAll(Deno.stdout, bytes);
}
