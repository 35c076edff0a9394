/**
 * Tensors that no gradient goes through.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";

const stopGradientOp: Op<null> = {
  name: "stop_gradient",
  alias: true,
  outputs: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  emit: () => {},
  backward: () => [],
};

/** Returns the same numbers as a constant: what is computed from them sends no gradient back to `x`. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientOp, [x], null);
}
