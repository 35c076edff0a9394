/**
 * How the losses of several tasks are put together.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { upload } from "../gpu/memory.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { headsOf } from "../data/survival.ts";
import { formatValue } from "../data/format.ts";
import { formatShape, Tensor } from "../graph/tensor.ts";
import type { CustomLoss, LossFunction } from "../losses.ts";
import { sum } from "../ops/dense/add.ts";
import { labelsByRow } from "../ops/train/labels.ts";
import { hazardLoss, labelLoss, type Loss } from "../ops/train/loss.ts";
import { type FieldSpace, logVariances, type Trace } from "../trace.ts";

/** Weights of the tasks' losses by name, 1 where left out; or learned ones. See {@linkcode FitOptions.taskWeights}. */
export type TaskWeights = Readonly<Record<string, number>> | "uncertainty";

/** Place of given weights on the device, or learned ones. */
export type PlacedWeights = BufferRange | "uncertainty";

/** Name of the graph's input with given weights. */
export const TASK_WEIGHTS = "task.weights";

/** What weights of losses are told of a schema. */
type Tasks = Pick<FittedSchema, "tasks" | "survival">;

/** Returns the names that losses are weighted by: tasks, or heads of intervals. */
export function weightedNames({ tasks, survival }: Tasks): readonly string[] {
  return survival ? Object.keys(survival.heads) : tasks;
}

/**
 * Refuses weights that the tasks do not have.
 *
 * @throws {TypeError} when there is one task, or one of another name, or weights of heads are to be learned
 * @throws {RangeError} when a weight is not finite or below 0
 */
export function requireTaskWeights(schema: Tasks, weights: TaskWeights | undefined): void {
  if (weights === undefined) return;
  const tasks = weightedNames(schema);
  if (tasks.length === 1) {
    const what = schema.survival ? "head" : "label";
    throw new TypeError(`Cannot train: taskWeights need several tasks, received the one ${what} "${tasks[0]}"`);
  }
  if (weights === "uncertainty") {
    if (!schema.survival) return;
    throw new TypeError('Cannot train: taskWeights of heads must be numbers, received "uncertainty"');
  }
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

/** Uploads given weights, 1 for tasks that are left out; learned ones are parameters. Intervals have those of their head. */
export function placeTaskWeights(
  gpu: Gpu,
  { tasks, survival }: Tasks,
  weights: TaskWeights | undefined,
): PlacedWeights | undefined {
  if (weights === undefined || weights === "uncertainty") return weights;
  const names = survival ? headsOf(survival).flatMap(({ name, ends }) => ends.slice(1).map(() => name)) : tasks;
  return { buffer: upload(gpu, TASK_WEIGHTS, Float32Array.from(names, (name) => weights[name] ?? 1)) };
}

/** The loss of a step, with the learned log-variances where there are some. */
export interface StepLoss extends Loss {
  /** What `dLogits` is the gradient by: the logits, or losses `[B, T]` that the training's own function makes of them. */
  readonly from: Tensor;
  /** Logarithms of the variances of the tasks, `[T]`. */
  readonly logVariances?: Tensor;
}

/** What the loss of a step depends on besides the model. */
export interface StepLossOptions {
  /** Place of the ring of losses. */
  readonly losses: BufferRange;
  /** Weights of the tasks' losses. */
  readonly taskWeights?: PlacedWeights;
  /** The loss of a label. */
  readonly loss?: LossFunction;
}

/** Builds the loss of a traced model: that of labels, or the likelihood of times where there are heads. */
export function lossOf(
  { logits, targets }: Pick<Trace, "logits" | "targets">,
  { tasks = ["label"], heads, weighted = false, real }: Pick<FieldSpace, "tasks" | "heads" | "weighted" | "real">,
  { losses: ring, taskWeights: weights, loss }: StepLossOptions,
): StepLoss {
  const { graph } = logits;
  const count = tasks.length;
  const label = typeof loss === "function" ? "given" as const : loss;
  const from = typeof loss === "function" ? lossesBy(loss, logits, labelsByRow(targets, count, real)) : logits;
  const term = graph.terms.length > 0 ? sum(...graph.terms) : undefined;
  if (weights === "uncertainty") {
    const learned = logVariances(graph, count);
    const how = { label, ring, term, weighted: true, logVariances: learned };
    return { ...labelLoss(from, targets, how), from, logVariances: learned };
  }
  const taskWeights = weights && graph.input(TASK_WEIGHTS, [count]);
  const given = { label, ring, term, taskWeights };
  // The one label of a row is always known.
  const whole = heads
    ? hazardLoss(from, targets, given)
    : labelLoss(from, targets, { ...given, weighted: weighted || count > 1, real });
  return { ...whole, from };
}

/** Computes losses by a function of the training's own. */
function lossesBy(loss: CustomLoss, logits: Tensor, labels: Tensor): Tensor {
  const losses = loss(logits, labels);
  if (losses instanceof Tensor && losses.shape.join() === logits.shape.join()) return losses;
  const received = losses instanceof Tensor ? formatShape(losses.shape) : formatValue(losses);
  throw new TypeError(`Cannot train: loss must return a tensor ${formatShape(logits.shape)}, received ${received}`);
}
