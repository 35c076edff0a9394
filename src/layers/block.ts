/**
 * Blocks of dense layers: residual units, masked blocks, bridges between streams.
 *
 * @module
 */
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { multiply } from "../ops/dense/arithmetic.ts";
import { concat } from "../ops/shape/concat.ts";
import { factorize, type FactorizeKind } from "../ops/interaction/factorize.ts";
import { sumPlaces } from "../ops/interaction/field_sums.ts";
import { softmax } from "../ops/dense/softmax.ts";
import { reshape } from "../ops/shape/reshape.ts";
import { layerNorm, prelu } from "./activation.ts";
import { activation, batchNorm as normalize, dense, dropout as drop, type LayerActivation } from "./mlp.ts";

/** Options of {@linkcode residualUnit}. */
export interface ResidualOptions {
  /** Name of the parameters' prefix. @default {"residual"} */
  name?: string;
  /** Activation between the two layers. @default {"relu"} */
  activation?: LayerActivation;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** Whether the hidden layer is batch-normalized before its activation. @default {false} */
  batchNorm?: boolean;
  /** Whether the sum is activated too; batch norm and dropout then are at the sum instead of inside. @default {false} */
  activateSum?: boolean;
}

/**
 * Adds what two layers make of the input to it: y = x + W_2 act(W_1 x + b_1) + b_2, or the activation of that.
 *
 * Y. Shan et al.: Deep Crossing. KDD 2016, equation 4 with the activation inside.
 *
 * @param x `[B, N]`
 * @param hidden width of the layer in between
 * @returns `[B, N]`
 */
export function residualUnit(x: Tensor, hidden: number, options: ResidualOptions = {}): Tensor {
  const name = x.graph.uniqueName(options.name ?? "residual");
  const activate = (z: Tensor): Tensor => activation(z, options.activation ?? "relu");
  const finish = (z: Tensor): Tensor => {
    const normal = options.batchNorm ? normalize(z, { name: `${name}.bn` }) : z;
    return drop(activate(normal), options.dropout ?? 0);
  };
  const z = dense(x, hidden, { name: `${name}.0` });
  const h = options.activateSum ? activate(z) : finish(z);
  const sum = add(x, dense(h, widthOf(x.shape), { name: `${name}.1` }));
  return options.activateSum ? finish(sum) : sum;
}

/** Options of {@linkcode maskBlock}. */
export interface MaskBlockOptions {
  /** Name of the parameters' prefix. @default {"mask"} */
  name?: string;
  /** Width of the mask's hidden layer over that of h. @default {1} */
  ratio?: number;
  /** Whether the output is layer-normalized before its activation. @default {true} */
  layerNorm?: boolean;
  /** Activation of the output. @default {"relu"} */
  activation?: LayerActivation;
  /** Probability of zeroing an output in training. @default {0} */
  dropout?: number;
}

/**
 * Masks a hidden row by what the input says: y = act(LN((m * h) W)) with m = W_2 relu(W_1 x + b_1) + b_2.
 *
 * Z. Wang et al.: MaskNet. DLP-KDD 2021, equations 3 to 8.
 *
 * @param x the features `[B, N]`
 * @param h what is masked `[B, M]`
 * @param units width of the output
 * @returns `[B, units]`
 */
export function maskBlock(x: Tensor, h: Tensor, units: number, options: MaskBlockOptions = {}): Tensor {
  const name = x.graph.uniqueName(options.name ?? "mask");
  const width = widthOf(h.shape);
  const inner = dense(x, Math.floor(width * (options.ratio ?? 1)), { name: `${name}.0`, activation: "relu" });
  const mask = dense(inner, width, { name: `${name}.1` });
  x.graph.expose(`${name}.mask`, mask);
  const z = dense(multiply(h, mask), units, { name: `${name}.out`, bias: false });
  const normal = options.layerNorm === false ? z : layerNorm(z, { name: `${name}.ln` });
  return drop(activation(normal, options.activation ?? "relu"), options.dropout ?? 0);
}

/** Options of {@linkcode factorizedBlock}. */
export interface FactorizedBlockOptions {
  /** Name of the parameters' prefix. @default {"block"} */
  name?: string;
  /** `"join"` gives [a, a' * a] with halves of the width, `"fold"` gives a + a' * a. @default {"join"} */
  residual?: FactorizeKind;
  /** Activation of each layer. @default {"relu"} */
  activation?: LayerActivation;
  /** Probability of zeroing a unit in training. @default {0} */
  dropout?: number;
  /** Whether layers are batch-normalized before their activation. @default {true} */
  batchNorm?: boolean;
}

/**
 * Stacks factorized interaction layers: h = act(BN([a, a' * a])) with [a, a'] = W x + b.
 *
 * J. Zhu et al.: FINAL. SIGIR 2023, equations 4 and 5.
 *
 * @param x `[B, K]`
 * @param units widths of the layers, even ones where halves are joined
 * @returns `[B, N]` with N the last width
 * @throws {RangeError} when a width to be joined is odd
 */
export function factorizedBlock(x: Tensor, units: readonly number[], options: FactorizedBlockOptions = {}): Tensor {
  const prefix = x.graph.uniqueName(options.name ?? "block");
  const residual = options.residual ?? "join";
  return units.reduce((h, width, i) => {
    if (residual === "join" && width % 2 !== 0) {
      throw new RangeError(`Cannot build factorizedBlock: joined halves need an even width, received ${width}`);
    }
    const name = `${prefix}.${i}`;
    const y = factorize(dense(h, residual === "join" ? width : 2 * width, { name }), residual);
    const normal = options.batchNorm === false ? y : normalize(y, { name: `${name}.bn` });
    return drop(activation(normal, options.activation ?? "relu"), options.dropout ?? 0);
  }, x);
}

/** Options of {@linkcode quadraticBlock}. */
export interface QuadraticBlockOptions {
  /** Name of the parameters' prefix. @default {"quadratic"} */
  name?: string;
  /** Number of layers. @default {3} */
  layers?: number;
  /** Products R that are added up for each column. @default {2} */
  rows?: number;
  /** Probability of zeroing a number of the products, and of what is added to x, in training. @default {0} */
  dropout?: number;
  /** Whether layers are batch-normalized before their activation. @default {false} */
  batchNorm?: boolean;
}

/**
 * Stacks quadratic layers: x_{l+1} = x_l + prelu(BN(x_l * sum_r (W_lr x_l + b_lr))), one slope a layer.
 *
 * H. Li et al.: Quadratic Interest Network. WWW 2025, arXiv:2504.17699.
 *
 * @param x `[B, N]`
 * @returns `[B, N]`
 * @throws {RangeError} when `rows` is not a positive integer
 */
export function quadraticBlock(x: Tensor, options: QuadraticBlockOptions = {}): Tensor {
  const { layers = 3, rows = 2, dropout = 0 } = options;
  if (!(Number.isInteger(rows) && rows > 0)) {
    throw new RangeError(`Cannot build quadraticBlock: rows must be a positive integer, received ${rows}`);
  }
  const prefix = x.graph.uniqueName(options.name ?? "quadratic");
  const width = widthOf(x.shape);
  return Array.from({ length: layers }, (_, i) => `${prefix}.${i}`).reduce((x, name) => {
    const factors = drop(dense(x, rows * width, { name }), dropout);
    const y = multiply(x, sumPlaces(reshape(factors, ["B", rows, width])));
    const normal = options.batchNorm ? normalize(y, { name: `${name}.bn` }) : y;
    return add(x, drop(prelu(normal, { name: `${name}.prelu`, shared: true }), dropout));
  }, x);
}

/** How {@linkcode bridge} joins two streams. */
export type BridgeKind = "sum" | "product" | "concat" | "attention";

/**
 * Joins two streams of one width: a + b, a * b, relu(W [a, b]), or softmax(g(a)) * a + softmax(g(b)) * b.
 *
 * B. Chen et al.: EDCN. CIKM 2021, section 3.2.
 *
 * @param a `[B, N]`
 * @param b `[B, N]`
 * @returns `[B, N]`
 */
export function bridge(a: Tensor, b: Tensor, kind: BridgeKind, options: { name?: string } = {}): Tensor {
  if (kind === "sum") return add(a, b);
  if (kind === "product") return multiply(a, b);
  const name = a.graph.uniqueName(options.name ?? "bridge");
  const width = widthOf(a.shape);
  if (kind === "concat") return dense(concat(a, b), width, { name: `${name}.out`, activation: "relu" });
  const weighted = [a, b].map((x, i) => {
    const h = dense(x, width, { name: `${name}.${i}.0`, activation: "relu" });
    return multiply(x, softmax(dense(h, width, { name: `${name}.${i}.1`, bias: false })));
  });
  return add(...weighted);
}
