/**
 * Sums of products of two matrices by column.
 *
 * @module
 */
import source from "../../../shaders/dense/column_products.wgsl" with { type: "text" };
import splitsSource from "../../../shaders/dense/column_splits.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { emitMergedColumns, splitRowsOf } from "./column_sums.ts";

/** Lanes of which a workgroup each keeps a GPU busy, and rows that it adds quickly: a second dispatch takes longer. */
const BUSY_LANES = 128;
const WHOLE_ROWS = 8192;

/** Workgroups of the product of two vectors at most, and lanes that each has at least. */
const MOST_SHARES = 256;
const SHARE_LANES = 1024;

/** Sums of products: y[n] = sum_m a[m, n] b[m, n]; columns are as many as y has numbers. */
export interface ColumnProducts {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly y: Tensor;
}

/** Sizes that the choice of a kernel depends on. */
export interface ColumnProductsProblem extends Problem {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Returns the kernel of sums of products. On GPUs they are split by rows.
 *
 * @param isBent whether only what is below 0 of b counts
 * @param emitColumns appends the sums by a workgroup for each column
 */
export function columnProductsKernel(
  name: string,
  isBent: boolean,
  emitColumns: (k: Emitter, task: ColumnProducts) => void,
): Kernel<ColumnProducts, ColumnProductsProblem> {
  const size = ({ rows, columns }: ColumnProductsProblem): number => rows * columns;
  return {
    name,
    problem: ({ batch }, { a, y }) => {
      const columns = sizeOf(y.shape, batch);
      return { rows: sizeOf(a.shape, batch) / columns, columns };
    },
    variants: [
      {
        name: "columns",
        fits: () => true,
        cost: (profile, problem) => costOn(profile, size(problem), { gpu: 2, software: 1 }),
        emit: emitColumns,
      },
      gpuVariant("splits", size, (k, task, problem) => emitSplits(k, task, problem, isBent)),
    ],
  };
}

function emitSplits(k: Emitter, task: ColumnProducts, problem: ColumnProductsProblem, BENT: boolean): void {
  const { rows, columns } = problem;
  const { a, b, y } = task;
  if (columns === 1) return emitDot(k, task, rows, BENT);
  const { count: lanes } = lanesOf(columns);
  if (lanes >= BUSY_LANES && rows <= WHOLE_ROWS) {
    return run(k, "whole", columns, { rows, lanes, grid: lanes }, { a, b, parts: y }, BENT);
  }
  const { splits, splitRows } = splitRowsOf(rows, lanes);
  const parts = splits === 1 ? y : k.scratch([splits, columns]);
  const sizes = { rows, lanes, splitRows, grid: Math.ceil(lanes / 16) * splits };
  run(k, "sum", columns, sizes, { a, b, parts }, BENT);
  if (splits > 1) emitMergedColumns(k, parts, { splits, columns, y });
}

/** Appends the product of two vectors, whose neighbors are beside each other in lanes. */
function emitDot(k: Emitter, { a, b, y }: ColumnProducts, numbers: number, BENT: boolean): void {
  const rows = lanesOf(numbers).count;
  const count = Math.min(MOST_SHARES, Math.ceil(rows / SHARE_LANES));
  const shares = count === 1 ? y : k.scratch([count]);
  run(k, "dot_share", numbers, { rows, lanes: 1, shares: count, grid: count }, { a, b, shares }, BENT);
  if (count > 1) emitMergedColumns(k, shares, { splits: count, columns: 1, y });
}

function run(
  k: Emitter,
  entry: "sum" | "whole" | "dot_share",
  numbers: number,
  { rows, lanes, splitRows = rows, shares = 1, grid: groups }: Record<"rows" | "lanes" | "grid", number> & {
    readonly splitRows?: number;
    readonly shares?: number;
  },
  bind: Readonly<Record<string, Tensor>>,
  BENT: boolean,
): void {
  k.run({
    shader: shader("column_products", {
      grid,
      ...lanesOf(numbers).part,
      column_products: source,
      column_splits: splitsSource,
    }),
    entry,
    bind,
    constants: { BENT },
    params: { rows, lanes, split_rows: splitRows, shares },
    grid: groups,
  });
}
