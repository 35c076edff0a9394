/**
 * What an evaluation adds to its metrics when asked: further metrics, those of groups, slices and intervals.
 *
 * @module
 */
import { bootstrap, type Interval } from "./bootstrap.ts";
import { groupRows } from "./by_group.ts";
import { ECE_BINS, expectedCalibrationError } from "./calibration.ts";
import type { Evaluation } from "./evaluation.ts";
import { type AucByGroup, aucByGroup, meanOfGroups } from "./grouped_auc.ts";
import { clipOf } from "./likelihood.ts";
import { type FurtherMetric, groupedMetrics, isGroupedMetric, requireFurtherMetrics } from "./names.ts";
import { averagePrecision } from "./ranking.ts";
import { meanOf, type RankingMetric, rankingsByGroup } from "./rankings.ts";
import { type RowMetric, RowMetrics } from "./row_metrics.ts";
import { checkProbabilities, type Rows, takeNumbers } from "./rows.ts";
import { type SliceEvaluation, sliceRows } from "./slices.ts";

/** Values of a column, one for each row; undefined where a row has none. */
export type RowColumn = ArrayLike<string | number | undefined>;

/** What an evaluation is asked for beside its metrics. */
export interface EvaluationOptions {
  /**
   * Further metrics to compute: `averagePrecision`, `ece` (expected calibration error over tenths of the rows), and those
   * of groups: `gauc` and `gaucMean` (see `groupedAuc`, weighted by impressions and not), `mrr`, and `ndcg@K`, `map@K`,
   * `hitRate@K`, `precision@K` and `recall@K` (see `rankingMetrics`) for any K.
   *
   * @default with a group, all those of groups at each `k`; without, none
   */
  readonly metrics?: readonly FurtherMetric[];
  /** How many first rows of a group's ranking count, where `metrics` does not say. @default {[1, 5, 10]} */
  readonly k?: readonly number[];
  /** Value of each row that tells its group, such as a user; rows without one are left out of the metrics of groups. */
  readonly group?: RowColumn;
  /**
   * Columns by name whose values slice the rows; metrics are computed for each slice. A column of numbers with more than 50
   * values is cut into tenths of the rows; of other columns, the 50 values of most rows are slices.
   */
  readonly by?: Readonly<Record<string, RowColumn>>;
  /** Number of resamples to compute 95 % intervals of all metrics from, of groups where there are some; `true` for 1000. */
  readonly intervals?: boolean | number;
  /** Seed of the resamples. @default {1} */
  readonly seed?: number;
}

/** Groups behind the metrics of groups. */
export interface GroupCounts {
  /** Groups in all. */
  readonly groups: number;
  /** Those of one class, which have no AUC. */
  readonly oneClass: number;
  /** Those without a positive row, which have no ranking to judge. */
  readonly withoutRelevant: number;
  /** Rows without a group. */
  readonly rowsWithout: number;
}

/** What {@linkcode evaluateFurther} adds. */
type Further = Pick<Evaluation, "groups" | "slices" | "intervals"> & Partial<Record<FurtherMetric, number>>;

/**
 * Returns the metrics that options ask for.
 *
 * @throws {RangeError} when there is no such metric
 * @throws {TypeError} when one of groups is asked for without a group
 */
export function furtherMetricsOf(
  { metrics, k, group }: Omit<EvaluationOptions, "by" | "group"> & { group?: unknown },
): readonly FurtherMetric[] {
  const names = metrics ?? (group === undefined ? [] : groupedMetrics(k));
  requireFurtherMetrics("evaluate", names, group !== undefined);
  return names;
}

/** Computes what options ask for, and why a metric is NaN. */
export function evaluateFurther(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
  options: EvaluationOptions,
): { readonly further: Further; readonly notes: Readonly<Record<string, string>> } {
  const names = furtherMetricsOf(options);
  const rows = checkProbabilities("evaluation", probabilities, labels, weights);
  requireColumns(options, labels.length);
  const grouped = options.group && new Grouped(rows, options.group, names);
  const notes: Record<string, string> = {};
  const plain: Partial<Record<FurtherMetric, number>> = {};
  if (names.includes("ece")) plain.ece = expectedCalibrationError(probabilities, labels, { ...ECE_BINS, weights });
  if (names.includes("averagePrecision")) {
    plain.averagePrecision = rows.positiveWeight > 0 ? averagePrecision(probabilities, labels, weights) : NaN;
    if (rows.positiveWeight === 0) notes.averagePrecision = `no row is positive, received ${labels.length} rows`;
  }
  const byGroup = grouped?.measure() ?? {};
  for (const [name, value] of Object.entries(byGroup)) {
    if (Number.isNaN(value)) notes[name] = grouped!.whyNot(name);
  }
  const { by } = options;
  const slices = by && Object.fromEntries(
    Object.entries(by).map(([name, column]) => [name, evaluateSlices(probabilities, rows, column, options)]),
  );
  const intervals = options.intervals
    ? intervalsOf(rows, { clip: clipOf(probabilities), names, grouped, options })
    : undefined;
  return {
    further: {
      ...plain,
      ...byGroup,
      ...(grouped && { groups: grouped.counts }),
      ...(slices && { slices }),
      ...(intervals && { intervals }),
    },
    notes,
  };
}

/** Metrics of the groups of rows that have one. */
class Grouped {
  readonly counts: GroupCounts;
  readonly #names: readonly FurtherMetric[];
  readonly #auc: AucByGroup;
  readonly #rankings: Readonly<Record<string, Float64Array>>;
  /** First row of each group. */
  readonly #first: Uint32Array;

  constructor(rows: Rows, column: RowColumn, names: readonly FurtherMetric[]) {
    const known = knownRows(column);
    const own = Array.from(known, (row) => column[row]!);
    const groups = groupRows("grouped metrics", own, own.length);
    const [values, labels, weights] = [rows.values, rows.labels, rows.weights].map((all) => takeNumbers(all, known));
    this.#names = names.filter(isGroupedMetric);
    this.#auc = aucByGroup({ ...rows, values, labels: Uint8Array.from(labels), weights }, groups);
    const rankings = this.#names.filter((name) => !name.startsWith("gauc")) as RankingMetric[];
    this.#rankings = known.length > 0 && rankings.length > 0
      ? rankingsByGroup(values, labels, own, rankings, {}).values
      : Object.fromEntries(rankings.map((name) => [name, new Float64Array(0)]));
    const hasPositive = new Uint8Array(groups.sizes.length);
    for (let i = 0; i < known.length; i++) if (labels[i] === 1) hasPositive[groups.of[i]] = 1;
    this.#first = new Uint32Array(groups.sizes.length);
    for (let i = known.length - 1; i >= 0; i--) this.#first[groups.of[i]] = known[i];
    this.counts = {
      groups: groups.sizes.length,
      oneClass: meanOfGroups(this.#auc).oneClass,
      withoutRelevant: hasPositive.reduce((sum, has) => sum + 1 - has, 0),
      rowsWithout: column.length - known.length,
    };
  }

  /** Computes the metrics, of groups that count as often as `counts` says of their rows. */
  measure(counts?: ArrayLike<number>): Record<string, number> {
    const times = counts && Float64Array.from(this.#first, (row) => counts[row]);
    const { byImpressions, mean } = meanOfGroups(this.#auc, times);
    return Object.fromEntries(this.#names.map((name) => [
      name,
      name === "gauc" ? byImpressions : name === "gaucMean" ? mean : meanOf(this.#rankings[name], times),
    ]));
  }

  /** Says why a metric is NaN. */
  whyNot(name: string): string {
    const what = name.startsWith("gauc") ? "rows of both classes" : "a positive row";
    return `no group has ${what}, received ${this.counts.groups} groups`;
  }
}

/** Returns the rows that have a value. */
function knownRows(column: RowColumn): Uint32Array {
  const rows = new Uint32Array(column.length);
  let known = 0;
  for (let row = 0; row < column.length; row++) if (column[row] !== undefined) rows[known++] = row;
  return rows.subarray(0, known);
}

/** Computes intervals of all metrics from the same resamples. */
function intervalsOf(
  rows: Rows,
  { clip, names, grouped, options }: {
    readonly clip: number;
    readonly names: readonly FurtherMetric[];
    readonly grouped?: Grouped;
    readonly options: EvaluationOptions;
  },
): Record<string, Interval> {
  const metrics = new RowMetrics(rows, clip);
  const { order } = metrics;
  const wanted: readonly RowMetric[] = [
    ...["auc", "logloss", "brier", "normalizedEntropy", "calibration"] as const,
    ...["averagePrecision", "ece"].filter((name) => names.includes(name as FurtherMetric)) as RowMetric[],
  ];
  const { group } = options;
  // Rows without a group are groups of their own.
  const groups = group && Array.from(order, (row) => group[row] ?? `\0${row}`);
  const byRow = grouped && new Uint16Array(order.length);
  return bootstrap(
    (counts) => {
      const all = metrics.measure(counts);
      const plain = Object.fromEntries(wanted.map((name) => [name, all[name]]));
      if (!grouped || !byRow) return plain;
      order.forEach((row, i) => byRow[row] = counts[i]);
      return { ...plain, ...grouped.measure(byRow) };
    },
    order.length,
    { ...resampling(options), groups },
  );
}

function resampling({ intervals, seed }: EvaluationOptions): { resamples?: number; seed?: number } {
  return { seed, ...(typeof intervals === "number" && { resamples: intervals }) };
}

/** Evaluates the slices of a column. */
function evaluateSlices(
  probabilities: ArrayLike<number>,
  rows: Rows,
  column: RowColumn,
  options: EvaluationOptions,
): SliceEvaluation[] {
  const { group, intervals } = options;
  return sliceRows(column).map(({ value, rows: own }) => {
    const [p, y, w] = [rows.values, rows.labels, rows.weights].map((all) => takeNumbers(all, own));
    const clip = clipOf(probabilities);
    const total = w.reduce((sum, weight) => sum + weight, 0);
    const positives = y.reduce((sum, label) => sum + label, 0);
    if (total === 0) return { value, rows: own.length, positives, auc: NaN, logloss: NaN, calibration: NaN, ece: NaN };
    const slice = checkProbabilities("slice", p, y, w);
    const { auc, logloss, calibration, ece } = new RowMetrics(slice, clip).measure(new Uint8Array(own.length).fill(1));
    const groups = group && Array.from(own, (row) => group[row]);
    const ends = intervals
      ? intervalsOf(slice, { clip, names: ["ece"], options: { ...options, group: groups } })
      : undefined;
    return { value, rows: own.length, positives, auc, logloss, calibration, ece, ...(ends && { intervals: ends }) };
  });
}

function requireColumns({ group, by = {} }: EvaluationOptions, rows: number): void {
  for (const [name, column] of Object.entries({ ...by, ...(group && { group }) })) {
    if (column.length === rows) continue;
    throw new TypeError(`Cannot evaluate: "${name}" must be of ${rows} rows, received ${column.length}`);
  }
}
