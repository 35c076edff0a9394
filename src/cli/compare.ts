/**
 * `weft compare`.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Gpu } from "../gpu/device.ts";
import { comparePredictions, type Comparison } from "../metrics.ts";
import { BAD_ROW_OPTION, DATA_OPTIONS, type DataFormat, filesOf, readData, readDataFormat } from "./data.ts";
import { readRejections } from "./data.ts";
import { areLibsvm } from "./data_files.ts";
import { GPU_OPTION, openGpu, readBackend } from "./device.ts";
import { formatInterval, formatNumber, titleOf } from "./further_report.ts";
import { loadModel } from "./load.ts";
import {
  columnsOf,
  completeRows,
  LABEL_OPTIONS,
  type LabeledRows,
  labelsOf,
  predictionColumn,
} from "./measured_rows.ts";
import { readColumns, readLabels, readLabelSchema, requireSameRows, takeRows } from "./measured_rows.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import { RowColumns } from "./row_columns.ts";
import type { Streams } from "./streams.ts";
import { formatCount, formatTable } from "./table.ts";
import { applyTuning, readTuning, TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Comparison": {
    group: {
      value: "COLUMN",
      help: "column that groups the rows, such as a user: groups are then what is independent",
    },
    resamples: { value: "N", help: "resamples of the paired bootstrap (default 1000)" },
    seed: { value: "N", help: "seed of the resamples (default 1)" },
    level: { value: "SHARE", help: "chance that an interval holds the true difference (default 0.95)" },
    json: { help: "print JSON instead of tables" },
  },
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION },
  "Predictions": LABEL_OPTIONS,
  "Models": {
    task: { value: "LABEL", help: "label to compare, of models of several" },
    "batch-size": { value: "N", help: "rows of a step (default 4096)" },
    ...TUNING_OPTION,
    ...GPU_OPTION,
  },
} as const;

type Name = NameOf<typeof GROUPS>;

/** Describes `weft compare`. */
export const COMPARE: CommandInfo<typeof GROUPS> = {
  name: "compare",
  summary: "test whether models differ in AUC and logloss on the same rows",
  operands: "FILE FILE...",
  options: GROUPS,
  notes: [
    "Each file is a model, or predictions where its name ends in .csv, .tsv, .txt, .jsonl or .parquet: a line for each row of",
    "--data in its order, as predict writes it. Predictions alone need no --data where the first has the label, too.",
    "The first is what all others are compared with: AUC by DeLong's test, logloss by the paired bootstrap. Of more than two",
    "models, chances are corrected by Holm's method.",
  ],
  examples: [
    "compare yesterday.weft today.weft --data test.csv",
    "compare deepfm.weft dcnv2.weft xdeepfm.weft --data test.csv --group user --json",
    "compare deepfm.weft other.csv --data test.csv",
    "compare a.csv b.csv --data test.csv --label click",
  ],
};

/** Numbers of a model or a file, one for each row of the data's files; NaN where there is none. */
type Numbers = Float32Array | Float64Array;

/** Runs `weft compare`. */
export async function compare(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(COMPARE, args);
  const { operands: files } = options;
  if (files.length < 2) options.refuse(`there must be two files or more, received ${files.length}`);
  const repeated = files.find((file, i) => files.indexOf(file) !== i);
  if (repeated !== undefined) options.refuse(`files must differ, received "${repeated}" twice`);
  const settings = {
    group: options.text("group"),
    resamples: options.integer("resamples", 2),
    seed: options.integer("seed", 0),
    level: options.number("level", Number.MIN_VALUE, 1 - Number.EPSILON),
  };
  const models = files.filter((file) => !PREDICTIONS.test(file));
  const format: DataFormat = { ...await readDataFormat(options), ...readRejections(options) };
  const given = models.length > 0
    ? await predictAll(options, models, format, streams)
    : await readAlone(options, format, streams);
  const { columns, labels, weights } = given.rows;
  const predictions: Record<string, Numbers> = {};
  const column = predictionColumn(options);
  for (const file of files) {
    predictions[file] = given.predicted[file] ??
      await readPredictions(file, { column, format, rows: columns.rows }, streams);
  }
  const rows = completeRows([labels, ...Object.values(predictions), ...(weights ? [weights] : [])], streams);
  const { group } = columnsOf(columns, rows, { group: settings.group, by: [] });
  const comparison = comparePredictions(
    Object.fromEntries(files.map((file) => [file, takeRows(predictions[file], rows)])),
    takeRows(labels, rows),
    // Rows without a group are groups of their own.
    {
      ...settings,
      weights: weights && takeRows(weights, rows),
      group: group && rows.map((row, i) => group[i] ?? `\0${row}`),
    },
  );
  streams.out(options.has("json") ? JSON.stringify(comparison, null, 2) : formatComparison(comparison, settings));
  return 0;
}

/** Files of predictions. */
const PREDICTIONS = /\.(csv|tsv|txt|jsonl|ndjson|parquet|parq|pq)(\.gz)?$/i;

/** Reads a file that has a prediction for each row of the labels. */
async function readPredictions(
  file: string,
  { column, format, rows }: { readonly column: string; readonly format: DataFormat; readonly rows: number },
  streams: Streams,
): Promise<Numbers> {
  const read = await readColumns([file], [column], { ...format, format: undefined }, streams);
  requireSameRows(file, read.rows, rows);
  return read.numbersOf(column);
}

/** What is known before files of predictions are read. */
interface Given {
  readonly rows: LabeledRows;
  /** Predictions of models by file. */
  readonly predicted: Readonly<Record<string, Numbers>>;
}

/** Reads the labels of predictions of files, from the data or else from the first of them. */
async function readAlone(options: Options<Name>, format: DataFormat, streams: Streams): Promise<Given> {
  const group = options.text("group");
  const ofModels = Object.keys(GROUPS.Models) as (keyof typeof GROUPS["Models"])[];
  const needless = ofModels.find((name) => options.has(name));
  if (needless) options.refuse(`option "--${needless}" needs a model among the files`);
  const schema = readLabelSchema(options);
  const data = filesOf(options);
  const sources = data.length > 0 ? data : [options.operands[0]];
  return {
    rows: await readLabels(sources, schema, group === undefined ? [] : [group], format, streams),
    predicted: {},
  };
}

/** Predicts the rows of the data by each model, with its own columns and vocabularies. */
async function predictAll(
  options: Options<Name>,
  models: readonly string[],
  format: DataFormat,
  streams: Streams,
): Promise<Given> {
  const files = filesOf(options);
  if (files.length === 0) options.refuse('option "--data" is missing');
  const ofLabels = ["label", "positive", "negative", "threshold", "weight"] as const;
  const needless = ofLabels.find((name) => options.has(name));
  if (needless) options.refuse(`option "--${needless}" is for predictions alone; a model knows its label`);
  const group = options.text("group");
  if (group !== undefined && await areLibsvm(files, format)) options.refuse('option "--group" is not for libsvm files');
  const batchSize = options.integer("batch-size", 1);
  const tuning = readTuning(options);
  using gpu = await openGpu(streams, readBackend(options));
  await applyTuning(gpu, tuning, streams);
  const predicted: Record<string, Numbers> = {};
  let rows: LabeledRows | undefined;
  for (const path of models) {
    const own = await predictOne(path, { gpu, files, format, batchSize, group, task: options.text("task") }, streams);
    predicted[path] = own.predicted;
    rows = rows ? sameLabels(rows, own.rows, path) : own.rows;
  }
  return { rows: rows!, predicted };
}

interface Prediction {
  readonly gpu: Gpu;
  readonly files: readonly string[];
  readonly format: DataFormat;
  readonly batchSize: number | undefined;
  readonly group: string | undefined;
  readonly task: string | undefined;
}

async function predictOne(
  path: string,
  { gpu, files, format, batchSize, group, task }: Prediction,
  streams: Streams,
): Promise<{ predicted: Numbers; rows: LabeledRows }> {
  await using model = await loadModel(path, gpu, streams);
  const { tasks, survival } = model.schema;
  const place = task === undefined ? 0 : tasks.indexOf(task);
  if (survival || place < 0 || (task === undefined && tasks.length > 1)) {
    const received = survival ? "times" : `labels ${tasks.join(", ")}`;
    const wanted = task === undefined ? "one label, or --task must name one" : `label "${task}"`;
    throw new TypeError(`Cannot compare "${path}": it must have ${wanted}, received ${received}`);
  }
  const columns = new RowColumns(group === undefined ? [] : [group]);
  const data: Dataset = await readData(files, model.schema, format, streams, columns);
  const probabilities = (await model.predictTasks(data, { batchSize }))[tasks[place]];
  const predicted = Float32Array.from(columns.encoded, (row) => row < 0 ? NaN : probabilities[row]);
  return { predicted, rows: { columns, ...labelsOf(data, columns, place) } };
}

/** Returns the labels that models agree on; a row that one of them left out has none. */
function sameLabels(rows: LabeledRows, other: LabeledRows, path: string): LabeledRows {
  const labels = rows.labels.map((label, row) => {
    const own = other.labels[row];
    if (Number.isNaN(label) || Number.isNaN(own)) return NaN;
    if (label === own) return label;
    throw new RangeError(
      `Cannot compare "${path}": it must read the labels that the first model reads, received ${own} for ${label} in row ` +
        `${row + 1}`,
    );
  });
  return { ...rows, labels };
}

/** Writes metrics side by side, and what tells each model from the first. */
export function formatComparison(comparison: Comparison, { level = 0.95 }: { readonly level?: number }): string {
  const { rows, models, differences } = comparison;
  const metrics = ["auc", "logloss", "brier", "normalizedEntropy", "calibration"] as const;
  const sideBySide = Object.entries(models).map(([name, evaluation]) => [
    name,
    ...metrics.map((metric) => formatNumber(evaluation[metric])),
  ]);
  const several = differences.length > 1;
  const interval = `${+(100 * level).toPrecision(6)} % interval`;
  const table = (metric: "auc" | "logloss"): string =>
    formatTable(
      [`${titleOf(metric)} against ${differences[0].against}`, "difference", interval, "std. error"].concat(
        metric === "auc" ? ["z"] : [],
        ["p", ...(several ? ["p, Holm"] : [])],
      ),
      differences.map((difference) => {
        const { difference: value, interval, standardError, pValue, adjustedPValue } = difference[metric];
        return [
          difference.model,
          formatSigned(value),
          formatInterval(interval),
          formatNumber(standardError),
          ...(metric === "auc" ? [difference.auc.z.toFixed(3)] : []),
          formatChance(pValue),
          ...(several ? [formatChance(adjustedPValue)] : []),
        ];
      }),
    );
  return [
    formatCount(rows, "row"),
    formatTable(["model", ...metrics.map(titleOf)], sideBySide),
    table("auc"),
    table("logloss"),
  ].join("\n\n");
}

function formatSigned(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(5)}`;
}

function formatChance(chance: number): string {
  return chance < 1e-4 ? chance.toExponential(1) : chance.toFixed(4);
}
