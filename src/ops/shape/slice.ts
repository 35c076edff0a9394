/**
 * Rows of a parameter, and parameters side by side and apart.
 *
 * @module
 */
import source from "../../../shaders/shape/concat.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "./lane.ts";
import { emitApart, emitJoin, partsOf } from "./parts.ts";

const kernels = shader("concat", { grid, ...lanesOf(1).part, concat: source });

interface Rows {
  readonly from: number;
  readonly count: number;
}

function sizesOf({ shape }: Tensor): { rows: number; width: number } {
  const [rows, width] = shape;
  if (shape.length !== 2 || typeof rows !== "number" || typeof width !== "number") {
    throw new TypeError(`Cannot build rows: the parameter must have shape [N, M], received ${formatShape(shape)}`);
  }
  return { rows, width };
}

const rowsOp: Op<Rows> = {
  name: "rows",
  outputs: ([x], { from, count }) => {
    const { rows, width } = sizesOf(x);
    if (!(from >= 0 && count > 0 && from + count <= rows)) {
      throw new RangeError(
        `Cannot build rows: the parameter has rows 0 to ${rows - 1}, received ${from} to ${from + count - 1}`,
      );
    }
    return [[count, width]];
  },
  emit: (k, { inputs: [x], outputs: [y], attributes: { from, count } }) => {
    const { width } = sizesOf(x);
    const params = { rows: 1, count: count * width, x_width: 0, y_width: 0, from_column: from * width, to_column: 0 };
    k.run({ shader: kernels, entry: "copy_columns", bind: { x, y }, params, grid: Math.ceil(count * width / 256) });
  },
  backward: ({ inputs: [x], attributes: { from } }, [dy]) => [
    dy && apply(padRowsOp, [dy], { from, count: sizesOf(x).rows }),
  ],
};

const padRowsOp: Op<Rows> = {
  name: "pad_rows",
  outputs: ([x], { count }) => [[count, sizesOf(x).width]],
  emit: (k, { inputs: [x], outputs: [y], attributes: { from, count: total } }) => {
    const { rows, width } = sizesOf(x);
    const [count, size] = [rows * width, total * width];
    const params = { rows: 1, count, x_width: count, y_width: size, from_column: 0, to_column: from * width };
    k.run({ shader: kernels, entry: "pad", bind: { x, y }, params, grid: Math.ceil(size / 256) });
  },
};

/**
 * Takes rows of a parameter: y[n, :] = x[from + n, :].
 *
 * @param x `[N, M]`
 * @returns `[count, M]`
 * @throws {TypeError} when `x` is no matrix without a batch
 * @throws {RangeError} when the rows are not all rows of `x`
 */
export function rowsOfParameter(x: Tensor, from: number, count: number): Tensor {
  return apply(rowsOp, [x], { from, count });
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
