/**
 * Parameters side by side and apart.
 *
 * @module
 */
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { emitApart, emitJoin, partsOf } from "./parts.ts";

/** Returns the sizes of a matrix; a vector is one row. */
function sizesOf({ shape }: Tensor): { rows: number; width: number } {
  const [rows, width] = shape.length === 1 ? [1, shape[0]] : shape;
  if (shape.length > 2 || typeof rows !== "number" || typeof width !== "number") {
    throw new TypeError(`Cannot join columns: the parameter must have shape [N, M], received ${formatShape(shape)}`);
  }
  return { rows, width };
}

/** Appends y = (parts_0 | parts_1 | ..), of matrices or of vectors. */
export function emitSideBySide(k: Emitter, parts: readonly Tensor[], y: Tensor): void {
  emitJoin(k, partsOf(parts, parts.map((part) => sizesOf(part).width)), y, sizesOf(y));
}

/** Appends (ys_0 | ys_1 | ..) = x; what nobody reads is left out. */
export function emitColumnsApart(k: Emitter, x: Tensor, ys: readonly Tensor[]): void {
  emitApart(k, x, partsOf(ys, ys.map((y) => sizesOf(y).width)), sizesOf(x));
}

const sideBySideOp: Op<null> = {
  name: "side_by_side",
  outputs: (parts) => {
    const sizes = parts.map(sizesOf);
    const other = parts.find(({ shape }, i) => shape.length !== 2 || sizes[i].rows !== sizes[0].rows);
    if (other) {
      throw new TypeError(
        `Cannot join columns: parameters must have ${sizes[0].rows} rows, received ${formatShape(other.shape)}`,
      );
    }
    return [[sizes[0].rows, sizes.reduce((sum, { width }) => sum + width, 0)]];
  },
  emit: (k, { inputs, outputs: [y] }) => emitSideBySide(k, inputs, y),
  backward: ({ inputs }, [dy]) => dy ? applyAll(apartOp, [dy], inputs.map((part) => sizesOf(part).width)) : [],
};

const apartOp: Op<readonly number[]> = {
  name: "columns_apart",
  outputs: ([x], widths) => widths.map((width) => [sizesOf(x).rows, width]),
  emit: (k, { inputs: [x], outputs }) => emitColumnsApart(k, x, outputs),
};

/**
 * Puts parameters side by side: y = (parts_0 | parts_1 | ..).
 *
 * @param parts `[N, M_i]`
 * @returns `[N, sum_i M_i]`
 * @throws {TypeError} when a part is no matrix without a batch, or has other rows
 */
export function sideBySide(...parts: Tensor[]): Tensor {
  return parts.length === 1 ? parts[0] : apply(sideBySideOp, parts, null);
}
