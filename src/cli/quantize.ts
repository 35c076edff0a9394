/**
 * `weft quantize`.
 *
 * @module
 */
import { requireSavable } from "../checkpoint.ts";
import type { Dataset } from "../data/dataset.ts";
import { statIfThere } from "../files.ts";
import type { Evaluation } from "../metrics.ts";
import type { Model } from "../model.ts";
import { describeStorage, QUANTIZED_STORAGES } from "../model/quantized.ts";
import { reportData } from "./coverage.ts";
import { BAD_ROW_OPTION, DATA_OPTIONS, filesOf, readData, readDataFormat, readRejections } from "./data.ts";
import { openGpu } from "./device.ts";
import { loadModel } from "./load.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatBytes, formatShare, formatTable } from "./table.ts";
import { applyTuning, readTuning, TUNING_OPTION } from "./tuning.ts";

const READING_OPTIONS = { ...DATA_OPTIONS, ...BAD_ROW_OPTION } as const;

const GROUPS = {
  "Model": {
    "model-file": { value: "FILE", help: "model or checkpoint that train wrote" },
    to: {
      value: "STORAGE",
      help: "int8 or int4: integers with a center and a scale for each row; f16: float16",
    },
    out: { value: "FILE", help: "file to write, another one than the model's" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...TUNING_OPTION,
  },
  "Data that show what it changes": READING_OPTIONS,
} as const;

type Name = NameOf<typeof GROUPS>;

/** Describes `weft quantize`. */
export const QUANTIZE: CommandInfo<typeof GROUPS> = {
  name: "quantize",
  summary: "store the tables of a model in fewer bits, to predict with and to serve",
  options: GROUPS,
  notes: [
    "Predictions read the small tables as they are. Rows of few numbers, such as first-order weights, become float16 where",
    "that takes less. Other parameters stay float32. What was quantized cannot be trained: keep the original.",
  ],
  examples: [
    "quantize --model-file deepfm.weft --to int8 --out small.weft",
    "quantize --model-file deepfm.weft --to int4 --out small.weft --data test.csv",
  ],
};

/** Runs `weft quantize`. */
export async function quantize(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(QUANTIZE, args);
  const [path, out] = [options.required("model-file"), options.required("out")];
  const to = options.choice("to", QUANTIZED_STORAGES) ?? options.refuse('option "--to" is missing');
  if (!options.has("sql")) {
    options.require(
      "data",
      Object.keys(READING_OPTIONS).filter((name) => name !== "data") as Name[],
    );
  }
  const format = { ...await readDataFormat(options), ...readRejections(options) };
  const batchSize = options.integer("batch-size", 1);
  const tuning = readTuning(options);
  await requireOther(options, path, out);
  await requireSavable(out);
  using gpu = await openGpu(streams);
  await applyTuning(gpu, tuning, streams);
  await using model = await loadModel(path, gpu, streams);
  await using small = await model.quantize(to);
  streams.err(`tables: ${describeStorage(small.storage)}`);
  const files = filesOf(options);
  const data = files.length > 0 ? await readData(files, model.schema, format, streams) : undefined;
  const metrics = data ? await compare(model, small, data, batchSize, streams) : [];
  await small.save(out);
  const sizes = [
    ["tables", model.tableBytes, small.tableBytes],
    ["file", await sizeOf(path), await sizeOf(out)],
  ] as const;
  const rows = sizes.map(([name, before, after]) => [
    name,
    formatBytes(before),
    formatBytes(after),
    `to ${formatShare(after / before)}`,
  ]);
  streams.out(formatTable(["", "before", "after", "change"], [...metrics, ...rows]));
  streams.out(`\nSaved the model to ${out}`);
  return 0;
}

/** Refuses to write the model's own file, under whatever name. */
async function requireOther(options: Options<Name>, path: string, out: string): Promise<void> {
  if ((await statIfThere(path)) && (await statIfThere(out)) && await Deno.realPath(path) === await Deno.realPath(out)) {
    options.refuse(`option "--out" must be another file than "--model-file", received "${out}"`);
  }
}

/** Evaluates both models, and returns the lines of the metrics that say most. */
async function compare(
  model: Model,
  small: Model,
  data: Dataset,
  batchSize: number | undefined,
  streams: Streams,
): Promise<string[][]> {
  reportData(data, streams);
  const [before, after] = [await model.evaluate(data, { batchSize }), await small.evaluate(data, { batchSize })];
  if (!before.tasks) return metricRows("", before, after);
  return Object.keys(before.tasks).flatMap((task) => metricRows(` ${task}`, before.tasks![task], after.tasks![task]));
}

function metricRows(task: string, before: Evaluation, after: Evaluation): string[][] {
  const metrics = before.concordance === undefined
    ? [["AUC", "auc"], ["logloss", "logloss"]] as const
    : [["concordance", "concordance"], ["logloss", "logloss"]] as const;
  return metrics.map(([title, name]) => {
    const [first, second] = [before[name] ?? NaN, after[name] ?? NaN];
    const change = second - first;
    const cells = [first.toFixed(5), second.toFixed(5), `${change < 0 ? "" : "+"}${change.toFixed(5)}`];
    return [`${title}${task}`, ...(Number.isNaN(change) ? ["-", "-", "-"] : cells)];
  });
}

async function sizeOf(path: string): Promise<number> {
  return (await Deno.stat(path)).size;
}
