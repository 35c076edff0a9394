/**
 * Probabilities and metrics by task.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { headsOf, type SurvivalHead } from "../data/survival.ts";
import {
  evaluateNumbers,
  evaluatePredictions,
  evaluateSurvival,
  evaluateTasks,
  type Evaluation,
  type EvaluationOptions,
  type HeadPredictions,
  type SurvivalCurves,
  survivalCurves,
} from "../metrics.ts";

/** Probabilities `[rows]` by the task's name. */
export type TaskProbabilities = Record<string, Float32Array<ArrayBuffer>>;

/** Takes the columns of probabilities `[rows, T]` apart. */
export function byTask(all: Float32Array<ArrayBuffer>, tasks: readonly string[]): TaskProbabilities {
  return Object.fromEntries(tasks.map((name, task) => [name, columnOf(all, task, tasks.length)]));
}

/** Returns a column of numbers `[rows, T]`; with one task all of them. */
export function columnOf(all: Float32Array<ArrayBuffer>, task: number, tasks: number): Float32Array<ArrayBuffer> {
  if (tasks === 1) return all;
  return Float32Array.from({ length: all.length / tasks }, (_, row) => all[row * tasks + task]);
}

/**
 * Measures predictions against a data set's labels.
 *
 * @throws {TypeError} when options ask for more than the metrics of times, where labels are times or numbers; when columns are of
 * another number of rows
 * @throws {RangeError} when there is no metric that is asked for
 */
export function evaluateByTask(
  predicted: TaskProbabilities,
  data: Dataset,
  options: EvaluationOptions = {},
): Evaluation {
  const { tasks, survival } = data.schema;
  if (survival) {
    requireNothingFurther(options, "times");
    const heads = headsOf(survival).map(({ name, first, ends }): [string, HeadPredictions] => {
      const own = ends.slice(1).map((_, k) => first + k);
      const hazards = own.map((task) => predicted[tasks[task]]);
      return [name, { hazards, labels: own.map((task) => data.labelsOf(task)), ends }];
    });
    return evaluateSurvival(Object.fromEntries(heads), data.lifetimes!);
  }
  const { weights } = data;
  if (data.schema.real) {
    requireNothingFurther(options, "numbers");
    return evaluateNumbers(predicted[tasks[0]], data.labelsOf(0), weights);
  }
  if (tasks.length === 1) return evaluatePredictions(predicted[tasks[0]], data.labelsOf(0), weights, options);
  const pairs = tasks.map((name, t) => [name, { probabilities: predicted[name], labels: data.labelsOf(t), weights }]);
  return evaluateTasks(Object.fromEntries(pairs), options);
}

function requireNothingFurther({ metrics = [], ...options }: EvaluationOptions, labels: string): void {
  const asked = metrics.length > 0 ? "metrics" : (["group", "by", "intervals"] as const).find((name) => options[name]);
  if (asked === undefined) return;
  throw new TypeError(`Cannot evaluate: labels must be 0 or 1 for "${asked}", received ${labels}`);
}

/**
 * Returns the heads of a schema whose labels are times.
 *
 * @throws {TypeError} when they are not
 */
export function requireHeads({ tasks, survival }: Pick<FittedSchema, "tasks" | "survival">): readonly SurvivalHead[] {
  if (survival) return headsOf(survival);
  throw new TypeError(`Cannot predict survival: the schema must have survival, received labels ${tasks.join(", ")}`);
}

/** Turns the hazards of intervals into survival probabilities and expected times by head. */
export function curvesByHead(
  hazards: TaskProbabilities,
  heads: readonly SurvivalHead[],
  tasks: readonly string[],
): Record<string, SurvivalCurves> {
  return Object.fromEntries(
    heads.map(({ name, first, ends }) => {
      const own = tasks.slice(first, first + ends.length - 1);
      return [name, survivalCurves(own.map((task) => hazards[task]), ends)];
    }),
  );
}

/**
 * Refuses a data set of several labels where one is wanted.
 *
 * @throws {TypeError} then
 */
export function requireOneTask(tasks: readonly string[]): void {
  if (tasks.length === 1) return;
  throw new TypeError(
    `Cannot predict: there must be one label, received ${tasks.join(", ")}; predictTasks returns those of each`,
  );
}
