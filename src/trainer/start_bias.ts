/**
 * The bias of the logits before the first step: the log-odds of the training labels.
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
import type { Tensor } from "../graph/tensor.ts";
import type { ModelParts } from "../model/parts.ts";
import { type FieldSpace, traceModel } from "../trace.ts";

/** How the bias of the logits starts: see {@linkcode FitOptions.initialBias}. */
export type InitialBias = "log-odds" | "keep";

/**
 * Finds the parameters that a model adds to its logits: one, or one for each logit of a mean or of those that learn the
 * labels side by side; none where the logits have no bias that is added once. Of several that are added to one another,
 * the first counts.
 */
export function logitBiases(definition: Definition, space: FieldSpace): Parameter[] {
  return addedTo(traceModel(definition, "train", new Declarations(), space, 1).logits);
}

function addedTo({ graph, origin, shape }: Tensor): Parameter[] {
  if (origin.kind === "parameter") {
    return shape.join() === "1" && readsOf(graph, origin.parameter) === 1 ? [origin.parameter] : [];
  }
  if (origin.kind !== "node") return [];
  const { op, inputs, attributes } = origin.node;
  switch (op.name) {
    case "add":
    case "sum":
      return firstOf(inputs);
    case "add_bias":
      return firstOf([inputs[1], inputs[0]]);
    case "dense": {
      const { activation, dropout } = attributes as { activation: string; dropout?: object };
      return inputs.length > 2 && activation === "none" && !dropout ? addedTo(inputs[2]) : [];
    }
    case "cin_logit":
    case "next_item_loss":
      return addedTo(inputs[0]);
    case "cin_top":
      return inputs.length > 3 ? addedTo(inputs[3]) : [];
    case "auxiliary_logit":
      return inputs.flatMap((input) => addedTo(input));
    case "distilled_mean": {
      const [left, right] = inputs.map(addedTo);
      return left.length > 0 && right.length > 0 ? [...left, ...right] : [];
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

function firstOf(terms: readonly Tensor[]): Parameter[] {
  for (const term of terms) {
    const found = addedTo(term);
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * Sets the bias of the logits to ln(p / (1 - p)) with p the share of positive labels.
 *
 * Labels of one class have no log-odds, and some models add no bias; both leave the parameters as they are.
 */
export function startAtLogOdds({ definition, space, store }: ModelParts, data: Dataset): void {
  const { positives, rows } = data;
  if (positives === 0 || positives === rows) return;
  const logOdds = Math.log(positives / (rows - positives));
  for (const bias of logitBiases(definition, space)) store.fill(bias.name, logOdds);
}
