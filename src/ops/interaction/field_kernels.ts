/**
 * Products over the field axis as ops ask a device for them, and their variants for GPUs.
 *
 * @module
 */
import source from "../../../shaders/interaction/field_tiles.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { type Shader, shader } from "../../gpu/shader.ts";
import type { Emitter, Image } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesIn, type Shift, termsOf } from "./field_sizes.ts";

/** Threads of a workgroup. */
const THREADS = 32;

/** What one thread computes. */
export interface FieldTile {
  /** Rows of z. */
  readonly outs: number;
  /** Fours of a row of z. */
  readonly columns: number;
  /** Rows, and columns, of terms of a gradient. */
  readonly edge: number;
  /** Threads that share what they fetch. */
  readonly shared: number;
}

/** A shader of both entry points and the tile of its threads. */
export interface FieldShader {
  readonly shader: Shader;
  readonly tile: FieldTile;
}

/** The tile of `shaders/interaction/field_tiles.wgsl`. */
const TILE: FieldTile = { outs: 8, columns: 2, edge: 2, shared: 1 };

/** The kernels for GPUs. */
export const fieldTiles: FieldShader = { shader: shader("field_tiles", { grid, field_tiles: source }), tile: TILE };

/** Samples of a launch. */
export interface Samples {
  readonly first: number;
  readonly count: number;
}

/** What a launch reads: tensors, or images of its samples. */
export type FieldFactors = Readonly<Record<string, Tensor | Image | undefined>>;

/** Sizes of a problem: fours of z's rows in the batch, and the terms and rows of z. */
export interface FieldProblem extends Problem {
  readonly columns: number;
  readonly terms: number;
  readonly outs: number;
}

/** Returns the operations of a product or its gradient. */
export function fieldFlops({ columns, terms, outs }: FieldProblem): number {
  return 8 * columns * terms * outs;
}

/** A product z = relu(bias + w p). */
export interface FieldProductTask {
  readonly x: Tensor;
  /** The second rows, where operands are products of pairs. */
  readonly y: Tensor | undefined;
  /** Weights, arranged in rows of fours. */
  readonly packed: Tensor;
  readonly bias: Tensor | undefined;
  /** What stands in for the bias where there is none. */
  readonly w: Tensor;
  readonly z: Tensor;
  /** Sizes of the first rows, the second rows and the result. */
  readonly sizes: readonly [number, number, number];
  readonly folded: boolean;
  readonly relu: boolean;
  readonly shift: Shift | undefined;
}

/** The product. */
export const fieldProductKernel: Kernel<FieldProductTask, FieldProblem> = {
  name: "field_product",
  problem: (k, { x, sizes: [p, q, outs], folded, shift }) => ({
    columns: k.batch * lanesIn(x, shift).lanes,
    terms: termsOf([p, q], folded),
    outs,
  }),
  variants: [gpuVariant("gpu", fieldFlops, (k, task) => {
    const { x, y, packed } = task;
    emitProductLaunch(k, task, fieldTiles, { x, y, w: packed }, { first: 0, count: k.batch });
  })],
};

/** Appends a launch of the product over some samples; `factors` are x, y and w. */
export function emitProductLaunch(
  k: Emitter,
  { x, y, bias, w, z, sizes: [p, q, outs], folded, relu, shift }: FieldProductTask,
  { shader, tile }: FieldShader,
  factors: FieldFactors,
  { first, count }: Samples,
): void {
  const pairs = y !== undefined;
  const spread = lanesIn(x, shift);
  const columns = count * spread.lanes;
  // Where there are no pairs, the terms are one row of all the rows of x.
  const rows = pairs || shift ? { left: p, right: q } : { left: 1, right: p, in_lanes: p * spread.lanes };
  k.run({
    shader,
    entry: "product",
    bind: { ...factors, y: factors.y ?? factors.x, bias: bias ?? w, z },
    constants: { PAIRS: pairs, FOLDED: folded, SHIFTED: shift !== undefined, BIAS: bias !== undefined, RELU: relu },
    params: { ...spread, ...rows, columns, outs, terms: p * q, slice: 0, tiles: 0, first: first * spread.lanes },
    grid: groupsOf(tile, Math.ceil(columns / tile.columns), Math.ceil(outs / tile.outs)),
    flops: fieldFlops({ columns, terms: termsOf([p, q], folded), outs }),
  });
}

/** Returns how many workgroups do so much work that subgroups divide among their threads, times so many. */
export function groupsOf({ shared }: FieldTile, work: number, times: number): number {
  return Math.ceil(Math.ceil(work / shared) * shared * times / THREADS);
}
