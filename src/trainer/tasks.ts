/**
 * How the losses of several tasks are put together.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { upload } from "../gpu/memory.ts";
import type { Graph } from "../graph/graph.ts";
import type { LossOptions } from "../ops/train/loss.ts";
import { logVariances } from "../trace.ts";

/** Weights of the tasks' losses by name, 1 where left out; or learned ones. See {@linkcode FitOptions.taskWeights}. */
export type TaskWeights = Readonly<Record<string, number>> | "uncertainty";

/** Place of given weights on the device, or learned ones. */
export type PlacedWeights = BufferRange | "uncertainty";

/** Name of the graph's input with given weights. */
export const TASK_WEIGHTS = "task.weights";

/**
 * Refuses weights that the tasks do not have.
 *
 * @throws {TypeError} when there is one task, or one of another name
 * @throws {RangeError} when a weight is not finite or below 0
 */
export function requireTaskWeights(tasks: readonly string[], weights: TaskWeights | undefined): void {
  if (weights === undefined) return;
  if (tasks.length === 1) {
    throw new TypeError(`Cannot train: taskWeights need several tasks, received the one label "${tasks[0]}"`);
  }
  if (weights === "uncertainty") return;
  if (typeof weights !== "object" || weights === null) {
    throw new TypeError(`Cannot train: taskWeights must be weights by task or "uncertainty", received ${weights}`);
  }
  for (const [name, weight] of Object.entries(weights)) {
    if (!tasks.includes(name)) {
      throw new TypeError(`Cannot train: taskWeights are of the tasks ${tasks.join(", ")}, received "${name}"`);
    }
    if (!(weight >= 0 && Number.isFinite(Math.fround(weight)))) {
      throw new RangeError(`Cannot train: taskWeights.${name} must be finite and at least 0, received ${weight}`);
    }
  }
}

/** Uploads given weights, 1 for tasks that are left out; learned ones are parameters. */
export function placeTaskWeights(
  gpu: Gpu,
  tasks: readonly string[],
  weights: TaskWeights | undefined,
): PlacedWeights | undefined {
  if (weights === undefined || weights === "uncertainty") return weights;
  return { buffer: upload(gpu, TASK_WEIGHTS, Float32Array.from(tasks, (task) => weights[task] ?? 1)) };
}

/** Returns what the loss is told about weights. */
export function weightingOf(graph: Graph, count: number, weights: PlacedWeights | undefined): LossOptions {
  // The one label of a row is always known.
  const weighted = count > 1;
  if (weights === undefined) return { weighted };
  if (weights === "uncertainty") return { weighted, logVariances: logVariances(graph, count) };
  return { weighted, taskWeights: graph.input(TASK_WEIGHTS, [count]) };
}
