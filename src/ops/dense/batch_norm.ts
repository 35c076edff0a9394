/**
 * Batch normalization with activation and dropout in the same kernels.
 *
 * @module
 */
import mergeSource from "../../../shaders/dense/batch_norm_merge.wgsl" with { type: "text" };
import source from "../../../shaders/dense/batch_norm.wgsl" with { type: "text" };
import type { BufferRange } from "../../gpu/kernel.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import type { Activation } from "./matmul.ts";
import { columnsOf } from "./matmul_layout.ts";
import { type Epilogue, epilogueConstants, epilogueShaders } from "./pointwise.ts";

const kernels = epilogueShaders("batch_norm", source, { batch_norm_merge: mergeSource });

/** Slices of rows that partial sums are kept for, where they are no longer than {@linkcode LONGEST_SLICE}. */
const SLICES = 128;

/** Most rows of a slice, which an invocation sums one by one. */
const LONGEST_SLICE = 128;

/** Rows that one invocation normalizes: parameters of the column are loaded once for all of them. */
const ROWS = 8;

/** What a batch normalization is specialized by. */
export interface BatchNormAttributes extends Epilogue {
  /** Added to the variance. */
  readonly eps: number;
  /** Weight of the batch in the running statistics. */
  readonly momentum: number;
  /** Applied to the normalized columns. */
  readonly activation: Activation;
  /** Applied last. */
  readonly dropout: { readonly rate: number; readonly salt: number } | undefined;
  /** Whether statistics are the batch's; otherwise they are the running ones. */
  readonly training: boolean;
}

/**
 * The op behind {@linkcode batchNorm}: inputs x, gamma, beta, running mean and variance. Outputs y; then the batch's mean
 * and 1 / standard deviation, which the backward reads.
 */
export const batchNormOp: Op<BatchNormAttributes> = {
  name: "batch_norm",
  outputs: ([x, ...columns], { dropout }) => {
    const n = columnsOf("batch_norm", x);
    if (x.shape[0] !== "B") {
      throw new TypeError(
        `Cannot build batch_norm: input must have shape [B, N] or [B, L, N], received ${formatShape(x.shape)}`,
      );
    }
    const other = columns.find(({ shape }) => shape.length !== 1 || shape[0] !== n);
    if (other) {
      throw new TypeError(
        `Cannot build batch_norm: parameters must have shape [${n}], received ${formatShape(other.shape)}`,
      );
    }
    if (dropout && !(dropout.rate >= 0 && dropout.rate < 1)) {
      throw new RangeError(`Cannot build batch_norm: dropout must be in [0, 1), received ${dropout.rate}`);
    }
    return [x.shape, [n], [n]];
  },
  emit: (k, { inputs, outputs, attributes }) => {
    const [x, gamma, beta, runningMean, runningVariance] = inputs;
    const [y, mean, rstd] = outputs;
    const rows = rowsOf(x);
    if (!attributes.training) {
      const bind = { x, mean: runningMean, spread: runningVariance, gamma, beta, y };
      runRows(k, "normalize", rows, ROWS, bind, attributes);
      return;
    }
    emitMoments(k, x, { mean, rstd, runningMean, runningVariance }, attributes);
    runRows(k, "normalize", rows, ROWS, { x, mean, spread: rstd, gamma, beta, y }, attributes);
  },
  backward: ({ inputs, outputs, attributes }, [dy]) => {
    if (!dy) return [];
    const [x, gamma, beta, runningMean, runningVariance] = inputs;
    const statistics = attributes.training ? [outputs[1], outputs[2]] : [runningMean, runningVariance];
    return applyAll(batchNormBackwardOp, [x, gamma, beta, ...statistics, dy], attributes);
  },
};

const batchNormBackwardOp: Op<BatchNormAttributes> = {
  name: "batch_norm_backward",
  outputs: ([x, { shape }]) => [x.shape, shape, shape],
  emit: (k, { inputs, outputs, attributes }) => {
    const [x, gamma, beta, mean, spread, dy] = inputs;
    const [dx, dGamma, dBeta] = outputs;
    const rows = rowsOf(x);
    const [partial, sums] = [partialSums(k, rows), k.scratch([2, rows.n])];
    const slice = sliceOf(k.batch * rows.places);
    const bind = { x, dy, mean, spread, gamma, beta };
    emitKernel(k, sumsKernel, { entry: "gradient_sums", rows, bind: { ...bind, partial }, attributes });
    runMerge(k, "merge_sums", rows, slice, { slices: partial, first: dGamma, second: dBeta, merged: sums }, attributes);
    if (k.needed(dx)) runRows(k, "gradient", rows, ROWS, { ...bind, sums, y: dx }, attributes);
  },
};

/** Rows of a matrix: each row of the batch has one, or one for each place. */
interface Rows {
  readonly places: number;
  readonly n: number;
}

function rowsOf(x: Tensor): Rows {
  const n = columnsOf("batch_norm", x);
  return { places: widthOf(x.shape) / n, n };
}

function sliceOf(rows: number): number {
  return Math.min(LONGEST_SLICE, Math.max(ROWS, Math.ceil(rows / SLICES)));
}

/** Returns memory for two sums of each column over each slice of rows. */
function partialSums(k: Emitter, { places, n }: Rows): Tensor {
  const rows = k.batch * places;
  return k.scratch([Math.ceil(rows / sliceOf(rows)), 2, n]);
}

/** What is known of the columns of a batch. */
export interface Statistics {
  /** Means of the columns `[N]`. */
  readonly mean: Tensor;
  /** Reciprocals of their standard deviations `[N]`. */
  readonly rstd: Tensor;
  /** Running means `[N]`. */
  readonly runningMean: Tensor;
  /** Running variances `[N]`. */
  readonly runningVariance: Tensor;
}

/** Appends the computation of a batch's statistics, which moves the running ones. */
export function emitMoments(
  k: Emitter,
  x: Tensor,
  { mean, rstd, runningMean, runningVariance }: Statistics,
  attributes: Pick<BatchNormAttributes, "eps" | "momentum">,
): void {
  const rows = rowsOf(x);
  const slice = sliceOf(k.batch * rows.places);
  const partial = partialSums(k, rows);
  const plain = { ...attributes, activation: "none" as const, dropout: undefined, training: true };
  emitKernel(k, sumsKernel, { entry: "moments", rows, bind: { x, partial }, attributes: plain });
  const running = { running_mean: runningMean, running_variance: runningVariance };
  runMerge(k, "merge_moments", rows, slice, { slices: partial, first: mean, second: rstd, ...running }, plain);
}

/** Sums of columns over slices of the rows. */
interface SliceSums {
  readonly entry: "moments" | "gradient_sums";
  readonly rows: Rows;
  readonly bind: Bind;
  readonly attributes: BatchNormAttributes;
}

interface SumsProblem extends Problem {
  readonly rows: number;
  readonly columns: number;
}

const sizeOfSums = ({ rows, columns }: SumsProblem): number => rows * columns;

/** On GPUs loads of several rows are on their way at once; invocations of a processor run in lockstep. */
const sumsKernel: Kernel<SliceSums, SumsProblem> = {
  name: "batch_norm_sums",
  problem: ({ batch }, { rows: { places, n } }) => ({ rows: batch * places, columns: n }),
  variants: [
    gpuVariant("ahead", sizeOfSums, (k, { entry, rows, bind, attributes }, problem) => {
      runRows(k, `${entry}_ahead`, rows, sliceOf(problem.rows), bind, attributes);
    }),
    {
      name: "lockstep",
      fits: () => true,
      cost: (profile, problem) => costOn(profile, sizeOfSums(problem), { gpu: 2, software: 1 }),
      emit: (k, { entry, rows, bind, attributes }, problem) =>
        runRows(k, entry, rows, sliceOf(problem.rows), bind, attributes),
    },
  ],
};

type Bind = Record<string, Tensor | BufferRange>;

/** Runs a kernel whose invocations each take `slice` rows of one column, or of four columns where N allows. */
function runRows(
  k: Emitter,
  entry: string,
  rows: Rows,
  slice: number,
  bind: Bind,
  attributes: BatchNormAttributes,
): void {
  const width = rows.n % 4 === 0 ? 4 : 1;
  const slices = Math.ceil(k.batch * rows.places / slice);
  k.run({
    shader: width === 4 ? kernels.four : kernels.one,
    entry,
    bind,
    constants: { ...epilogueConstants(attributes), BATCH_STATISTICS: attributes.training },
    params: paramsOf(k, rows, slice, attributes),
    grid: Math.ceil(slices * rows.n / width / 64),
  });
}

/** Runs a kernel that folds the slices of each column; plain constants keep its pipeline the same for all layers. */
function runMerge(
  k: Emitter,
  entry: string,
  rows: Rows,
  slice: number,
  bind: Bind,
  attributes: BatchNormAttributes,
): void {
  k.run({
    shader: kernels.one,
    entry,
    bind,
    params: paramsOf(k, rows, slice, attributes),
    grid: Math.ceil(rows.n / 16),
  });
}

function paramsOf(
  k: Emitter,
  { places, n }: Rows,
  slice: number,
  attributes: BatchNormAttributes,
): Record<string, number> {
  const rows = k.batch * places;
  return {
    rows,
    places,
    columns: n,
    slice,
    slices: Math.ceil(rows / slice),
    epsilon: attributes.eps,
    momentum: attributes.momentum,
  };
}

/** Options of {@linkcode batchNorm}. */
export interface BatchNormOptions {
  /** Added to the variance. @default {1e-5} */
  eps?: number;
  /** Weight of the batch in the running statistics. @default {0.1} */
  momentum?: number;
  /** Applied to the normalized columns. @default {"none"} */
  activation?: Activation;
  /** Applied last, in a training trace only. */
  dropout?: { rate: number; salt: number };
}

/**
 * Normalizes each column, scales and shifts it, and applies activation and dropout:
 *
 *     y = dropout(act(gamma (x - mean) / sqrt(variance + eps) + beta))
 *
 * A training trace takes mean and (biased) variance of the valid rows of the batch, and moves the running statistics
 * towards mean and unbiased variance by `momentum`; one row leaves the running variance as it is. A predicting trace
 * takes the running statistics and drops nothing.
 *
 * @param x `[B, N]`, or `[B, L, N]` whose places count as rows
 * @param gamma `[N]`
 * @param beta `[N]`
 * @param runningMean statistic `[N]`, in a buffer that gamma and beta are not in
 * @param runningVariance statistic `[N]`, likewise
 * @returns the shape of `x`
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when the dropout rate is outside [0, 1)
 */
export function batchNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  runningMean: Tensor,
  runningVariance: Tensor,
  { eps = 1e-5, momentum = 0.1, activation = "none", dropout }: BatchNormOptions = {},
): Tensor {
  const training = x.graph.mode === "train";
  return apply(batchNormOp, [x, gamma, beta, runningMean, runningVariance], {
    eps,
    momentum,
    activation,
    dropout: training ? dropout : undefined,
    training,
  });
}
