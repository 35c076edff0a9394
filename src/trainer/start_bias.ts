/**
 * The bias of the logits before the first step: the log-odds of the training labels, or the mean of numbers.
 *
 * From a bias of 0 a model says 0.5 for whatever it knows nothing about, and brings that to the rate of the labels only
 * as far as the values of the training data go.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Definition } from "../definition.ts";
import type { Graph } from "../graph/graph.ts";
import { Declarations, type Parameter } from "../graph/parameter.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { crossEntropy, type LossFunction, startingLogOdds } from "../losses.ts";
import type { ModelParts } from "../model/parts.ts";
import { type FieldSpace, traceModel } from "../trace.ts";
import type { TrainerContext } from "./context.ts";
import type { FitOptions } from "./options.ts";

/** How the bias of the logits starts: see {@linkcode FitOptions.initialBias}. */
export type InitialBias = "log-odds" | "keep";

/** A number that is added to a logit. */
export interface LogitBias {
  /** The parameter that holds it. */
  readonly parameter: Parameter;
  /** Its place there. */
  readonly element: number;
  /** Logits whose probability the logit's multiplies, where the task's probability is a product. */
  readonly given?: Tensor;
}

/**
 * Finds what a model adds to the logits of a task: one number, or one for each logit of a mean or of those that learn the
 * labels side by side; nothing where the logits have no bias that is added once. Of several that are added to one another,
 * the first counts.
 */
export function logitBiases(definition: Definition, space: FieldSpace, task = 0): LogitBias[] {
  const { logits } = traceModel(definition, "train", new Declarations(), space, 1);
  const learners = logits.graph.terms.flatMap(({ node }) => node?.op.name === "label_loss" ? node.inputs[0] : []);
  return [logits, ...learners].flatMap((learner) => addedTo(learner, task));
}

/** Returns the task whose logits a tensor holds, in the trace that it belongs to; -1 where it is none's. */
function taskOf(given: Tensor, tasks: readonly string[]): number {
  const packed = given.graph.nodes.find(({ op, inputs }) =>
    op.name === "concat" && inputs.length === tasks.length && inputs.includes(given)
  );
  return packed?.inputs.indexOf(given) ?? -1;
}

/** Finds what is added to a column. */
function addedTo({ graph, origin, shape }: Tensor, column: number): LogitBias[] {
  const width = widthOf(shape);
  if (origin.kind === "parameter") {
    const { parameter } = origin;
    return shape.length === 1 && readsOf(graph, parameter) === 1 ? [{ parameter, element: column }] : [];
  }
  if (origin.kind !== "node") return [];
  const { op, inputs, attributes } = origin.node;
  switch (op.name) {
    case "add":
    case "sum":
      return firstOf(inputs.filter((input) => widthOf(input.shape) === width), column);
    case "add_bias":
      return firstOf([inputs[1], inputs[0]], column);
    case "dense": {
      const { activation, dropout } = attributes as { activation: string; dropout?: object };
      return inputs.length > 2 && activation === "none" && !dropout ? addedTo(inputs[2], column) : [];
    }
    case "cin_logit":
    case "add_term":
      return addedTo(inputs[0], column);
    case "group_dense":
    case "star_parameters":
      return addedTo(inputs[2], column);
    case "cin_top":
      return inputs.length > 3 ? addedTo(inputs[3], column) : [];
    case "product_logit":
      return addedTo(inputs[1], column).map((bias) => ({ ...bias, given: inputs[0] }));
    case "distilled_mean":
    case "supervised_mean": {
      const [left, right] = inputs.slice(0, 2).map((input) => addedTo(input, column));
      return left.length > 0 && right.length > 0 ? [...left, ...right] : [];
    }
    case "concat": {
      let first = 0;
      const part = inputs.find((input) => (first += widthOf(input.shape)) > column)!;
      return addedTo(part, column - first + widthOf(part.shape));
    }
    case "split": {
      const before = origin.node.outputs.slice(0, origin.output);
      return addedTo(inputs[0], column + before.reduce((sum, part) => sum + widthOf(part.shape), 0));
    }
    default:
      return [];
  }
}

/** Counts how often a trace reads a parameter: one of a shared layer may be added several times. */
function readsOf({ nodes }: Graph, parameter: Parameter): number {
  const leaves = nodes.flatMap(({ inputs }) => inputs.map(({ origin }) => origin));
  return leaves.filter((origin) => origin.kind === "parameter" && origin.parameter === parameter).length;
}

function firstOf(terms: readonly Tensor[], column: number): LogitBias[] {
  for (const term of terms) {
    const found = addedTo(term, column);
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * Sets the bias of each task's logits to ln(p / (1 - p)) with p the share of positive labels among those known, over that
 * of another task where the probability is a product with that task's, or to what makes another loss the least.
 *
 * The shares are those of the rows that epochs take, where these have only some of the negative ones.
 *
 * Where labels are numbers, the bias is their mean. Labels of one class have no log-odds, and some models add no bias; both leave the parameters as they are.
 */
export function startAtLogOdds(
  { definition, space, store }: ModelParts,
  data: Dataset,
  loss: LossFunction = crossEntropy(),
  negativeRate = 1,
): void {
  const { tasks, real } = data.schema;
  if (real) {
    const mean = meanLabel(data);
    for (const { parameter, element } of logitBiases(definition, space)) {
      if (Number.isFinite(mean)) store.setElement(parameter.name, element, mean);
    }
    return;
  }
  const shareOf = (task: number): number => {
    const share = rateOf(data, task);
    return negativeRate === 1 ? share : share / (share + negativeRate * (1 - share));
  };
  tasks.forEach((_, task) => {
    for (const { parameter, element, given } of logitBiases(definition, space, task)) {
      const before = given && taskOf(given, tasks);
      const share = shareOf(task) / (before === undefined ? 1 : shareOf(before));
      if (share > 0 && share < 1) store.setElement(parameter.name, element, startingLogOdds(loss, share));
    }
  });
}

/** Returns the mean of labels that are numbers, by the weights of rows where they have some. */
function meanLabel({ labels, rows, weights }: Dataset): number {
  let [sum, all] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight * labels[row];
    all += weight;
  }
  return sum / all;
}

/** Returns the share of a task's positive labels among those known, by the weights of rows where labels have some. */
function rateOf(data: Dataset, task: number): number {
  const { known, positives } = data.classesOf(task);
  if (data.schema.weight === undefined) return positives / known;
  const [labels, weights] = [data.labelsOf(task), data.weights!];
  let [all, positive] = [0, 0];
  for (let row = 0; row < data.rows; row++) {
    if (labels[row] < 0) continue;
    all += weights[row];
    positive += weights[row] * labels[row];
  }
  return positive / all;
}

/**
 * Sets what a training has before its first step: the bias, and the weights where the optimizer computes them from its state.
 *
 * @param earlierSteps steps behind optimizer state that is taken up
 * @throws {TypeError} when the bias is to be set although there are such steps
 */
export async function startTraining(
  context: TrainerContext,
  data: Dataset,
  { initialBias = context.fresh ? "log-odds" : "keep", loss, negativeRate }: FitOptions,
  earlierSteps = 0,
): Promise<void> {
  const { access, store } = context;
  if (earlierSteps > 0) {
    if (initialBias === "keep") return;
    throw new TypeError(`Cannot train: initialBias must be "keep" with a kept optimizer, received "${initialBias}"`);
  }
  if (initialBias === "log-odds") await access.write(() => startAtLogOdds(context, data, loss, negativeRate));
  await store.optimizer.carryWeights();
}
