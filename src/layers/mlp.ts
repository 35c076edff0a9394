/**
 * Dense layers.
 *
 * @module
 */
import { type Initializer, ones, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { batchNorm as normalize } from "../ops/dense/batch_norm.ts";
import { type Activation, dense as product } from "../ops/dense/dense.ts";
import { columnsOf } from "../ops/dense/matmul_layout.ts";
import { gelu, silu } from "../ops/dense/gate.ts";
import { activation as activate, dropout as drop } from "../ops/dense/pointwise.ts";
import { dice, prelu } from "./activation.ts";

/** An activation of a layer: one that a product applies itself, or one with a kernel or parameters of its own. */
export type LayerActivation = Activation | "gelu" | "silu" | "prelu" | "dice";

/** Options of {@linkcode dense}. */
export interface DenseOptions {
  /** Name of the layer. @default {"dense"} */
  name?: string;
  /** Whether a bias is added. @default {true} */
  bias?: boolean;
  /** First weights. @default {xavierNormal()} */
  initializer?: Initializer;
  /** First biases. @default {zeros()} */
  biasInitializer?: Initializer;
  /** Activation of the output. @default {"none"} */
  activation?: LayerActivation;
}

/** Options of {@linkcode mlp}. */
export interface MlpOptions {
  /** Name of the layers' prefix. @default {"mlp"} */
  name?: string;
  /** Activation of all layers but the last. @default {"relu"} */
  activation?: LayerActivation;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** Whether hidden layers are batch-normalized before their activation. @default {false} */
  batchNorm?: boolean;
  /** Whether the last layer is a hidden one as well. @default {false} */
  hiddenOnly?: boolean;
}

/**
 * Applies one dense layer: y = act(x W + b), to each place alike where a row has several.
 *
 * @param x `[B, K]` or `[B, L, K]`
 * @param units width N of the output
 * @returns `[B, N]` or `[B, L, N]`
 */
export function dense(x: Tensor, units: number, options: DenseOptions = {}): Tensor {
  const name = x.graph.uniqueName(options.name ?? "dense");
  const weight = x.graph.parameter(
    `${name}.weight`,
    [columnsOf("dense", x), units],
    options.initializer ?? xavierNormal(),
  );
  const bias = options.bias === false
    ? undefined
    : x.graph.parameter(`${name}.bias`, [units], options.biasInitializer ?? zeros());
  const kind = options.activation ?? "none";
  return activation(product(x, weight, bias), kind, { name: `${name}.${kind}` });
}

/**
 * Normalizes each column over the batch: y = gamma (x - mean) / sqrt(variance + 1e-5) + beta.
 *
 * Batch statistics in training, running ones (momentum 0.1) in prediction; all places of a row count. Ioffe and Szegedy,
 * ICML 2015.
 *
 * @param x `[B, N]` or `[B, L, N]`
 * @returns the shape of `x`
 */
export function batchNorm(x: Tensor, options: { name?: string } = {}): Tensor {
  const { graph } = x;
  const name = graph.uniqueName(options.name ?? "bn");
  const size = [columnsOf("batch_norm", x)];
  return normalize(
    x,
    graph.parameter(`${name}.weight`, size, ones()),
    graph.parameter(`${name}.bias`, size, zeros()),
    graph.statistic(`${name}.mean`, size, zeros()),
    graph.statistic(`${name}.variance`, size, ones()),
  );
}

/** Applies an activation element by element; `"prelu"` and `"dice"` have a learned slope for each column. */
export function activation(x: Tensor, kind: LayerActivation, options: { name?: string } = {}): Tensor {
  if (kind === "none") return x;
  if (kind === "gelu") return gelu(x);
  if (kind === "silu") return silu(x);
  if (kind === "prelu") return prelu(x, options);
  return kind === "dice" ? dice(x, options) : activate(x, kind);
}

/**
 * Zeroes elements with probability `rate` in training and scales the others by 1 / (1 - rate).
 *
 * @throws {RangeError} when `rate` is outside [0, 1)
 */
export function dropout(x: Tensor, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`Cannot build dropout: rate must be in [0, 1), received ${rate}`);
  return rate === 0 ? x : drop(x, rate, x.graph.nextSalt());
}

/**
 * Stacks dense layers; each but the last is followed by batch norm (if asked for), activation and dropout.
 *
 * @param x `[B, K]` or `[B, L, K]`
 * @param units widths of the layers, the last one's included
 * @returns `[B, N]` or `[B, L, N]` with N the last width
 */
export function mlp(x: Tensor, units: readonly number[], options: MlpOptions = {}): Tensor {
  const prefix = x.graph.uniqueName(options.name ?? "mlp");
  const kind = options.activation ?? "relu";
  return units.reduce((h, width, i) => {
    const name = `${prefix}.${i}`;
    const z = dense(h, width, { name });
    if (i === units.length - 1 && !options.hiddenOnly) return z;
    const normal = options.batchNorm ? batchNorm(z, { name: `${name}.bn` }) : z;
    return dropout(activation(normal, kind, { name: `${name}.${kind}` }), options.dropout ?? 0);
  }, x);
}
