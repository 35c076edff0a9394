/**
 * Dice: an activation that bends each column where its batch statistics say.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/dice.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitMoments } from "./batch_norm.ts";
import { columnsOf } from "./matmul_layout.ts";

const kernels = shader("dice", { grid, step, dice: source });

/** Rows that one invocation sums. */
const SLICE = 32;

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
    if (attributes.training) emitMoments(k, x, { mean, rstd, runningMean, runningVariance }, attributes);
    const [center, spread] = attributes.training ? [mean, rstd] : [runningMean, runningVariance];
    emitElements(k, "apply", { x, mean: center, spread, slope, y }, attributes);
  },
  backward: ({ inputs: [x, slope, ...running], outputs: [, ...batch], attributes }, [dy]) =>
    dy ? [...applyAll(diceBackwardOp, [x, slope, ...(attributes.training ? batch : running), dy], attributes)] : [],
};

const diceBackwardOp: Op<DiceAttributes> = {
  name: "dice_backward",
  outputs: ([x, slope]) => [x.shape, slope.shape],
  emit: (k, { inputs: [x, slope, mean, spread, dy], outputs: [dx, dSlope], attributes }) => {
    const n = columnsOf("dice", x);
    const slices = Math.ceil(rowsOf(k, x) / SLICE);
    const [partial, totals] = [k.scratch([slices, 3, n]), k.scratch([2, n])];
    const bind = { x, dy, mean, spread, slope };
    run(k, "sums", { ...bind, partial }, x, attributes, Math.ceil(slices * n / 64));
    run(k, "merge", { slices: partial, merged: totals, d_slope: dSlope }, x, attributes, Math.ceil(n / 16));
    if (k.needed(dx)) emitElements(k, "gradient", { ...bind, totals, y: dx }, attributes);
  },
};

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
