/**
 * Kernels of products of powers of fields, some neurons at a time.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/power_dense.wgsl" with { type: "text" };
import tilesSource from "../../../shaders/interaction/power_tiles.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Shader, shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import { type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { MAX_SLICES } from "../dense/channel_norm.ts";
import { lanesOf } from "../shape/lane.ts";
import { padded } from "../dense/matmul_layout.ts";

/** Rows of the table of what kernels need of each neuron. */
export const TABLE_ROWS = 7;

/** Sizes of a layer of neurons. */
export interface PowerSizes {
  readonly fields: number;
  readonly dim: number;
  readonly neurons: number;
  /** Neurons of a window, a multiple of 4; those of the last one past `neurons` count as zeros. */
  readonly window: number;
}

/** A copy of a block of a matrix; what is outside the source is zero. */
export interface BlockCopy {
  /** Rows and columns that are written. */
  readonly rows: number;
  readonly columns: number;
  /** First column that is read. @default {0} */
  readonly from?: number;
  /** First column that is written. @default {0} */
  readonly to?: number;
}

/** Returns the windows of a layer. */
export function windowsOf({ neurons, window }: PowerSizes): number {
  return Math.ceil(neurons / window);
}

/** Returns the neurons of all windows. */
export function columnsOfWindows(sizes: PowerSizes): number {
  return windowsOf(sizes) * sizes.window;
}

const NO_PARAMS = {
  batch: 0,
  fields: 1,
  stride: 4,
  dim: 1,
  neurons: 0,
  first: 0,
  window: 4,
  columns: 4,
  lanes: 1,
  training: 0,
  normal: 0,
  epsilon: 0,
  rows: 0,
  from_column: 0,
  to_column: 0,
  w_rows: 0,
  w_columns: 0,
  w_stride: 0,
  y_columns: 1,
  y_stride: 0,
};

/** Kernels of the shader file, over rows of so many numbers. */
export function emitAround(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  params: Partial<typeof NO_PARAMS>,
  invocations: number,
  width = 1,
): void {
  const lanes = lanesOf(width);
  k.run({
    shader: shader("power_dense", { grid, step, ...lanes.part, power_dense: source }),
    entry,
    bind,
    params: { ...NO_PARAMS, batch: k.batch, lanes: lanes.count, ...params },
    grid: Math.ceil(invocations / 64),
  });
}

/** Appends a copy of a block of `one` into `other`. */
export function emitBlock(
  k: Emitter,
  one: Tensor,
  other: Tensor,
  { rows, columns, from = 0, to = 0 }: BlockCopy,
): void {
  const [wRows, wColumns] = one.shape as number[];
  const params = {
    rows,
    from_column: from,
    to_column: to,
    w_rows: wRows,
    w_columns: wColumns,
    w_stride: wColumns,
    y_columns: columns,
    y_stride: widthOf(other.shape.slice(1)),
  };
  emitAround(k, "block", { one, other }, params, rows * columns);
}

/** What one thread computes: so many numbers d of so many fours of neurons. */
export interface PowerTile {
  readonly dims: number;
  readonly quads: number;
}

/** Sizes that the choice of a kernel depends on. */
export interface PowerProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly dim: number;
  readonly neurons: number;
}

/** A kernel over all neurons, or over the window of those from `first` on. */
export interface PowerTask {
  readonly sizes: PowerSizes;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly first: number;
}

/** Returns the operations of the products. */
export function powerFlops({ batch, fields, dim, neurons }: PowerProblem): number {
  return 2 * batch * dim * neurons * fields;
}

/** Threads of a workgroup. */
const THREADS = 32;

/** The tile of `shaders/interaction/power_tiles.wgsl`. */
const GPU_TILE: PowerTile = { dims: 4, quads: 2 };

const tiles = shader("power_tiles", { grid, step, power_tiles: tilesSource });

function powerKernel(name: string, entry: "moments" | "form"): Kernel<PowerTask, PowerProblem> {
  return {
    name,
    problem: ({ batch }, { sizes }) => ({
      batch,
      fields: padded(sizes.fields),
      dim: sizes.dim,
      neurons: entry === "form" ? sizes.window : columnsOfWindows(sizes),
    }),
    variants: [gpuVariant("gpu", powerFlops, (k, task) => {
      emitPowers(k, task, entry, { shader: tiles, tile: GPU_TILE });
    })],
  };
}

/** Means and sums of squares about them, of slices of the batch. */
export const powerMomentsKernel = powerKernel("power_moments", "moments");

/** The normalized products of a window of neurons. */
export const powerFormKernel = powerKernel("power_form", "form");

/** Appends partial[s, n] = mean, and sum of squares about it, of slice s of the products of neuron n. */
export function emitMoments(k: Emitter, sizes: PowerSizes, bind: Record<"x" | "w" | "partial", Tensor>): void {
  emitKernel(k, powerMomentsKernel, { sizes, bind, first: 0 });
}

/** Appends r[b, d, n] = (p - mean) scale + shift for the window of neurons from `first` on. */
export function emitForm(
  k: Emitter,
  sizes: PowerSizes,
  bind: Record<"x" | "w" | "table" | "r", Tensor>,
  first: number,
): void {
  emitKernel(k, powerFormKernel, { sizes, bind, first });
}

/** Appends a kernel by a shader whose threads compute tiles. */
export function emitPowers(
  k: Emitter,
  { sizes, bind, first }: PowerTask,
  entry: "moments" | "form",
  { shader, tile: { dims, quads } }: { readonly shader: Shader; readonly tile: PowerTile },
): void {
  const { fields, dim, neurons, window } = sizes;
  const columns = entry === "form" ? window : columnsOfWindows(sizes);
  const rows = entry === "form" ? k.batch * Math.ceil(dim / dims) : Math.ceil(k.batch / sliceOf(k));
  k.run({
    shader,
    entry,
    bind,
    params: {
      batch: k.batch,
      dim,
      fields: padded(fields) / 4,
      quads: columnsOfWindows(sizes) / 4,
      neurons,
      first: first / 4,
      window: window / 4,
      slice: sliceOf(k),
    },
    grid: Math.ceil(rows * Math.ceil(columns / 4 / quads) / THREADS),
    flops: 2 * k.batch * dim * columns * padded(fields),
  });
}

/** Rows in a slice of the batch, as batch normalization cuts them. */
function sliceOf({ batch }: Emitter): number {
  return Math.ceil(batch / MAX_SLICES);
}
