/**
 * Matrices in images.
 *
 * @module
 */
import grid from "../../shaders/common/grid.wgsl" with { type: "text" };
import image from "../../shaders/common/image.wgsl" with { type: "text" };
import source from "../../shaders/common/image_pack.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import type { Emitter, Image } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { padded } from "../ops/dense/matmul_layout.ts";

const pack = shader("image_pack", { grid, image, image_pack: source });

/** Texels of an image of factors at the most, so that images stay small beside the activations. */
const MOST_TEXELS = 1 << 18;

/** A matrix as it lies in a tensor. */
export interface MatrixLayout {
  readonly rows: number;
  readonly columns: number;
  /** Numbers before the first row. @default {0} */
  readonly first?: number;
  /** Numbers from one row to the next. */
  readonly rowStride: number;
  /** Numbers from one column to the next. */
  readonly columnStride: number;
}

/** Returns the layout of a matrix that is a tensor's whole memory, or of its rows from `first` on. */
export function rowsLayout(rows: number, columns: number, first = 0): MatrixLayout {
  return { rows, columns, first: first * columns, rowStride: columns, columnStride: 1 };
}

/** Returns the layout of the transpose of rows of a matrix `[..., rows]`, `columns` of them from row `first` on. */
export function transposedLayout(rows: number, columns: number, first = 0): MatrixLayout {
  return { rows, columns, first: first * rows, rowStride: 1, columnStride: rows };
}

/**
 * Cuts rows into pieces whose images are small.
 *
 * @param unit what the number of rows of all pieces but the last must divide by
 */
export function rowPieces(rows: number, columns: number, unit: number): { first: number; count: number }[] {
  const most = Math.max(unit, Math.floor(MOST_TEXELS / Math.ceil(columns / 4) / unit) * unit);
  const pieces = Math.max(1, Math.ceil(rows / most));
  const size = Math.ceil(Math.ceil(rows / pieces) / unit) * unit;
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({
    first: i * size,
    count: Math.min(size, rows - i * size),
  }));
}

/** Returns the slices of `sliceRows` rows that lie in a piece; the last piece has those past the rows' end as well. */
export function slicesOfPiece(
  { first, count }: { readonly first: number; readonly count: number },
  rows: number,
  sliceRows: number,
  slices: number,
): { slice: number; slices: number } {
  const slice = first / sliceRows;
  return { slice, slices: first + count === rows ? slices - slice : count / sliceRows };
}

/**
 * Appends what brings a matrix into an image: rows by fours, and where `wholeFours` asks for it a multiple of four rows,
 * both filled up with zeros. A copy serves where nothing has to be filled up.
 */
export function emitImage(k: Emitter, x: Tensor, layout: MatrixLayout, wholeFours: boolean): Image {
  const { rows, columns, first = 0, rowStride, columnStride } = layout;
  const paddedRows = wholeFours ? padded(rows) : rows;
  const texels = paddedRows * Math.ceil(columns / 4);
  const to = k.image(texels);
  if (columnStride === 1 && rowStride === columns && columns % 4 === 0 && paddedRows === rows) {
    k.copy(x, first, to);
  } else {
    k.run({
      shader: pack,
      entry: "pack",
      bind: { x, image: to },
      params: { rows, padded_rows: paddedRows, columns, first, row_stride: rowStride, column_stride: columnStride },
      grid: Math.ceil(texels / 64),
    });
  }
  return to;
}
