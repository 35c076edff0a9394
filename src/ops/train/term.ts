/**
 * Terms that a model adds to the loss of the labels.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";

/** Passes its first input on. The others are what a term depends on, and then the gradient of the term by each. */
const termOp: Op<null> = {
  name: "add_term",
  alias: true,
  outputs: ([y]) => [y.shape],
  emit: () => {},
  backward: ({ inputs: [, ...more] }, [dy]) => [dy, ...more.slice(more.length / 2)],
};

/**
 * Passes a tensor on and adds a term to the loss, which an op has computed together with its gradients.
 *
 * @param y what the model goes on with
 * @param term `[1]`
 * @param gradients tensors that the term depends on, each with the gradient of the term by it
 * @returns y
 */
export function withTerm(y: Tensor, term: Tensor, gradients: readonly (readonly [Tensor, Tensor])[]): Tensor {
  y.graph.terms.push(term);
  return apply(termOp, [y, ...gradients.map(([x]) => x), ...gradients.map(([, dx]) => dx)], null);
}

/**
 * Returns the targets of a model's input.
 *
 * @throws {TypeError} when there are none
 */
export function requireTargets(op: string, targets: Tensor | undefined): Tensor {
  if (!targets) throw new TypeError(`Cannot build ${op}: training needs the input's targets, received none`);
  return targets;
}
