/**
 * Activations with parameters of their own, and norms of rows.
 *
 * @module
 */
import { constant, type Initializer, ones, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { dice as bendByStatistics } from "../ops/dense/dice.ts";
import { prelu as bend } from "../ops/dense/gate.ts";
import { layerNorm as normalizeRows } from "../ops/dense/layer_norm.ts";
import { rmsNorm as divideRows } from "../ops/dense/rms_norm.ts";
import { columnsOf } from "../ops/dense/matmul_layout.ts";

/** Options of {@linkcode prelu}. */
export interface PreluOptions {
  /** Name of the layer. @default {"prelu"} */
  name?: string;
  /** First slope. @default {0.25} */
  initial?: number;
  /** Whether all columns share one slope. @default {false} */
  shared?: boolean;
}

/**
 * Scales negative elements by a learned slope per column: y = max(x, 0) + slope[n] min(x, 0).
 *
 * He, Zhang, Ren and Sun, ICCV 2015.
 *
 * @param x `[..., N]`
 * @returns the shape of `x`
 */
export function prelu(x: Tensor, { name = "prelu", initial = 0.25, shared = false }: PreluOptions = {}): Tensor {
  const width = shared ? 1 : columnsOf("prelu", x);
  return bend(x, x.graph.parameter(`${x.graph.uniqueName(name)}.slope`, [width], constant(initial)));
}

/** Options of {@linkcode dice}. */
export interface DiceOptions {
  /** Name of the layer. @default {"dice"} */
  name?: string;
  /** Added to the variance. @default {1e-9} */
  eps?: number;
  /** Weight of the batch in the running statistics. @default {0.01} */
  momentum?: number;
}

/**
 * Bends each column where its batch statistics say: y = p x + (1 - p) slope x with
 * p = sigmoid((x - mean) / sqrt(variance + eps)). Slopes start at 0.
 *
 * Batch statistics in training, running ones in prediction. Zhou et al., Deep Interest Network, KDD 2018, equation 6.
 *
 * @param x `[B, N]` or `[B, L, N]`, whose places all count
 * @returns the shape of `x`
 */
export function dice(x: Tensor, { name = "dice", eps = 1e-9, momentum = 0.01 }: DiceOptions = {}): Tensor {
  const { graph } = x;
  const prefix = graph.uniqueName(name);
  const size = [columnsOf("dice", x)];
  const slope = graph.parameter(`${prefix}.slope`, size, zeros());
  const mean = graph.statistic(`${prefix}.mean`, size, zeros());
  const variance = graph.statistic(`${prefix}.variance`, size, ones());
  return bendByStatistics(x, slope, mean, variance, { eps, momentum });
}

/** Options of {@linkcode layerNorm}. */
export interface LayerNormOptions {
  /** Name of the layer. @default {"ln"} */
  name?: string;
  /** Added to the variance. @default {1e-5} */
  eps?: number;
  /** First scale. @default {ones()} */
  initializer?: Initializer;
  /** Whether each field of `[B, F, N]` has a scale and a shift of its own. @default {false} */
  byField?: boolean;
}

/**
 * Normalizes the last size of each row: y = weight (x - mean) / sqrt(variance + eps) + bias.
 *
 * Ba, Kiros and Hinton, arXiv:1607.06450.
 *
 * @param x `[B, ..., N]`
 * @returns the shape of `x`
 */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  const { graph } = x;
  const prefix = graph.uniqueName(options.name ?? "ln");
  const size = options.byField ? [Number(x.shape[1]), columnsOf("layer_norm", x)] : [columnsOf("layer_norm", x)];
  return normalizeRows(
    x,
    graph.parameter(`${prefix}.weight`, size, options.initializer ?? ones()),
    graph.parameter(`${prefix}.bias`, size, zeros()),
    options.eps,
  );
}

/**
 * Divides each row of the last size by its root mean square: y = weight x / sqrt(mean(x^2) + 1e-6).
 *
 * Zhang and Sennrich: Root Mean Square Layer Normalization. NeurIPS 2019, arXiv:1910.07467.
 *
 * @param x `[B, ..., N]`
 * @returns the shape of `x`
 */
export function rmsNorm(x: Tensor, { name = "rms" }: { name?: string } = {}): Tensor {
  const size = [columnsOf("rms_norm", x)];
  return divideRows(x, x.graph.parameter(`${x.graph.uniqueName(name)}.weight`, size, ones()));
}
