/**
 * Metrics of groups and slices, and intervals, in words.
 *
 * @module
 */
import type { Evaluation, Interval, TargetEvaluation } from "../metrics.ts";
import { numbersOf, TOP_METRICS } from "../metrics.ts";
import { formatCount, formatTable } from "./table.ts";

/** Intervals by metric. */
type Intervals = Readonly<Record<string, Interval>> | undefined;

/** What metrics are called in tables. */
const TITLES: Readonly<Record<string, string>> = {
  auc: "AUC",
  normalizedEntropy: "normalized entropy",
  brier: "Brier score",
  calibration: "predicted / observed",
  averagePrecision: "average precision",
  ece: "calibration error",
  gauc: "GAUC, by rows of a group",
  gaucMean: "GAUC, all groups alike",
  mrr: "mean reciprocal rank",
  ndcg: "nDCG",
  map: "MAP",
  hitRate: "hit rate",
  rmse: "RMSE",
  mae: "MAE",
};

/** Writes what an evaluation holds beside its usual metrics, in parts; none where it holds nothing. */
export function formatFurther(evaluation: Evaluation): string[] {
  const parts = [
    ...formatAsked(numbersOf({ ...evaluation, tasks: undefined }), evaluation),
    ...formatSlices(evaluation.slices, [
      ["AUC", ({ auc }) => auc, "auc"],
      ["logloss", ({ logloss }) => logloss, "logloss"],
      ["pred. / obs.", ({ calibration }) => calibration, "calibration"],
      ["calibration error", ({ ece }) => ece, "ece"],
    ], [["positives", ({ positives }) => formatCount(positives)]]),
  ];
  const tasks = Object.entries(evaluation.tasks ?? {}).flatMap(([task, own]) => {
    const further = formatFurther(own);
    return further.length > 0 ? [`task ${task}`, ...further] : [];
  });
  return [...parts, ...tasks];
}

/** Writes the metrics of predictions of numbers. */
export function formatTargets(evaluation: TargetEvaluation): string {
  const { rmse, mae, bias, rows, rankings, groups, slices, intervals } = evaluation;
  const errors = { rmse, mae, bias };
  const lines = Object.entries({ rows: formatCount(rows), ...errors }).map(([name, value]) =>
    `${titleOf(name).padEnd(4)}  ${typeof value === "number" ? value.toFixed(5) : value}`
  );
  return [
    lines.join("\n"),
    ...formatAsked(rankings as Record<string, number> ?? {}, { groups: groups && { oneClass: 0, ...groups } }),
    ...(intervals ? [formatIntervals({ ...errors }, intervals)] : []),
    ...formatSlices(slices, [
      ["RMSE", (slice) => slice.rmse, "rmse"],
      ["MAE", (slice) => slice.mae, "mae"],
      ["bias", (slice) => slice.bias, "bias"],
    ], []),
  ].join("\n\n");
}

/** Writes metrics that were asked for, those at the top of rankings as a table, and intervals. */
function formatAsked(
  numbers: Readonly<Record<string, number>>,
  { groups, notes = {}, intervals }: Pick<Evaluation, "groups" | "notes" | "intervals">,
): string[] {
  const own = ["averagePrecision", "ece", "gauc", "gaucMean", "mrr"].filter((name) => numbers[name] !== undefined);
  const width = Math.max(...own.map((name) => titleOf(name).length));
  const lines = own.map((name) => {
    const value = notes[name] === undefined ? formatNumber(numbers[name]) : `- (${notes[name]})`;
    return `${titleOf(name).padEnd(width)}  ${value}`;
  });
  const tops = [...new Set(Object.keys(numbers).flatMap((name) => name.split("@").slice(1)))].sort((a, b) => +a - +b);
  const metrics = TOP_METRICS.filter((metric) => tops.some((k) => `${metric}@${k}` in numbers));
  const table = tops.map((k) => [k, ...metrics.map((metric) => formatNumber(numbers[`${metric}@${k}`]))]);
  return [
    ...(groups ? [describeGroups(groups)] : []),
    ...(lines.length > 0 ? [lines.join("\n")] : []),
    ...(table.length > 0 ? [formatTable(["first", ...metrics.map(titleOf)], table)] : []),
    ...(intervals ? [formatIntervals(numbers, intervals)] : []),
  ];
}

function describeGroups({ groups, oneClass, withoutRelevant, rowsWithout }: NonNullable<Evaluation["groups"]>): string {
  return [
    formatCount(groups, "group"),
    ...(oneClass > 0 ? [`${formatCount(oneClass)} of one class, without AUC`] : []),
    ...(withoutRelevant > 0 ? [`${formatCount(withoutRelevant)} without a relevant row, not ranked`] : []),
    ...(rowsWithout > 0 ? [`${formatCount(rowsWithout, "row")} without a group`] : []),
  ].join("; ");
}

function formatIntervals(numbers: Readonly<Record<string, number>>, intervals: NonNullable<Intervals>): string {
  return formatTable(
    ["metric", "value", "95 % interval", "std. error", "resamples"],
    Object.entries(intervals).map(([name, interval]) => [
      titleOf(name),
      formatNumber(numbers[name]),
      formatInterval([interval.low, interval.high]),
      formatNumber(interval.standardError),
      formatCount(interval.resamples),
    ]),
  );
}

/** A column of a table of slices: title, value, and the metric that its interval is of. */
type SliceColumn<S> = readonly [title: string, of: (slice: S) => number, metric: string];

function formatSlices<S extends { readonly value: string; readonly rows: number; readonly intervals?: Intervals }>(
  slices: Readonly<Record<string, readonly S[]>> | undefined,
  columns: readonly SliceColumn<S>[],
  counts: readonly (readonly [title: string, of: (slice: S) => string])[],
): string[] {
  return Object.entries(slices ?? {}).map(([column, own]) => {
    const hasIntervals = own.some(({ intervals }) => intervals !== undefined);
    const header = columns.flatMap(([title]) => hasIntervals ? [title, "95 % interval"] : [title]);
    return formatTable(
      [column, "rows", ...counts.map(([title]) => title), ...header],
      own.map((slice) => [
        slice.value.length > LONGEST ? `${slice.value.slice(0, LONGEST)}...` : slice.value,
        formatCount(slice.rows),
        ...counts.map(([, of]) => of(slice)),
        ...columns.flatMap(([, of, metric]) => {
          const interval = slice.intervals?.[metric];
          const cell = formatNumber(of(slice));
          return hasIntervals ? [cell, interval ? formatInterval([interval.low, interval.high]) : "-"] : [cell];
        }),
      ]),
    );
  });
}

/** Characters of a value that a table shows. */
const LONGEST = 40;

/** Writes an interval. */
export function formatInterval([low, high]: readonly [number, number]): string {
  return Number.isNaN(low) ? "-" : `${low.toFixed(5)} .. ${high.toFixed(5)}`;
}

/** Writes a metric, or a dash where there is none. */
export function formatNumber(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "-" : value.toFixed(5);
}

/** Returns what a metric is called. */
export function titleOf(name: string): string {
  return TITLES[name] ?? name;
}
