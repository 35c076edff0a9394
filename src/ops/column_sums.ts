/**
 * Sums of columns on GPUs.
 *
 * @module
 */
import source from "../../shaders/column_sums.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import type { Emitter } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { lanesOf } from "./lane.ts";

/** Rows of a split at least: four loads of each of 16 threads. */
const MIN_SPLIT_ROWS = 64;

/** Rows that are not split, since a second dispatch takes longer than their loads. */
const UNSPLIT_ROWS = 256;

/** Workgroups that keep a GPU busy. */
const BUSY_GROUPS = 1024;

/** Splits at most, which one workgroup adds up. */
const MAX_SPLITS = 256;

/** A matrix whose columns are summed. */
interface Matrix {
  readonly tensor: Tensor;
  readonly rows: number;
  readonly columns: number;
}

/** Appends y[n] = sum_m u[m] a[m, n], or the plain sum of columns without u. */
export function emitGpuColumnSums(k: Emitter, a: Matrix, y: Tensor, u?: Tensor): void {
  if (a.rows <= UNSPLIT_ROWS) return run(k, a, y, a.rows, u);
  const across = Math.ceil(lanesOf(a.columns).count / 16);
  const most = Math.max(1, Math.min(MAX_SPLITS, Math.floor(BUSY_GROUPS / across)));
  const splitRows = Math.max(MIN_SPLIT_ROWS, Math.ceil(a.rows / most));
  const splits = Math.max(1, Math.ceil(a.rows / splitRows));
  const parts = k.scratch([splits, a.columns]);
  run(k, a, parts, splitRows, u);
  run(k, { tensor: parts, rows: splits, columns: a.columns }, y, splits);
}

function run(k: Emitter, { tensor, rows, columns }: Matrix, parts: Tensor, splitRows: number, u?: Tensor): void {
  const { part, count: lanes } = lanesOf(columns);
  k.run({
    shader: shader("column_sums", { grid, ...part, column_sums: source }),
    entry: "sum",
    bind: { a: tensor, u: u ?? tensor, parts },
    constants: { WEIGHTED: u !== undefined },
    params: { rows, lanes, split_rows: splitRows },
    grid: Math.ceil(lanes / 16) * Math.max(1, Math.ceil(rows / splitRows)),
  });
}
