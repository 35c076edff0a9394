/**
 * Convolution over the field axis, and features that it generates.
 *
 * @module
 */
import { ones, xavierNormal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { channelNorm as normalize } from "../ops/dense/channel_norm.ts";
import { concat } from "../ops/shape/concat.ts";
import { fieldConvolution as convolve } from "../ops/interaction/field_convolution.ts";
import { largestOfWindows } from "../ops/interaction/field_pooling.ts";
import { fieldsOf } from "../ops/interaction/field_padding.ts";
import { activation } from "../ops/dense/pointwise.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { dense } from "./mlp.ts";

/** Options of {@linkcode fieldConvolution}. */
export interface ConvolutionOptions {
  /** Name of the layer. @default {"conv"} */
  name?: string;
  /** Maps of the input. @default {1} */
  channels?: number;
  /** Rows of zeros in front of the input and behind it. @default {0} */
  padding?: number;
}

/**
 * Convolves maps along the field axis: y[b, n, m, d] = bias[n] + sum_{c, t} w[c K + t, n] x[b, c, m + t - padding, d].
 *
 * @param x `[B, C N, D]`: C maps of N rows
 * @param maps maps of the result
 * @param kernel rows K that the kernel covers
 * @returns `[B, maps M, D]` with M = N + 2 padding - K + 1
 */
export function fieldConvolution(x: Tensor, maps: number, kernel: number, options: ConvolutionOptions = {}): Tensor {
  const { channels = 1, padding = 0 } = options;
  const name = x.graph.uniqueName(options.name ?? "conv");
  const weight = x.graph.parameter(`${name}.weight`, [channels * kernel, maps], xavierNormal());
  return convolve(x, weight, x.graph.parameter(`${name}.bias`, [maps], zeros()), { channels, padding });
}

/**
 * Normalizes each channel over the batch and its numbers.
 *
 * Batch statistics in training, running ones (momentum 0.1) in prediction. Ioffe and Szegedy, ICML 2015.
 *
 * @param x `[B, ...]`, whose numbers are the channels one after the other
 * @returns the shape of `x`
 */
export function channelNorm(x: Tensor, channels: number, options: { name?: string } = {}): Tensor {
  const { graph } = x;
  const name = graph.uniqueName(options.name ?? "bn");
  return normalize(
    x,
    graph.parameter(`${name}.weight`, [channels], ones()),
    graph.parameter(`${name}.bias`, [channels], zeros()),
    graph.statistic(`${name}.mean`, [channels], zeros()),
    graph.statistic(`${name}.variance`, [channels], ones()),
  );
}

/** Options of {@linkcode generateFeatures}. */
export interface GenerateOptions {
  /** Embeddings that features are generated from, for example of a table of their own. @default the fields */
  from?: Tensor;
  /** Maps of each convolution. @default {[14, 16, 18, 20]} */
  channels?: readonly number[];
  /** Rows that each kernel covers, odd; one number for all. @default {7} */
  kernels?: number | readonly number[];
  /** Rows of each pooling window; one number for all. @default {2} */
  pools?: number | readonly number[];
  /** New features for each row after pooling; one number for all. @default {2} */
  recombined?: number | readonly number[];
  /** Whether convolutions are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/**
 * Puts features that a convolution generates behind the given ones, in front of any model.
 *
 * Each stage convolves along the field axis, pools, and recombines the pooled maps by a dense layer into new features;
 * the next stage goes on from the pooled maps. Liu et al., WWW 2019, equations 2 to 6.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, F + sum_i R_i N_i, D]` with N_i = ceil(N_(i-1) / pool_i) rows after stage i and R_i features for each
 * @throws {RangeError} when a kernel is even
 */
export function generateFeatures(e: Tensor, options: GenerateOptions = {}): Tensor {
  const { channels = [14, 16, 18, 20], kernels = 7, pools = 2, recombined = 2, batchNorm = false } = options;
  const { dim } = fieldsOf("generate_features", e);
  const at = (sizes: number | readonly number[], i: number): number => typeof sizes === "number" ? sizes : sizes[i];
  let maps = options.from ?? e; // [B, C N, D]
  const features = [flatten(e)];
  channels.forEach((count, i) => {
    const kernel = at(kernels, i);
    if (kernel % 2 !== 1) throw new RangeError(`Cannot generate features: kernels must be odd, received ${kernel}`);
    const input = { name: `conv.${i}`, channels: i === 0 ? 1 : channels[i - 1], padding: (kernel - 1) / 2 };
    const z = fieldConvolution(maps, count, kernel, input);
    const normal = batchNorm ? channelNorm(z, count, { name: `conv.${i}.bn` }) : z;
    // The hyperbolic tangent rises, so that it can follow the pooling, where there are fewer numbers.
    maps = activation(largestOfWindows(normal, count, at(pools, i)), "tanh"); // [B, C N, D]
    const rows = widthOf(maps.shape) / dim / count * at(recombined, i);
    features.push(dense(flatten(maps), rows * dim, { name: `recomb.${i}`, activation: "tanh" }));
  });
  const all = concat(...features);
  return reshape(all, ["B", widthOf(all.shape) / dim, dim]);
}
