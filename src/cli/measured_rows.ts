/**
 * Predictions and labels of the same rows, from files of predictions and from models.
 *
 * @module
 */
import { createLabelReader } from "../data/label.ts";
import { Rejections } from "../data/rejections.ts";
import { readRows } from "../data/rows.ts";
import { categorical, type Schema } from "../data/schema.ts";
import type { Dataset } from "../data/dataset.ts";
import type { RowColumn } from "../metrics.ts";
import { type DataFormat, readData } from "./data.ts";
import type { OptionGroups, Options } from "./options.ts";
import { RowColumns } from "./row_columns.ts";
import type { Streams } from "./streams.ts";
import { formatCount } from "./table.ts";

/** Options that say what is predicted where no model does. */
export const LABEL_OPTIONS = {
  prediction: { value: "COLUMN", help: "column of the predictions in such files (default probability)" },
  label: { value: "COLUMN", help: "column of the label, in the files of --data or else in those of the predictions" },
  positive: { value: "TEXT", help: "label that means 1 (default: the number 1, against 0 or -1)" },
  negative: { value: "TEXT", help: "label that means 0 (default: the first other one)" },
  threshold: { value: "X", help: "take numbers above X as label 1, all others as 0" },
  weight: { value: "COLUMN", help: "column of weights: how much a row counts" },
} as const satisfies OptionGroups[string];

type LabelOption = keyof typeof LABEL_OPTIONS;

/** Labels of rows and their columns, one for each row of the files. */
export interface LabeledRows {
  /** Columns beside them. */
  readonly columns: RowColumns;
  /** 0 or 1, or a target; NaN for a row that was left out. */
  readonly labels: Float64Array;
  /** Weights; absent where all are 1. */
  readonly weights: Float64Array | undefined;
}

/** Returns the column of predictions. */
export function predictionColumn(options: Options<LabelOption>): string {
  return options.text("prediction") ?? "probability";
}

/** Returns the schema of the label that options declare; it reads nothing else. */
export function readLabelSchema(options: Options<LabelOption>): Schema {
  const label = options.required("label");
  const [positive, negative, weight] = (["positive", "negative", "weight"] as const).map((name) => options.text(name));
  const threshold = options.number("threshold");
  return {
    label,
    ...(positive !== undefined && { positive }),
    ...(negative !== undefined && { negative }),
    ...(threshold !== undefined && { threshold }),
    ...(weight !== undefined && { weight }),
    features: [],
  };
}

/**
 * Reads labels of 0 and 1; rows without a good one are refused, or left out and counted.
 *
 * @param columns further columns to keep
 */
export async function readLabels(
  files: readonly string[],
  schema: Schema,
  columns: readonly string[],
  format: DataFormat,
  streams: Streams,
): Promise<LabeledRows> {
  const { weight } = schema;
  const label = schema.label!;
  const names = [label, ...(weight === undefined ? [] : [weight]), ...columns];
  const kept = await readColumns(files, names, format, streams);
  const reader = createLabelReader(schema, label, new Set([""]));
  const rejections = new Rejections(format);
  const labels = Float64Array.from(kept.textsOf(label), (text, row) => {
    if (kept.encoded[row] < 0) return NaN;
    const value = reader.read(text);
    if (typeof value === "number") return value;
    rejections.take(value, kept.placeOf(row), kept.placeOf(row));
    return NaN;
  });
  reader.requireClear();
  reader.requirePositive(labels.reduce((sum, value) => sum + Number(value === 1), 0));
  const { skipped, missingLabels } = rejections;
  if (skipped + missingLabels > 0) {
    streams.err(`Left out ${formatCount(skipped + missingLabels, "row")} without a label`);
  }
  return {
    columns: kept,
    labels,
    weights: weight === undefined ? undefined : Float64Array.from(kept.numbersOf(weight)),
  };
}

/** Returns the known labels of a task and the weights of a data set, one for each row of its files. */
export function labelsOf(data: Dataset, columns: RowColumns, task: number): Pick<LabeledRows, "labels" | "weights"> {
  const spread = (values: ArrayLike<number>): Float64Array =>
    Float64Array.from(columns.encoded, (row) => row < 0 ? NaN : values[row]);
  const labels = spread(data.labelsOf(task)).map((label) => label < 0 ? NaN : label);
  return { labels, weights: data.weights && spread(data.weights) };
}

/**
 * Reads columns alone, whatever is in them.
 *
 * @param columns at least one
 */
export async function readColumns(
  files: readonly string[],
  columns: readonly string[],
  { labeled: _, ...format }: DataFormat,
  streams: Streams,
): Promise<RowColumns> {
  const kept = new RowColumns(columns);
  // A fitted field without values reads any text and remembers none.
  const probe = { label: "\0y", features: [categorical("\0x", { column: columns[0], minCount: 2 })] };
  const { schema } = readRows([{ "\0y": 1, [columns[0]]: "" }], probe, { unknown: "ignore" });
  await readData(files, schema, { ...format, labeled: false }, streams, kept);
  return kept;
}

/**
 * Returns the rows that have all numbers, and tells how many do not.
 *
 * @throws {RangeError} when none has
 */
export function completeRows(numbers: readonly ArrayLike<number>[], streams: Streams): number[] {
  const all = Array.from({ length: numbers[0].length }, (_, row) => row);
  const complete = all.filter((row) => numbers.every((column) => !Number.isNaN(column[row])));
  const left = all.length - complete.length;
  if (complete.length === 0) {
    throw new RangeError(
      `Cannot evaluate: a row must have a prediction and a label, received ${formatCount(left, "row")} without`,
    );
  }
  if (left > 0) streams.err(`Left out ${formatCount(left, "row")} without a prediction or a label`);
  return complete;
}

/**
 * Refuses predictions of other rows than the labels'.
 *
 * @throws {RangeError} when they differ in number
 */
export function requireSameRows(predictions: string, received: number, rows: number): void {
  if (received === rows) return;
  throw new RangeError(
    `Cannot evaluate "${predictions}": it must have the ${formatCount(rows, "row")} of the labels, received ${
      formatCount(received)
    }`,
  );
}

/** Takes numbers of some rows, as float32 where they are. */
export function takeRows(values: Float32Array | Float64Array, rows: readonly number[]): Float32Array | Float64Array {
  const take = (_: unknown, i: number): number => values[rows[i]];
  const { length } = rows;
  return values instanceof Float32Array ? Float32Array.from({ length }, take) : Float64Array.from({ length }, take);
}

/** Returns what groups and slices some rows of the files. */
export function columnsOf(
  columns: RowColumns,
  rows: readonly number[],
  { group, by, missing }: {
    readonly group?: string;
    readonly by: readonly string[];
    readonly missing?: readonly string[];
  },
): { group?: RowColumn; by?: Record<string, RowColumn> } {
  return {
    ...(group !== undefined && { group: columns.valuesOf(group, rows, missing) }),
    ...(by.length > 0 && {
      by: Object.fromEntries(by.map((column) => [column, columns.valuesOf(column, rows, missing)])),
    }),
  };
}
