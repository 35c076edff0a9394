/**
 * The metric that early stopping watches, as the command line names it.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { isFurtherMetric } from "../metrics/names.ts";
import type { EarlyStopping } from "../trainer/options.ts";
import { weightedNames } from "../trainer/tasks.ts";
import type { Options } from "./options.ts";

/** Metrics that can be watched alone, beside those that an evaluation computes when asked. */
const ALONE = ["auc", "logloss", "brier", "normalizedEntropy"] as const;

/**
 * Reads a metric, one of a task, or a weighted sum of metrics such as `auc=1,logloss=-1`.
 *
 * @throws {UsageError} when it is none of these
 */
export function readMonitor(options: Options<"monitor">, { schema }: Dataset): EarlyStopping["monitor"] {
  if (schema.real) return options.choice("monitor", ["rmse", "mae"] as const);
  const text = options.text("monitor");
  if (text?.includes("=")) return readSum(options);
  if (text !== undefined && !schema.survival && isFurtherMetric(text.split(".")[0])) {
    // Whether there is such a task, and a group, is known before training.
    return text as EarlyStopping["monitor"];
  }
  const tasks = weightedNames(schema);
  const metrics = schema.survival ? ["concordance", "logloss"] as const : ALONE;
  const byTask = tasks.length > 1 ? metrics.flatMap((metric) => tasks.map((task) => `${metric}.${task}` as const)) : [];
  return options.choice("monitor", [...metrics, ...byTask]) ?? (schema.survival && "concordance");
}

function readSum(options: Options<"monitor">): Record<string, number> {
  const parts = options.list("monitor").map((part): [string, number] => {
    const [, name, text] = /^([^=]+)=(.+)$/.exec(part) ?? [];
    const weight = Number(text);
    if (name === undefined || !Number.isFinite(weight)) {
      options.refuse(`option "--monitor" must be a sum such as auc=1,logloss=-1, received "${part}"`);
    }
    return [name, weight];
  });
  return Object.fromEntries(parts);
}
