/**
 * `weft evaluate`.
 *
 * @module
 */
import { evaluatePredictions, evaluateTargets, type EvaluationOptions, type FurtherMetric } from "../metrics.ts";
import { isFurtherMetric, requireFurtherMetrics } from "../metrics/names.ts";
import { evaluateByTask } from "../model/tasks.ts";
import { CACHE_OPTION, readCache } from "./cache.ts";
import { reportCoverage, reportData } from "./coverage.ts";
import { BAD_ROW_OPTION, DATA_OPTIONS, type DataFormat, filesOf } from "./data.ts";
import { readData, readDataFormat, readRejections, requireFiles } from "./data.ts";
import { areLibsvm } from "./data_files.ts";
import { GPU_OPTION, openGpu, readBackend } from "./device.ts";
import { formatFurther, formatTargets } from "./further_report.ts";
import { loadModel } from "./load.ts";
import { columnsOf, completeRows, LABEL_OPTIONS, predictionColumn, readColumns } from "./measured_rows.ts";
import { readLabels, readLabelSchema, requireSameRows, takeRows } from "./measured_rows.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import { formatReport, formatTasks } from "./report.ts";
import { RowColumns } from "./row_columns.ts";
import type { Streams } from "./streams.ts";
import { applyTuning, readTuning, TUNING_OPTION } from "./tuning.ts";

/** Options that group and slice rows, and say how sure metrics are. */
export const EVALUATION_OPTIONS = {
  by: { value: "COLUMNS", help: "columns whose values slice the rows; numbers of more than 50 values by tenths" },
  group: {
    value: "COLUMN",
    help: "column that groups the rows, such as a user: AUC within groups, and metrics of the\n" +
      "first rows of each group's ranking",
  },
  k: { value: "LIST", help: "how many first rows count (default 1,5,10)" },
  metrics: {
    value: "LIST",
    help: "further metrics: averagePrecision, ece, and with --group gauc, gaucMean, mrr, ndcg@K,\n" +
      "map@K, hitRate@K, precision@K, recall@K (default: all of groups at each --k)",
  },
  intervals: {
    value: "N",
    otherwise: "1000",
    help: "95 % intervals of all metrics, from N resamples of the rows, or of the groups (default 1000)",
  },
  seed: { value: "N", help: "seed of the resamples (default 1)" },
  json: { help: "print JSON instead of tables" },
} as const;

const GROUPS = {
  "Model": {
    "model-file": { value: "FILE", help: "model or checkpoint that train wrote" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...TUNING_OPTION,
    ...GPU_OPTION,
  },
  "Predictions": {
    predictions: {
      value: "FILE",
      help: "file of predictions of any origin, in place of a model; with --data, of its rows in order",
    },
    ...LABEL_OPTIONS,
    target: { value: "COLUMN", help: "column of numbers that are predicted, such as ratings, in place of --label" },
    relevant: { value: "X", help: "targets from X on are relevant, for the metrics of rankings" },
  },
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION, ...CACHE_OPTION },
  "Evaluation": EVALUATION_OPTIONS,
} as const;

type Name = NameOf<typeof GROUPS>;

/** Describes `weft evaluate`. */
export const EVALUATE: CommandInfo<typeof GROUPS> = {
  name: "evaluate",
  summary: "print AUC, logloss and calibration of a model or of predictions, also by slice and by group",
  options: GROUPS,
  notes: [
    "Columns, vocabularies and scalings are those that the model was trained with; they are in its file. --by and --group",
    "may name any other column of the data, too.",
  ],
  examples: [
    "evaluate --model-file deepfm.weft --data test.csv",
    "evaluate --model-file deepfm.weft --data test.csv --by device,hour --group user --intervals",
    "evaluate --predictions scores.csv --label click --group user --k 1,5",
    "evaluate --predictions ratings.csv --prediction guess --target rating --group person --relevant 4 --json",
  ],
};

/** What an evaluation is asked for, before columns are read. */
interface Request {
  readonly by: readonly string[];
  readonly group: string | undefined;
  readonly further: Omit<EvaluationOptions, "by" | "group">;
  readonly json: boolean;
}

/** Runs `weft evaluate`. */
export async function evaluate(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(EVALUATE, args);
  options.exclude("predictions", Object.keys(GROUPS.Model) as (keyof typeof GROUPS["Model"])[]);
  options.require("predictions", [...Object.keys(LABEL_OPTIONS) as (keyof typeof LABEL_OPTIONS)[], "target"]);
  options.require("target", ["relevant"]);
  const request = readRequest(options);
  return options.has("predictions")
    ? await evaluateFiles(options, request, streams)
    : await evaluateModel(options, request, streams);
}

function readRequest(options: Options<Name>): Request {
  options.require("intervals", ["seed"]);
  options.exclude("metrics", ["k"]);
  options.require("group", ["k"]);
  const group = options.text("group");
  const metrics = options.has("metrics") ? readMetrics(options, group !== undefined) : undefined;
  const k = options.numbers("k", 1);
  if (k?.some((n) => !Number.isInteger(n))) options.refuse(`option "--k" must be integers, received "${k}"`);
  const intervals = options.integer("intervals", 2);
  return {
    by: options.exact("by"),
    group,
    further: { metrics, k, intervals, seed: options.integer("seed", 0) },
    json: options.has("json"),
  };
}

/** Reads the names of further metrics. */
export function readMetrics(options: Options<"metrics">, hasGroup: boolean): FurtherMetric[] {
  const metrics = options.list("metrics");
  try {
    requireFurtherMetrics("evaluate", metrics, hasGroup);
  } catch (error) {
    if (error instanceof Error) options.refuse(error.message.replace("Cannot evaluate: ", 'option "--metrics": '));
  }
  return metrics.filter(isFurtherMetric);
}

/** Measures a model on data. */
async function evaluateModel(options: Options<Name>, request: Request, streams: Streams): Promise<number> {
  const path = options.required("model-file");
  const files = requireFiles(options);
  const format = { ...await readDataFormat(options), ...readRejections(options), ...readCache(options) };
  const { by, group, further, json } = request;
  const names = [...by, ...(group === undefined ? [] : [group])];
  if (names.length > 0 && await areLibsvm(files, format)) {
    options.refuse('options "--by" and "--group" are not for libsvm files');
  }
  const batchSize = options.integer("batch-size", 1);
  const tuning = readTuning(options);
  const backend = readBackend(options);
  using gpu = await openGpu(streams, backend);
  await applyTuning(gpu, tuning, streams);
  await using model = await loadModel(path, gpu, streams);
  const columns = new RowColumns(names);
  const data = await readData(files, model.schema, format, streams, names.length > 0 ? columns : undefined);
  if (json) reportCoverage("data", data, false, streams);
  else reportData(data, streams);
  const rows = columns.encoded.flatMap((place, row) => place >= 0 ? [row] : []);
  const { missing } = model.schema;
  const predicted = await model.predictTasks(data, { batchSize });
  const given = columnsOf(columns, rows, { group, by, missing: ["", ...missing] });
  const evaluation = evaluateByTask(predicted, data, { ...further, ...given });
  if (json) streams.out(toJson(evaluation));
  else streams.out([formatTasks(predicted, data), ...formatFurther(evaluation)].join("\n\n"));
  return 0;
}

/** Measures predictions of files. */
async function evaluateFiles(options: Options<Name>, request: Request, streams: Streams): Promise<number> {
  const files = options.texts("predictions");
  const prediction = predictionColumn(options);
  const { by, group, further, json } = request;
  const target = options.text("target");
  options.exclude("target", ["label", "positive", "negative", "threshold", "metrics"]);
  const schema = target === undefined ? readLabelSchema(options) : undefined;
  const format: DataFormat = { ...await readDataFormat(options), ...readRejections(options) };
  const labeled = filesOf(options);
  const isApart = labeled.length > 0;
  const sources = isApart ? labeled : files;
  const weight = schema ? undefined : options.text("weight");
  const names = [...by, group, target, weight, isApart ? undefined : prediction].filter((name) => name !== undefined);
  const labels = schema ? await readLabels(sources, schema, names, format, streams) : undefined;
  const columns = labels?.columns ?? await readColumns(sources, names, format, streams);
  const predictions = isApart ? await readColumns(files, [prediction], format, streams) : columns;
  requireSameRows(files.join(", "), predictions.rows, columns.rows);
  const predicted = predictions.numbersOf(prediction);
  const known = labels?.labels ?? columns.numbersOf(target!);
  const weights = labels ? labels.weights : weight === undefined ? undefined : columns.numbersOf(weight);
  const rows = completeRows([predicted, known, ...(weights ? [weights] : [])], streams);
  const given = columnsOf(columns, rows, { group, by });
  const [p, y, w] = [takeRows(predicted, rows), takeRows(known, rows), weights && takeRows(weights, rows)];
  if (!schema) {
    const { k, intervals, seed } = further;
    const relevantFrom = options.number("relevant");
    const errors = evaluateTargets(p, y, w, { k, intervals, seed, relevantFrom, ...given });
    streams.out(json ? toJson(errors) : formatTargets(errors));
    return 0;
  }
  const evaluation = evaluatePredictions(p, y, w, { ...further, ...given });
  streams.out(json ? toJson(evaluation) : [formatReport(p, y, w), ...formatFurther(evaluation)].join("\n\n"));
  return 0;
}

function toJson(evaluation: object): string {
  return JSON.stringify(evaluation, null, 2);
}
