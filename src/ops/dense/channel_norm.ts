/**
 * Batch normalization of channels.
 *
 * @module
 */
import source from "../../../shaders/dense/channel_norm.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";

const kernels = shader("channel_norm", { grid, step, channel_norm: source });

/** Slices of the batch that partial sums are kept for at most. */
export const MAX_SLICES = 64;

/** Options of {@linkcode channelNorm}. */
export interface ChannelNormOptions {
  /** Added to the variance. @default {1e-5} */
  eps?: number;
  /** Weight of the batch in the running statistics. @default {0.1} */
  momentum?: number;
}

interface Attributes extends Required<ChannelNormOptions> {
  readonly training: boolean;
}

const channelNormOp: Op<Attributes> = {
  name: "channel_norm",
  outputs: ([x, ...channels]) => {
    const [size] = channels[0].shape;
    if (channels.some(({ shape }) => shape.length !== 1 || shape[0] !== size)) {
      throw new TypeError(
        `Cannot build channel_norm: parameters must have one shape [C], received ${
          channels.map(({ shape }) => formatShape(shape)).join(", ")
        }`,
      );
    }
    if (x.shape[0] !== "B" || widthOf(x.shape) % Number(size) !== 0) {
      throw new TypeError(
        `Cannot build channel_norm: input must have shape [B, ...] of ${size} channels, received ${
          formatShape(x.shape)
        }`,
      );
    }
    return [x.shape, [Number(size)], [Number(size)]];
  },
  emit: (k, { inputs: [x, gamma, beta, runningMean, runningVariance], outputs, attributes }) => {
    const [y, mean, rstd] = outputs;
    if (!attributes.training) {
      emit(k, "normalize", { x, gamma, beta, mean: runningMean, spread: runningVariance, y }, attributes, gamma);
      return;
    }
    const partial = k.scratch([MAX_SLICES, widthOf(gamma.shape), 2]);
    emit(k, "moments", { x, partial }, attributes, gamma);
    const length = widthOf(x.shape) / widthOf(gamma.shape);
    emitMergedMoments(k, { partial, mean, rstd, runningMean, runningVariance }, length, attributes);
    emit(k, "normalize", { x, gamma, beta, mean, spread: rstd, y }, attributes, gamma);
  },
  backward: ({ inputs: [x, gamma, , runningMean, runningVariance], outputs, attributes }, [dy]) => {
    if (!dy) return [];
    const [mean, spread] = attributes.training ? [outputs[1], outputs[2]] : [runningMean, runningVariance];
    return applyAll(channelNormBackwardOp, [x, gamma, mean, spread, dy], attributes);
  },
};

const channelNormBackwardOp: Op<Attributes> = {
  name: "channel_norm_backward",
  outputs: ([x, gamma]) => [x.shape, gamma.shape, gamma.shape],
  emit: (k, { inputs: [x, gamma, mean, spread, dy], outputs: [dx, dGamma, dBeta], attributes }) => {
    const partial = k.scratch([MAX_SLICES, widthOf(gamma.shape), 2]);
    emit(k, "sums", { x, dy, mean, spread, partial }, attributes, gamma);
    const length = widthOf(x.shape) / widthOf(gamma.shape);
    emit(k, "merge_sums", { slices: partial, first: dGamma, second: dBeta }, attributes, gamma, length);
    if (!k.needed(dx)) return;
    emit(k, "gradient", { x, dy, gamma, mean, spread, first: dGamma, second: dBeta, y: dx }, attributes, gamma);
  },
};

/** What moments of slices are merged into; all `[C]` but the first. */
export interface Moments {
  /** Means and sums of squares about them, `[64, C, 2]`. */
  readonly partial: Tensor;
  readonly mean: Tensor;
  readonly rstd: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
}

/** Appends mean and rstd of channels of `length` numbers a row, and moves the running statistics. */
export function emitMergedMoments(
  k: Emitter,
  { partial, mean, rstd, runningMean, runningVariance }: Moments,
  length: number,
  options: Required<ChannelNormOptions>,
): void {
  const running = { running_mean: runningMean, running_variance: runningVariance };
  const attributes = { ...options, training: true };
  emit(k, "merge", { slices: partial, first: mean, second: rstd, ...running }, attributes, mean, length);
}

function emit(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  { eps, momentum, training }: Attributes,
  gamma: Tensor,
  length = widthOf(bind.x.shape) / widthOf(gamma.shape),
): void {
  const channels = widthOf(gamma.shape);
  const slice = Math.ceil(k.batch / MAX_SLICES);
  const groups: Record<string, number> = {
    moments: Math.ceil(k.batch / slice) * channels,
    sums: Math.ceil(k.batch / slice) * channels,
    merge: Math.ceil(channels / 64),
    merge_sums: Math.ceil(channels / 64),
  };
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: { MAX_SLICES },
    params: {
      batch: k.batch,
      channels,
      length,
      slice,
      training: Number(training),
      epsilon: eps,
      momentum,
    },
    grid: groups[entry] ?? Math.ceil(k.batch * channels * length / 64),
  });
}

/**
 * Normalizes each channel over the batch and its numbers: y = gamma (x - mean) / sqrt(variance + eps) + beta.
 *
 * A training trace takes mean and (biased) variance of the valid rows, and moves the running statistics towards mean and
 * unbiased variance by `momentum`. A predicting trace takes the running statistics.
 *
 * @param x `[B, ...]`, whose numbers are C channels one after the other
 * @param gamma `[C]`
 * @param beta `[C]`
 * @param runningMean statistic `[C]`
 * @param runningVariance statistic `[C]`
 * @returns the shape of `x`
 * @throws {TypeError} when a shape differs
 */
export function channelNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  runningMean: Tensor,
  runningVariance: Tensor,
  { eps = 1e-5, momentum = 0.1 }: ChannelNormOptions = {},
): Tensor {
  const attributes = { eps, momentum, training: x.graph.mode === "train" };
  return apply(channelNormOp, [x, gamma, beta, runningMean, runningVariance], attributes);
}
