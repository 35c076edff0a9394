/**
 * Dice: an activation that bends each column where its batch statistics say.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import merged from "../../../shaders/dense/dice_merged.wgsl" with { type: "text" };
import source from "../../../shaders/dense/dice.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { emitMoments, type Statistics } from "./batch_norm.ts";
import { columnsOf } from "./matmul_layout.ts";

const kernels = shader("dice", { grid, step, dice: source });
const mergedKernels = shader("dice_merged", { grid, step, dice_merged: merged });

/** Rows that one invocation sums. */
const SLICE = 32;

/** Slices that each workgroup of the merged kernels folds at most, and rows of a slice at least. */
const MERGED = { slices: 128, rows: 64 };

/** Tiles of rows of the merged kernels at most, and rows of a tile at least. */
const TILES = { tiles: 512, rows: 128 };

interface DiceAttributes {
  readonly eps: number;
  readonly momentum: number;
  /** Whether statistics are the batch's; otherwise they are the running ones. */
  readonly training: boolean;
}

const diceOp: Op<DiceAttributes> = {
  name: "dice",
  outputs: ([x, ...columns]) => {
    const n = columnsOf("dice", x);
    const other = columns.find(({ shape }) => shape.length !== 1 || shape[0] !== n);
    if (other) {
      throw new TypeError(
        `Cannot build dice: parameters must have shape [${n}], received ${formatShape(other.shape)}`,
      );
    }
    return [x.shape, [n], [n]];
  },
  emit: (k, { inputs, outputs: [y, mean, rstd], attributes }) => {
    const [x, slope, runningMean, runningVariance] = inputs;
    if (!attributes.training) {
      emitElements(k, "apply", { x, mean: runningMean, spread: runningVariance, slope, y }, attributes);
      return;
    }
    emitKernel(k, forwardKernel, { x, slope, y, statistics: { mean, rstd, runningMean, runningVariance }, attributes });
  },
  backward: ({ inputs: [x, slope, ...running], outputs: [, ...batch], attributes }, [dy]) =>
    dy ? [...applyAll(diceBackwardOp, [x, slope, ...(attributes.training ? batch : running), dy], attributes)] : [],
};

const diceBackwardOp: Op<DiceAttributes> = {
  name: "dice_backward",
  outputs: ([x, slope]) => [x.shape, slope.shape],
  emit: (k, { inputs: [x, slope, mean, spread, dy], outputs: [dx, dSlope], attributes }) =>
    emitKernel(k, gradientKernel, { x, slope, mean, spread, dy, dx, dSlope, attributes }),
};

/** y over batch statistics, which are kept. */
interface DiceForward {
  readonly x: Tensor;
  readonly slope: Tensor;
  readonly y: Tensor;
  readonly statistics: Statistics;
  readonly attributes: DiceAttributes;
}

/** The gradients by x and the slope. */
interface DiceGradient {
  readonly x: Tensor;
  readonly slope: Tensor;
  readonly mean: Tensor;
  readonly spread: Tensor;
  readonly dy: Tensor;
  readonly dx: Tensor;
  readonly dSlope: Tensor;
  readonly attributes: DiceAttributes;
}

/** Sizes that the choice of a kernel depends on. */
interface DiceProblem extends Problem {
  readonly rows: number;
  readonly columns: number;
  readonly training: boolean;
}

/** Time of an element where slices are folded by a kernel of their own, where 1 is that of one which folds them itself. */
const APART = 1.2;

function problemOf(k: Emitter, { x, attributes }: Pick<DiceForward, "x" | "attributes">): DiceProblem {
  return { rows: rowsOf(k, x), columns: columnsOf("dice", x), training: attributes.training };
}

function elementsOf({ rows, columns }: DiceProblem): number {
  return rows * columns;
}

const forwardKernel: Kernel<DiceForward, DiceProblem> = {
  name: "dice",
  problem: problemOf,
  variants: [
    gpuVariant("apart", (sizes) => APART * elementsOf(sizes), (k, { x, slope, y, statistics, attributes }) => {
      emitMoments(k, x, statistics, attributes);
      emitElements(k, "apply", { x, mean: statistics.mean, spread: statistics.rstd, slope, y }, attributes);
    }, 1),
    gpuVariant("merged", elementsOf, (k, { x, slope, y, statistics, attributes }) => {
      const { mean, rstd, runningMean: running_mean, runningVariance: running_variance } = statistics;
      const slices = k.scratch([mergedSizes(k, x).slices, 2, columnsOf("dice", x)]);
      const kept = { batch_mean: mean, batch_rstd: rstd, running_mean, running_variance };
      runMerged(k, "moments", { x, partial: slices }, attributes);
      runMerged(k, "apply", { x, slope, slices, y, ...kept }, attributes);
    }),
  ],
};

const gradientKernel: Kernel<DiceGradient, DiceProblem> = {
  name: "dice_gradient",
  problem: problemOf,
  variants: [
    gpuVariant("apart", (sizes) => APART * elementsOf(sizes), (k, { dx, dSlope, attributes, ...bind }) => {
      const { x } = bind;
      const n = columnsOf("dice", x);
      const slices = Math.ceil(rowsOf(k, x) / SLICE);
      const [partial, totals] = [k.scratch([slices, 3, n]), k.scratch([2, n])];
      run(k, "sums", { ...bind, partial }, x, attributes, Math.ceil(slices * n / 64));
      run(k, "merge", { slices: partial, merged: totals, d_slope: dSlope }, x, attributes, Math.ceil(n / 16));
      if (k.needed(dx)) emitElements(k, "gradient", { ...bind, totals, y: dx }, attributes);
    }, 1),
    {
      ...gpuVariant("merged", elementsOf, (k, { dx, dSlope, attributes, spread, ...more }: DiceGradient) => {
        const bind = { ...more, rstd: spread };
        const slices = k.scratch([mergedSizes(k, bind.x).slices, 3, columnsOf("dice", bind.x)]);
        runMerged(k, "sums", { ...bind, partial: slices }, attributes);
        runMerged(k, "gradient", { ...bind, slices, y: dx, d_slope: dSlope }, attributes);
      }),
      fits: (_, { training }) => training,
    },
  ],
};

/** Returns how the merged kernels cut rows into slices, and into tiles. */
function mergedSizes(k: Emitter, x: Tensor): { slice: number; slices: number; tile: number; tiles: number } {
  const rows = rowsOf(k, x);
  const cut = (most: number, least: number): [number, number] => {
    const size = Math.max(least, Math.ceil(rows / most));
    return [size, Math.max(1, Math.ceil(rows / size))];
  };
  const [slice, slices] = cut(MERGED.slices, MERGED.rows);
  const [tile, tiles] = cut(TILES.tiles, TILES.rows);
  return { slice, slices, tile, tiles };
}

/** Appends a merged kernel: a workgroup for 32 columns and each slice or tile. */
function runMerged(
  k: Emitter,
  entry: "moments" | "apply" | "sums" | "gradient",
  bind: Record<string, Tensor> & { readonly x: Tensor },
  { eps: epsilon, momentum }: DiceAttributes,
): void {
  const [rows, columns] = [rowsOf(k, bind.x), columnsOf("dice", bind.x)];
  const { slice, slices, tile, tiles } = mergedSizes(k, bind.x);
  const groups = entry === "moments" || entry === "sums" ? slices : tiles;
  k.run({
    shader: mergedKernels,
    entry,
    bind,
    params: { rows, places: rows / k.batch, columns, slice, slices, tile, epsilon, momentum },
    grid: Math.ceil(columns / 32) * groups,
  });
}

function rowsOf(k: Emitter, x: Tensor): number {
  return k.batch * widthOf(x.shape) / columnsOf("dice", x);
}

function emitElements(k: Emitter, entry: string, bind: Record<string, Tensor>, attributes: DiceAttributes): void {
  run(k, entry, bind, bind.x, attributes, Math.ceil(k.batch * widthOf(bind.x.shape) / 256));
}

function run(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  x: Tensor,
  { eps: epsilon, training }: DiceAttributes,
  grid: number,
): void {
  const [rows, columns] = [rowsOf(k, x), columnsOf("dice", x)];
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: entry === "merge" ? {} : { BATCH_STATISTICS: training },
    params: { rows, places: rows / k.batch, columns, slice: SLICE, slices: Math.ceil(rows / SLICE), epsilon },
    grid,
  });
}

/**
 * Bends each column where its statistics say: y = x (p + (1 - p) slope[n]) with p = sigmoid((x - mean) / deviation).
 *
 * A training trace takes mean and (biased) variance of the valid rows, and moves the running statistics as
 * {@linkcode batchNorm} does; a predicting trace takes the running ones.
 *
 * @param x `[B, N]`, or `[B, L, N]` whose places count as rows
 * @param slope `[N]`
 * @param runningMean statistic `[N]`, in a buffer that the slope is not in
 * @param runningVariance statistic `[N]`, likewise
 * @returns the shape of `x`
 * @throws {TypeError} when a shape differs
 */
export function dice(
  x: Tensor,
  slope: Tensor,
  runningMean: Tensor,
  runningVariance: Tensor,
  { eps, momentum }: { readonly eps: number; readonly momentum: number },
): Tensor {
  const training = x.graph.mode === "train";
  return apply(diceOp, [x, slope, runningMean, runningVariance], { eps, momentum, training });
}
