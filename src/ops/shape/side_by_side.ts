/**
 * Parameters side by side and apart.
 *
 * @module
 */
import source from "../../../shaders/shape/concat.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "./lane.ts";
import { emitApart, emitJoin, partsOf } from "./parts.ts";

const kernels = shader("concat", { grid, ...lanesOf(1).part, concat: source });

function sizesOf({ shape }: Tensor): { rows: number; width: number } {
  const [rows, width] = shape;
  if (shape.length !== 2 || typeof rows !== "number" || typeof width !== "number") {
    throw new TypeError(`Cannot join columns: the parameter must have shape [N, M], received ${formatShape(shape)}`);
  }
  return { rows, width };
}

function copyColumns(k: Emitter, x: Tensor, y: Tensor, from: number, to: number, count: number): void {
  const { rows, width } = sizesOf(x);
  const params = {
    rows,
    count,
    x_width: width,
    y_width: sizesOf(y).width,
    from_column: from,
    to_column: to,
  };
  k.run({ shader: kernels, entry: "copy_columns", bind: { x, y }, params, grid: Math.ceil(rows * count / 256) });
}

/** Appends y = (parts_0 | parts_1 | ..). */
export function emitSideBySide(k: Emitter, parts: readonly Tensor[], y: Tensor): void {
  const all = partsOf(parts, parts.map((part) => sizesOf(part).width));
  if (!k.gpu.adapter.software) return emitJoin(k, all, y, sizesOf(y));
  for (const { tensor, from, width } of all) copyColumns(k, tensor, y, 0, from, width);
}

/** Appends (ys_0 | ys_1 | ..) = x; what nobody reads is left out. */
export function emitColumnsApart(k: Emitter, x: Tensor, ys: readonly Tensor[]): void {
  const all = partsOf(ys, ys.map((y) => sizesOf(y).width)).filter(({ tensor }) => k.needed(tensor));
  if (!k.gpu.adapter.software) return emitApart(k, x, all, sizesOf(x));
  for (const { tensor, from, width } of all) copyColumns(k, x, tensor, from, 0, width);
}

const sideBySideOp: Op<null> = {
  name: "side_by_side",
  outputs: (parts) => {
    const sizes = parts.map(sizesOf);
    const other = parts.find((_, i) => sizes[i].rows !== sizes[0].rows);
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
