/**
 * Other shapes for the same memory.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Shape, type Tensor, widthOf } from "../../graph/tensor.ts";

/** The op behind {@linkcode reshape}. */
export const reshapeOp: Op<Shape> = {
  name: "reshape",
  alias: true,
  outputs: ([x], shape) => {
    const batches = (s: Shape): number => s.filter((dim) => dim === "B").length;
    if (widthOf(x.shape) !== widthOf(shape) || batches(x.shape) !== batches(shape)) {
      throw new TypeError(
        `Cannot build reshape: input must fill ${formatShape(shape)}, received ${formatShape(x.shape)}`,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  emit: () => {},
  backward: ({ inputs: [x] }, [dy]) => [dy && reshape(dy, x.shape)],
};

/** Gives a tensor another shape without moving a number. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return apply(reshapeOp, [x], shape);
}

/** Flattens `[B, F, D]` to `[B, F D]`. */
export function flatten(x: Tensor): Tensor {
  return reshape(x, [x.shape[0], widthOf(x.shape)]);
}
