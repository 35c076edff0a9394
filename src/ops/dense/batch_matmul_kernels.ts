/**
 * Kernels of matrix products for each sample.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/batch_matmul.wgsl" with { type: "text" };
import sharedSource from "../../../shaders/dense/batch_matmul_shared.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { costOn, type Kernel, type Problem } from "../../kernels/variant.ts";

const byTiles = shader("batch_matmul", { grid, batch_matmul: source });
const shared = shader("batch_matmul", { grid, batch_matmul_shared: sharedSource });

/** Rows and columns of the tile of an invocation at most. */
const TILE = 4;

/** Threads of a workgroup that holds factors, and the numbers that fit its memory. */
const HELD = { threads: 64, numbers: 4096 };

/** Time of an operation where workgroups hold the factors, where one by tiles takes 1. */
const SHARED = { gpu: 0.3, software: 8 };

/** Which factors are transposed. */
export interface BatchLayout {
  readonly a: boolean;
  readonly b: boolean;
}

/** Rows and columns of the results, and terms of their sums. */
export interface BatchSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A product y[b] = op(a[b]) op(b[b]). */
export interface BatchProduct {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly y: Tensor;
  readonly sizes: BatchSizes;
  readonly layout: BatchLayout;
}

/** Sizes that the choice of a kernel depends on. */
export interface BatchProblem extends BatchSizes, Problem {
  readonly batch: number;
  readonly turned: string;
}

function flopsOf({ batch, m, n, k }: BatchProblem): number {
  return 2 * batch * m * n * k;
}

/** The product. */
export const batchMatmulKernel: Kernel<BatchProduct, BatchProblem> = {
  name: "batch_matmul",
  problem: ({ batch }, { sizes: { m, n, k }, layout }) => {
    return { batch, m, n, k, turned: `${layout.a ? "a" : ""}${layout.b ? "b" : ""}` };
  },
  variants: [
    { name: "tiles", fits: () => true, cost: (_, problem) => flopsOf(problem), emit: emitTiles },
    {
      name: "shared",
      fits: (_, problem) => numbersOf(problem) <= HELD.numbers,
      cost: (profile, problem) => costOn(profile, flopsOf(problem), SHARED),
      emit: emitShared,
    },
  ],
};

/** Returns the numbers that a sample's factors take at most, when their rows have an odd pitch. */
function numbersOf({ m, n, k }: BatchSizes): number {
  return m * k + Math.max(m, k) + k * n + Math.max(k, n);
}

function emitShared(k: Emitter, { a, b, y, sizes, layout }: BatchProduct, problem: BatchProblem): void {
  const tiles = Math.ceil(sizes.m / TILE) * Math.ceil(sizes.n / TILE);
  const samples = Math.min(Math.floor(HELD.numbers / numbersOf(sizes)), Math.ceil(HELD.threads / tiles));
  k.run({
    shader: shared,
    entry: "product",
    bind: { a, b, y },
    constants: { SAMPLES: samples, M: sizes.m, N: sizes.n, K: sizes.k, A_TURNED: layout.a, B_TURNED: layout.b },
    params: { batch: k.batch },
    grid: Math.ceil(k.batch / samples),
    flops: flopsOf(problem),
  });
}

function emitTiles(k: Emitter, { a, b, y, sizes, layout }: BatchProduct, problem: BatchProblem): void {
  const tile = { ROWS: Math.min(TILE, sizes.m), COLUMNS: Math.min(TILE, sizes.n) };
  const tiles = Math.ceil(sizes.m / tile.ROWS) * Math.ceil(sizes.n / tile.COLUMNS);
  k.run({
    shader: byTiles,
    entry: "product",
    bind: { a, b, y },
    constants: tile,
    params: {
      batch: k.batch,
      ...sizes,
      a_row: layout.a ? 1 : sizes.k,
      a_inner: layout.a ? sizes.m : 1,
      b_column: layout.b ? sizes.k : 1,
      b_inner: layout.b ? 1 : sizes.n,
    },
    grid: Math.ceil(k.batch * tiles / 64),
    flops: flopsOf(problem),
  });
}
