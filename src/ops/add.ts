/**
 * Sums and copies of tensors.
 *
 * @module
 */
import source from "../../shaders/elementwise.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, type Op } from "../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../graph/tensor.ts";

const elementwise = shader("elementwise", { grid, elementwise: source });

/** Sum of two tensors. */
export const addOp: Op<null> = {
  name: "add",
  outputs: (inputs) => {
    const [first] = inputs;
    const other = inputs.find((input) => input.shape.join() !== first.shape.join());
    if (other) {
      throw new TypeError(
        `Cannot build add: all inputs must have shape ${formatShape(first.shape)}, received ${
          formatShape(other.shape)
        }`,
      );
    }
    return [first.shape];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => {
    const size = sizeOf(y.shape, k.batch);
    k.run({
      shader: elementwise,
      entry: "add",
      bind: { a, b, y },
      params: { size },
      grid: Math.ceil(size / 256),
    });
  },
  backward: (node, [dy]) => node.inputs.map(() => dy),
};

/** Adds tensors of one shape: y = a + b + ..., from left to right. */
export function add(...parts: Tensor[]): Tensor {
  return parts.reduce((sum, part) => apply(addOp, [sum, part], null));
}

const copyOp: Op<null> = {
  name: "copy",
  outputs: ([a]) => [a.shape],
  emit: (k, { inputs: [a], outputs: [y] }) => {
    const size = sizeOf(y.shape, k.batch);
    k.run({ shader: elementwise, entry: "copy", bind: { a, y }, params: { size }, grid: Math.ceil(size / 256) });
  },
  backward: (_, [dy]) => [dy],
};

/** Copies a tensor to memory of its own. */
export function copy(a: Tensor): Tensor {
  return apply(copyOp, [a], null);
}
