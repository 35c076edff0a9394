/**
 * Probabilities and metrics by task.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { evaluatePredictions, evaluateTasks, type Evaluation } from "../metrics.ts";

/** Probabilities `[rows]` by the task's name. */
export type TaskProbabilities = Record<string, Float32Array<ArrayBuffer>>;

/** Takes the columns of probabilities `[rows, T]` apart. */
export function byTask(all: Float32Array<ArrayBuffer>, tasks: readonly string[]): TaskProbabilities {
  const count = tasks.length;
  if (count === 1) return { [tasks[0]]: all };
  const columnOf = (task: number) =>
    Float32Array.from({ length: all.length / count }, (_, row) => all[row * count + task]);
  return Object.fromEntries(tasks.map((name, task) => [name, columnOf(task)]));
}

/** Measures predictions against a data set's labels. */
export function evaluateByTask(predicted: TaskProbabilities, data: Dataset): Evaluation {
  const { tasks } = data.schema;
  if (tasks.length === 1) return evaluatePredictions(predicted[tasks[0]], data.labels);
  const pairs = tasks.map((name, t) => [name, { probabilities: predicted[name], labels: data.labelsOf(t) }]);
  return evaluateTasks(Object.fromEntries(pairs));
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
