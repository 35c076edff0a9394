/**
 * Tensors of fields, and dimensions padded to fours.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { emitPack, emitSum } from "../dense/matmul_layout.ts";

/** Returns the sizes of a tensor of fields `[B, rows, D]`. */
export function fieldsOf(op: string, { shape }: Tensor): { rows: number; dim: number } {
  const [batch, rows, dim] = shape;
  if (shape.length !== 3 || batch !== "B" || typeof rows !== "number" || typeof dim !== "number") {
    throw new TypeError(`Cannot build ${op}: input must have shape [B, F, D], received ${formatShape(shape)}`);
  }
  return { rows, dim };
}

const padOp: Op<number> = {
  name: "pad_dimensions",
  outputs: ([x], dim) => [["B", fieldsOf("pad_dimensions", x).rows, dim]],
  emit: (k, { inputs: [x], outputs: [y] }) => {
    const { rows, dim } = fieldsOf("pad_dimensions", x);
    emitPack(k, x, y, { rows: k.batch * rows, columns: dim, row_stride: dim, column_stride: 1 });
  },
  backward: ({ inputs: [x] }, [dy]) => [dy && apply(cropOp, [dy], fieldsOf("pad_dimensions", x).dim)],
};

const cropOp: Op<number> = {
  name: "crop_dimensions",
  outputs: ([x], dim) => [["B", fieldsOf("crop_dimensions", x).rows, dim]],
  emit: (k, { inputs: [x], outputs: [y], attributes: columns }) => {
    const { rows, dim: stride } = fieldsOf("crop_dimensions", x);
    emitSum(k, x, y, { rows: k.batch * rows, columns, stride, slice: 0, slices: 1 });
  },
  backward: ({ inputs: [x] }, [dy]) => [dy && apply(padOp, [dy], fieldsOf("crop_dimensions", x).dim)],
};

/** Pads the dimensions of fields `[B, F, D]` by zeros to a multiple of 4. */
export function padDimensions(x: Tensor): Tensor {
  const { dim } = fieldsOf("pad_dimensions", x);
  return dim % 4 === 0 ? x : apply(padOp, [x], Math.ceil(dim / 4) * 4);
}

/** Drops the dimensions of `[B, F, 4 ceil(D / 4)]` past the first `dim`. */
export function cropDimensions(x: Tensor, dim: number): Tensor {
  return fieldsOf("crop_dimensions", x).dim === dim ? x : apply(cropOp, [x], dim);
}
