/**
 * Sizes of matrix products, padding, and sums of slices.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/matmul_layout.wgsl" with { type: "text" };
import { type Shader, shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";

/** Slices of a sum over rows at most. */
export const MAX_SLICES = 256;

/** Rows of a slice at least. */
const MIN_SLICE_ROWS = 64;

/** Numbers of partial sums that are kept at most, where there is more than one slice. */
const MAX_PARTS = 1 << 21;

/** Returns the product of all sizes but the last: the rows of a tensor seen as a matrix. */
export function rowsOf(tensor: Tensor, batch: number): number {
  return sizeOf(tensor.shape.slice(0, -1), batch);
}

/** Returns the last size of a shape, which must be a number. */
export function columnsOf(op: string, { shape }: Tensor): number {
  const last = shape.at(-1);
  if (shape.length < 2 || typeof last !== "number") {
    throw new TypeError(`Cannot build ${op}: inputs must be matrices of known width, received ${formatShape(shape)}`);
  }
  return last;
}

/** Rounds up to a multiple of 4. */
export function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** Returns the slices that partial sums of shape [M, N] may have. */
export function maxSlices(m: number, n: number): number {
  return Math.min(MAX_SLICES, Math.max(1, Math.floor(MAX_PARTS / (padded(m) * padded(n)))));
}

/** Cuts rows into at most `most` slices of equal length, a multiple of 4, the last one shorter. */
export function slicesOf(rows: number, most: number): { slices: number; sliceRows: number } {
  const wanted = Math.max(1, Math.min(most, Math.ceil(rows / MIN_SLICE_ROWS)));
  // Kernels take rows four at a time.
  const sliceRows = padded(Math.max(1, Math.ceil(rows / wanted)));
  return { slices: Math.max(1, Math.ceil(rows / sliceRows)), sliceRows };
}

/** Appends a copy of x in rows of fours, or of its transpose, as `shaders/dense/matmul_layout.wgsl` tells. */
export function emitPack(k: Emitter, x: Tensor, packed: Tensor, params: Record<string, number>): void {
  k.run({
    shader: layoutShader(1),
    entry: "pack",
    bind: { x, packed },
    params: { ...params, slices: 0, slice: 0 },
    grid: Math.ceil(params.rows * Math.ceil(params.columns / 4) / 64),
  });
}

/** Appends the sum of slices, without the padding of their rows. */
export function emitSum(
  k: Emitter,
  parts: Tensor,
  y: Tensor,
  { rows, columns, stride, slice, slices }: Record<"rows" | "columns" | "stride" | "slice" | "slices", number>,
): void {
  // Rows of the parts are padded to fours, so wider lanes fit as soon as they fit the columns.
  const { width } = lanesOf(columns);
  k.run({
    shader: layoutShader(columns),
    entry: "sum",
    bind: { parts, y },
    params: {
      rows,
      columns: columns / width,
      row_stride: stride / width,
      column_stride: 0,
      slices,
      slice: slice / width,
    },
    grid: Math.ceil(rows * columns / width / 64),
  });
}

function layoutShader(columns: number): Shader {
  return shader("matmul_layout", { grid, ...lanesOf(columns).part, matmul_layout: source });
}
