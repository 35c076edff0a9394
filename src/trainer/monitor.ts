/**
 * The metrics of validation rows that a training watches.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { headsOf, type SurvivalHead } from "../data/survival.ts";
import { evaluatePredictions, METRIC_NAMES, missingMetrics } from "../metrics/evaluation.ts";
import {
  FURTHER_METRICS,
  type FurtherMetric,
  isFurtherMetric,
  isGroupedMetric,
  requireFurtherMetrics,
} from "../metrics/names.ts";
import { missingNumberMetrics, NUMBER_METRICS } from "../metrics/numbers.ts";
import { missingSurvivalMetrics, SURVIVAL_METRICS } from "../metrics/survival.ts";
import { type EvaluateOptions, evaluationOf } from "../model/evaluation_columns.ts";
import type { EarlyStopping, FitOptions } from "./options.ts";
import { weightedNames } from "./tasks.ts";

/** Returns the metric that early stopping watches: `auc`, or `rmse` where labels are numbers, unless it is told. */
export function monitorOf(
  { monitor }: NonNullable<FitOptions["earlyStopping"]>,
  { real }: Pick<FittedSchema, "real">,
): NonNullable<EarlyStopping["monitor"]> {
  return monitor ?? (real ? "rmse" : "auc");
}

/** Returns what evaluations compute beside what they always do: what was asked for, and what is monitored. */
export function furtherOf(
  { metrics, group, earlyStopping }: FitOptions,
): Pick<EvaluateOptions, "group"> & { readonly metrics: readonly FurtherMetric[] } {
  const monitored = earlyStopping ? metricsIn(earlyStopping.monitor).map(nameOf).filter(isFurtherMetric) : [];
  const asked = metrics ?? (group === undefined || monitored.some(isGroupedMetric) ? [] : ["gauc" as const]);
  return { metrics: [...new Set([...asked, ...monitored])], ...(group !== undefined && { group }) };
}

/**
 * Refuses metrics of evaluations that cannot be asked for.
 *
 * @throws {TypeError} when there is no validation data to compute them on, no group for those of groups, or labels are times
 * @throws {RangeError} when there is no such metric, or no such field to group by
 */
export function requireFurther(options: FitOptions): void {
  const { validation, metrics, group } = options;
  if (metrics === undefined && group === undefined) return;
  const given = metrics === undefined ? "group" : "metrics";
  if (!validation) throw new TypeError(`Cannot train: ${given} needs validation data, received none`);
  if (!hasClasses(validation)) {
    const received = validation.schema.survival ? "times" : "numbers";
    throw new TypeError(`Cannot train: ${given} needs labels 0 and 1, received ${received}`);
  }
  requireFurtherMetrics("train", metrics ?? [], group !== undefined);
  const { group: column } = evaluationOf(validation, { group });
  if (column === undefined || column.length === validation.rows) return;
  throw new TypeError(`Cannot train: group must be of ${validation.rows} validation rows, received ${column.length}`);
}

/**
 * Refuses a monitor that the validation data cannot give a value to.
 *
 * @throws {TypeError} when there is no validation data, or no group for a metric of groups
 * @throws {RangeError} when there is no such metric, or it cannot be computed
 */
export function requireMonitor({ validation, group }: FitOptions, monitor: EarlyStopping["monitor"]): void {
  if (!validation) throw new TypeError("Cannot train: early stopping needs validation data, received none");
  const tasks = weightedNames(validation.schema);
  const several = tasks.length > 1;
  for (const monitored of metricsIn(monitor)) {
    const name = nameOf(monitored);
    const task = monitored === name ? undefined : monitored.slice(name.length + 1);
    const isKnown = alwaysComputed(validation).includes(name) ||
      (hasClasses(validation) && isFurtherMetric(name));
    if (!isKnown || (task !== undefined && !(several && tasks.includes(task)))) {
      const behind = several ? `, and those behind a point with a task of ${tasks.join(", ")}` : "";
      const metrics = [...alwaysComputed(validation), ...(hasClasses(validation) ? FURTHER_METRICS : [])];
      throw new RangeError(
        `Cannot train: metrics to monitor are ${metrics.join(", ")}${behind}, received "${monitored}"`,
      );
    }
    if (isGroupedMetric(name) && group === undefined) {
      throw new TypeError(`Cannot train: the monitor "${monitored}" needs a group, received none`);
    }
    const watched = task === undefined ? tasks : [task];
    const why = watched.map((task) => missingOf(validation, task, { name, group })).find((reason) =>
      reason !== undefined
    );
    if (why) {
      throw new RangeError(
        `Cannot train: the monitor "${monitored}" cannot be computed on the validation data: ${why}`,
      );
    }
  }
}

/** Lists the metrics of a monitor, which may be a weighted sum of several. */
function metricsIn(monitor: EarlyStopping["monitor"] = "auc"): string[] {
  return typeof monitor === "string" ? [monitor] : Object.keys(monitor);
}

/** Returns the metric of a name, without the task that may follow. */
function nameOf(monitored: string): string {
  return monitored.split(".")[0];
}

/** Whether labels are 0 and 1, and neither times nor numbers. */
function hasClasses({ schema }: Dataset): boolean {
  return !schema.survival && !schema.real;
}

function alwaysComputed({ schema: { survival, real } }: Dataset): readonly string[] {
  if (real) return [...NUMBER_METRICS, ...METRIC_NAMES];
  return survival ? [...new Set([...SURVIVAL_METRICS, ...METRIC_NAMES])] : METRIC_NAMES;
}

/** Returns why a metric of a task or head cannot be computed; nothing where it can. */
function missingOf(
  data: Dataset,
  task: string,
  { name, group }: { readonly name: string; readonly group: FitOptions["group"] },
): string | undefined {
  const { tasks, survival, real } = data.schema;
  if (real) return missingNumberMetrics[name];
  const names = weightedNames(data.schema);
  const missing = survival
    ? missingSurvivalMetrics(headLabels(data, headsOf(survival)[names.indexOf(task)]), data.lifetimes!)
    : isFurtherMetric(name)
    ? missingFurther(data, tasks.indexOf(task), name, group)
    : missingMetrics(data.labelsOf(tasks.indexOf(task)).filter((label) => label >= 0));
  if (missing[name] === undefined || names.length === 1) return missing[name];
  return `task "${task}": ${missing[name]}`;
}

/** Evaluates predictions that are all alike: whether a metric can be computed does not depend on them. */
function missingFurther(
  data: Dataset,
  task: number,
  name: FurtherMetric,
  group: FitOptions["group"],
): Readonly<Record<string, string>> {
  const labels = data.labelsOf(task);
  const known = Array.from(labels.keys()).filter((row) => labels[row] >= 0);
  if (known.length === 0) return { [name]: "no label is known" };
  const { group: column } = evaluationOf(data, { group });
  const own = Float32Array.from(known, (row) => labels[row]);
  const { notes = {} } = evaluatePredictions(
    new Float32Array(own.length).fill(0.5),
    own,
    data.weights && Float32Array.from(known, (row) => data.weights![row]),
    { metrics: [name], ...(column && { group: known.map((row) => column[row]) }) },
  );
  return notes;
}

function headLabels(data: Dataset, { first, ends }: SurvivalHead): Float32Array[] {
  return ends.slice(1).map((_, k) => data.labelsOf(first + k));
}
