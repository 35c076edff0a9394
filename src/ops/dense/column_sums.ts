/**
 * Sums of columns.
 *
 * @module
 */
import source from "../../../shaders/dense/column_sums.wgsl" with { type: "text" };
import splitsSource from "../../../shaders/dense/column_splits.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";

/** Rows of a split at least: four loads of each of 16 threads. */
const MIN_SPLIT_ROWS = 64;

/** Workgroups that keep a GPU busy. */
const BUSY_GROUPS = 1024;

/** Rows that are not split, but folded at once, and so the splits at most. */
const FOLDED_ROWS = 256;

/** Sums of a matrix's columns: y[n] = sum_m u[m] a[m, n], or the plain sums without u. */
export interface ColumnSums {
  readonly a: Tensor;
  readonly rows: number;
  readonly columns: number;
  readonly y: Tensor;
  /** Weight of each row. @default 1 */
  readonly u?: Tensor;
  /** Receives the sum of u, the gradient of a bias. */
  readonly whole?: Tensor;
}

/** Sizes that the choice of a kernel depends on. */
export interface ColumnSumsProblem extends Problem {
  readonly rows: number;
  readonly columns: number;
}

/** Returns the operations of the sums. */
export function columnSumsFlops({ rows, columns }: ColumnSumsProblem): number {
  return 2 * rows * columns;
}

/** Sums of columns; on GPUs by splits of the rows. */
export const columnSumsKernel: Kernel<ColumnSums, ColumnSumsProblem> = {
  name: "column_sums",
  problem: (_, { rows, columns }) => ({ rows, columns }),
  variants: [gpuVariant("gpu", columnSumsFlops, emitSplits)],
};

/** Appends sums of columns. */
export function emitColumnSums(k: Emitter, task: ColumnSums): void {
  emitKernel(k, columnSumsKernel, task);
}

function emitSplits(k: Emitter, { a, rows, columns, y, u, whole }: ColumnSums): void {
  const { count, width } = lanesOf(columns);
  const lanes = count + (whole ? 1 : 0);
  if (rows <= FOLDED_ROWS && !whole) {
    // So few rows are one round of loads of 16 threads, too.
    const entry = rows <= MIN_SPLIT_ROWS ? "sum" : "fold";
    return run(k, entry, columns, { rows, stride: count, lanes }, { a, parts: y, u });
  }
  const { splits, splitRows } = splitRowsOf(rows, lanes);
  const parts = k.scratch([splits, lanes * width]);
  run(k, "sum", columns, { rows, stride: count, lanes, splitRows }, { a, parts, u });
  const folded = { rows: splits, stride: lanes, lanes };
  run(k, whole ? "fold_whole" : "fold", columns, folded, { a: parts, parts: y, whole });
}

/** Cuts rows of so many lanes into splits that keep a GPU busy. */
export function splitRowsOf(rows: number, lanes: number): { splits: number; splitRows: number } {
  const most = Math.max(1, Math.min(FOLDED_ROWS, Math.floor(BUSY_GROUPS / Math.ceil(lanes / 16))));
  const splitRows = Math.max(MIN_SPLIT_ROWS, Math.ceil(rows / most));
  return { splits: Math.max(1, Math.ceil(rows / splitRows)), splitRows };
}

/** Appends the sums of at most 256 splits `[S, N]`. */
export function emitMergedColumns(
  k: Emitter,
  parts: Tensor,
  { splits, columns, y }: Record<"splits" | "columns", number> & Record<"y", Tensor>,
): void {
  const lanes = lanesOf(columns).count;
  run(k, "fold", columns, { rows: splits, stride: lanes, lanes }, { a: parts, parts: y });
}

/** Appends the sums of splits `[S, N + 1 lane]`, of which the last lane's number goes to `whole`. */
export function emitMergedSums(
  k: Emitter,
  parts: Tensor,
  { splits, columns, y, whole }: Record<"splits" | "columns", number> & Record<"y" | "whole", Tensor>,
): void {
  const lanes = lanesOf(columns).count + 1;
  run(k, "fold_whole", columns, { rows: splits, stride: lanes, lanes }, { a: parts, parts: y, whole });
}

/** Appends the sums of splits `[S, 2 N]`, whose halves go to `first` and `second`. */
export function emitMergedPair(
  k: Emitter,
  parts: Tensor,
  { splits, columns, first, second }: Record<"splits" | "columns", number> & Record<"first" | "second", Tensor>,
): void {
  const lanes = 2 * lanesOf(columns).count;
  run(k, "fold_pair", columns, { rows: splits, stride: lanes, lanes }, { a: parts, parts: first, second });
}

interface Sums {
  readonly rows: number;
  /** Lanes of a row of the matrix, and those that are summed. */
  readonly stride: number;
  readonly lanes: number;
  /** @default all rows */
  readonly splitRows?: number;
}

interface Sources {
  readonly a: Tensor;
  readonly parts: Tensor;
  readonly u?: Tensor;
  readonly whole?: Tensor;
  readonly second?: Tensor;
}

function run(
  k: Emitter,
  entry: "sum" | "fold" | "fold_pair" | "fold_whole",
  columns: number,
  { rows, stride, lanes, splitRows = rows }: Sums,
  { a, parts, u, whole, second }: Sources,
): void {
  const { part, width } = lanesOf(columns);
  k.run({
    shader: shader("column_sums", { grid, ...part, column_sums: source, column_splits: splitsSource }),
    entry,
    bind: { a, u: u ?? a, parts, whole, second },
    constants: { WEIGHTED: u !== undefined },
    params: { rows, stride, lanes, split_rows: splitRows, share: 1 / width },
    grid: entry === "sum" ? Math.ceil(lanes / 16) * Math.max(1, Math.ceil(rows / splitRows)) : Math.ceil(lanes / 4),
  });
}
