/**
 * Sums and copies of tensors.
 *
 * @module
 */
import source from "../../../shaders/dense/elementwise.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";

/** Tensors that one kernel adds at most. */
export const MOST_TERMS = 4;

function emitElements(k: Emitter, entry: string, bind: Record<string, Tensor>): void {
  const { part, count } = lanesOf(sizeOf(bind.y.shape, k.batch));
  const elementwise = shader("elementwise", { grid, ...part, elementwise: source });
  k.run({ shader: elementwise, entry, bind, params: { size: count }, grid: Math.ceil(count / 256) });
}

/** Appends y = a + b. */
export function emitAdd(k: Emitter, a: Tensor, b: Tensor, y: Tensor): void {
  emitElements(k, "add", { a, b, y });
}

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
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitAdd(k, a, b, y),
  backward: (node, [dy]) => node.inputs.map(() => dy),
};

/** Adds tensors of one shape: y = a + b + ..., from left to right. */
export function add(...parts: Tensor[]): Tensor {
  return parts.reduce((sum, part) => apply(addOp, [sum, part], null));
}

/** Sum of three or four tensors, from left to right. */
export const sumOp: Op<null> = {
  ...addOp,
  name: "sum",
  emit: (k, { inputs: [a, b, c, d], outputs: [y] }) =>
    d ? emitElements(k, "add4", { a, b, c, d, y }) : emitElements(k, "add3", { a, b, c, y }),
};

/** Adds tensors of one shape from left to right, as {@linkcode add} does, by as few kernels as can be. */
export function sum(...parts: Tensor[]): Tensor {
  let [total, ...rest] = parts;
  while (rest.length > 0) {
    const next = [total, ...rest.slice(0, MOST_TERMS - 1)];
    total = apply(next.length === 2 ? addOp : sumOp, next, null);
    rest = rest.slice(MOST_TERMS - 1);
  }
  return total;
}

const copyOp: Op<null> = {
  name: "copy",
  outputs: ([a]) => [a.shape],
  emit: (k, { inputs: [a], outputs: [y] }) => emitElements(k, "copy", { a, y }),
  backward: (_, [dy]) => [dy],
};

/** Copies a tensor to memory of its own. */
export function copy(a: Tensor): Tensor {
  return apply(copyOp, [a], null);
}
