/**
 * Copies of columns between two matrices.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/shape/concat.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "./lane.ts";

/** Columns that are copied, and the widths of both matrices. */
export interface ColumnSizes {
  /** Columns. */
  readonly count: number;
  /** Columns of the matrix that is read. */
  readonly x_width: number;
  /** Columns of the matrix that is written. */
  readonly y_width: number;
  /** First column that is read. @default {0} */
  readonly from_column?: number;
  /** First column that is written. @default {0} */
  readonly to_column?: number;
}

/**
 * Appends a copy of columns, `pad` with zeros in all other columns, `add_columns` with those of `rest` added to all.
 * Columns are counted in the widest lanes that all sizes divide into.
 */
export function emitColumns(
  k: Emitter,
  entry: "copy_columns" | "pad" | "add_columns",
  bind: Readonly<Record<string, Tensor>>,
  rows: number,
  sizes: ColumnSizes,
): void {
  const all = { from_column: 0, to_column: 0, ...sizes };
  const odd = Object.values(all).reduce((bits, size) => bits | size, 0);
  const { width, part } = lanesOf(odd & -odd);
  const scaled = Object.fromEntries(Object.entries(all).map(([name, size]) => [name, size / width]));
  k.run({
    shader: shader("concat", { grid, ...part, concat: source }),
    entry,
    bind,
    params: { rows, ...scaled },
    grid: Math.ceil(rows * (entry === "copy_columns" ? scaled.count : scaled.y_width) / 256),
  });
}
