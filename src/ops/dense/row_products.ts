/**
 * Products of the rows of two matrices.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/row_dot.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";

/** Threads of a workgroup, and lanes of a row that each of them takes at once. */
const THREADS = { all: 256, lanes: 4 };

/** Products y[r] = sum_n a[r, n] b[r, n]; rows are as many as y has numbers. */
export interface RowProducts {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly y: Tensor;
}

/** Sizes that the choice of a kernel depends on. */
export interface RowProductsProblem extends Problem {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Returns the kernel of products of rows. On GPUs several threads share a row.
 *
 * @param emitRows appends the products by a thread for each row
 */
export function rowProductsKernel(
  emitRows: (k: Emitter, task: RowProducts, problem: RowProductsProblem) => void,
): Kernel<RowProducts, RowProductsProblem> {
  const size = ({ rows, columns }: RowProductsProblem): number => rows * columns;
  return {
    name: "row_dot",
    problem: ({ batch }, { a, y }) => {
      const rows = sizeOf(y.shape, batch);
      return { rows, columns: sizeOf(a.shape, batch) / rows };
    },
    variants: [
      {
        name: "rows",
        fits: () => true,
        cost: (profile, problem) => costOn(profile, size(problem), { gpu: 2, software: 1 }),
        emit: emitRows,
      },
      gpuVariant("shared", size, emitShared),
    ],
  };
}

function emitShared(k: Emitter, { a, b, y }: RowProducts, { rows, columns }: RowProductsProblem): void {
  const { count: width, part } = lanesOf(columns);
  const threads = Math.min(THREADS.all, 2 ** Math.max(0, Math.ceil(Math.log2(width / THREADS.lanes))));
  k.run({
    shader: shader("arithmetic", { grid, ...part, row_dot: source }),
    entry: "row_dot",
    bind: { a, b, sums: y },
    constants: { THREADS: threads },
    params: { rows, width },
    grid: Math.ceil(rows * threads / THREADS.all),
  });
}
