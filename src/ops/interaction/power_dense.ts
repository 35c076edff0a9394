/**
 * A dense layer over normalized products of powers of fields, which are never in memory all at once.
 *
 * Products are formed for a window of neurons, multiplied by those neurons' rows of the weight, and overwritten by the
 * next window's; the backward pass forms them again, which costs little beside the multiplication.
 *
 * @module
 */
import { apply, applyAll, type Emitter, type Node, type Op } from "../../graph/node.ts";
import { formatShape, type Shape, sharing, type Tensor } from "../../graph/tensor.ts";
import { emitMergedMoments, MAX_SLICES, type Moments } from "../dense/channel_norm.ts";
import { fieldsOf } from "./field_padding.ts";
import { rounds, windowBytes } from "../shape/scratch.ts";
import { emitColumnProduct, emitProduct, emitTransposedProduct } from "../dense/matmul_kernels.ts";
import { padded } from "../dense/matmul_layout.ts";
import { emitColumnSum } from "../dense/matmul_vector.ts";
import { emitAccumulate } from "./pair_elements.ts";
import {
  columnsOfWindows,
  emitAround,
  emitBlock,
  emitForm,
  emitMoments,
  type PowerSizes,
  TABLE_ROWS,
} from "./power_kernels.ts";

/** Columns of products that are in memory at once at least, where the result has not more: a processor's cache holds them. */
const COLUMNS = 256;

/** Options of {@linkcode powerDense}. */
export interface PowerDenseOptions {
  /**
   * Columns of products that are in memory at once; at least those of four neurons are.
   *
   * @default what suits the device: on a processor as many as the result has, or 256, which its cache holds beside the
   * weight; on a GPU as many as 384 MiB hold, as far as the device binds that much at a time
   */
  readonly columns?: number;
  /** Added to the variance. @default {1e-5} */
  readonly eps?: number;
  /** Weight of the batch in the running statistics. @default {0.1} */
  readonly momentum?: number;
}

/** How products are normalized: gain and bias of each neuron, and its running statistics; all `[N]`. */
export interface PowerNorm {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

interface Attributes extends Omit<PowerSizes, "window"> {
  readonly columns: number | undefined;
  readonly eps: number;
  readonly momentum: number;
  readonly training: boolean;
}

/** Attributes with the windows that suit a device. */
interface Windowed extends PowerSizes, Attributes {}

/** Chooses the windows of a layer of `units` outputs. */
function inWindows({ gpu, batch }: Emitter, attributes: Attributes, units: number): Windowed {
  const { neurons, dim, columns } = attributes;
  const suited = Math.max(COLUMNS, units, Math.floor(windowBytes(gpu) / (4 * batch)) - 4 * dim);
  const windows = Math.ceil(neurons / Math.max(4, Math.floor((columns ?? suited) / dim)));
  return { ...attributes, window: padded(Math.ceil(neurons / windows)) };
}

const turnOp: Op<null> = {
  name: "turn_fields",
  outputs: ([l]) => {
    const { rows, dim } = fieldsOf("turn_fields", l);
    return [["B", dim, padded(rows)]];
  },
  emit: (k, { inputs: [l], outputs: [x] }) => emitTurn(k, "turn", l, x, l),
  backward: ({ inputs: [l] }, [dx]) => [dx && apply(turnBackOp, [dx], l.shape)],
};

const turnBackOp: Op<Shape> = {
  name: "turn_fields_back",
  outputs: (_, shape) => [shape],
  emit: (k, { inputs: [l], outputs: [x] }) => emitTurn(k, "turn_back", l, x, x),
};

function emitTurn(k: Emitter, entry: string, l: Tensor, x: Tensor, plain: Tensor): void {
  const { rows, dim } = fieldsOf(entry, plain);
  const stride = padded(rows);
  emitAround(k, entry, { l, x }, { fields: rows, stride, dim }, k.batch * dim * (entry === "turn" ? stride : rows));
}

/** Outputs: y, and the batch's statistics, which the backward pass reads. */
const powerDenseOp: Op<Attributes> = {
  name: "power_dense",
  outputs: ([, , , , weight], { neurons }) => [["B", weight.shape[1]], [neurons], [neurons]],
  emit: (k, { inputs: [x, powers, gamma, beta, weight, bias, ...running], outputs: [y, mean, rstd], attributes }) => {
    const width = weight.shape[1] as number;
    const sizes = inWindows(k, attributes, width);
    const { neurons, dim, window } = sizes;
    const [terms, columns] = [window * dim, columnsOfWindows(sizes)];
    const packed = emitPacked(k, x, powers, columns);
    if (sizes.training) {
      const partial = k.scratch([MAX_SLICES, neurons, 2]);
      emitMoments(k, sizes, { x, w: packed, partial });
      const moments: Moments = { partial, mean, rstd, runningMean: running[0], runningVariance: running[1] };
      emitMergedMoments(k, moments, dim, sizes);
    }
    const [center, spread] = sizes.training ? [mean, rstd] : running;
    const table = k.scratch([TABLE_ROWS, columns]);
    emitTable(k, sizes, { gamma, beta, mean: center, spread, numbers: table }, false);
    const round = rounds(k);
    for (let first = 0; first < neurons; first += window) {
      const own = round();
      const [r, rows] = [own.scratch(["B", terms]), own.scratch([terms, width])];
      emitForm(k, sizes, { x, w: packed, table, r }, first);
      emitRows(k, sizes, weight, rows, first);
      const part = first === 0 ? y : own.scratch(y.shape);
      emitProduct(own, r, rows, part, first === 0 ? { bias } : {});
      if (first > 0) emitAccumulate(k, part, y);
    }
  },
  backward: ({ inputs, outputs: [, mean, rstd], attributes }, [dy]) => {
    if (!dy) return [];
    const [x, powers, gamma, beta, weight, bias, ...running] = inputs;
    const norm = attributes.training ? [mean, rstd] : running;
    return applyAll(gradientOp, [x, powers, gamma, beta, weight, bias, ...norm, dy], attributes);
  },
};

/** Appends the powers as kernels read them, in rows of all windows' columns; what is not there is zero. */
function emitPacked(k: Emitter, x: Tensor, powers: Tensor, columns: number): Tensor {
  const rows = x.shape[2] as number;
  const packed = k.scratch([rows, columns]);
  emitBlock(k, powers, packed, { rows, columns });
  return packed;
}

function emitTable(
  k: Emitter,
  sizes: Windowed,
  bind: Record<"gamma" | "beta" | "mean" | "spread" | "numbers", Tensor>,
  normal: boolean,
): void {
  const { neurons, eps, training } = sizes;
  const columns = columnsOfWindows(sizes);
  const params = { neurons, columns, training: Number(training), normal: Number(normal), epsilon: eps };
  emitAround(k, "table", bind, params, columns);
}

/** Copies a window's rows of the weight, dimension by dimension; those past the last neuron are zeros. */
function emitRows(k: Emitter, { neurons, dim, window }: PowerSizes, w: Tensor, y: Tensor, first: number): void {
  const width = w.shape[1] as number;
  emitAround(k, "rows", { w, y }, { neurons, dim, window, first }, window * dim * width, width);
}

const gradientOp: Op<Attributes> = {
  name: "power_dense_gradient",
  outputs: (inputs) => inputs.slice(0, 6).map(({ shape }) => shape),
  emit: emitGradient,
};

function emitGradient(k: Emitter, { inputs, outputs, attributes }: Node<Attributes>): void {
  const [x, powers, gamma, beta, weight, , mean, spread, dy] = inputs;
  const [dx, dPowers, dGamma, dBeta, dWeight, dBias] = outputs;
  const width = weight.shape[1] as number;
  const sizes = inWindows(k, attributes, width);
  const { fields, neurons, dim, window, training } = sizes;
  const [terms, columns, padded] = [window * dim, columnsOfWindows(sizes), x.shape[2] as number];
  const packed = emitPacked(k, x, powers, columns);
  const [table, total] = [k.scratch([TABLE_ROWS, columns]), k.scratch([width])];
  emitTable(k, sizes, { gamma, beta, mean, spread, numbers: table }, true);
  emitColumnSum(k, dy, total);
  const [sums, some] = [k.scratch([dim, window, 2]), k.scratch([padded, window])];
  const [u, dr] = [k.scratch(["B", terms]), k.scratch(["B", terms])];
  const dz = sharing(dr, ["B", dim, window]);
  const all = { neurons, dim, window, columns, training: Number(training) };
  const round = rounds(k);
  for (let first = 0; first < neurons; first += window) {
    const at = { ...all, first };
    const own = round();
    const [rows, g, partPowers] = [own.scratch([terms, width]), own.scratch([terms, width]), own.scratch(some.shape)];
    emitForm(k, sizes, { x, w: packed, table, r: u }, first);
    emitColumnProduct(own, u, dy, g);
    const bind = { w: weight, g, s: total, gamma, beta, y: dWeight, sums };
    emitAround(k, "weigh", bind, at, terms, width);
    const merged = { parts: sums, s: total, dgamma: dGamma, dbeta: dBeta, dtotal: dBias, numbers: table };
    emitAround(k, "merge_sums", merged, at, Math.max(window, width), width);
    emitRows(k, sizes, weight, rows, first);
    emitTransposedProduct(own, dy, rows, dr);
    emitAround(k, "slope", { u, fours: table, dz }, at, k.batch * window / 4);
    emitBlock(k, packed, some, { rows: padded, columns: window, from: first });
    const part = first === 0 ? dx : own.scratch(dx.shape);
    emitTransposedProduct(own, dz, some, part);
    if (first > 0) emitAccumulate(k, part, dx);
    emitColumnProduct(own, x, dz, partPowers);
    emitBlock(k, partPowers, dPowers, { rows: fields, columns: Math.min(window, neurons - first), to: first });
  }
}

/**
 * Applies a dense layer to normalized products of powers of fields:
 * y[b, h] = bias[h] + sum_n sum_d W[(n, d), h] norm_n(exp(sum_f w[f, n] l[b, f, d])).
 *
 * Normalization is that of {@linkcode channelNorm} with a channel per neuron n.
 *
 * @param logs logarithms `[B, F, D]`
 * @param powers `[F, N]`
 * @param norm gain, bias and running statistics of the neurons
 * @param weight `[N D, H]`
 * @param bias `[H]`
 * @returns `[B, H]`
 * @throws {TypeError} when a shape does not fit
 */
export function powerDense(
  logs: Tensor,
  powers: Tensor,
  { gamma, beta, mean, variance }: PowerNorm,
  weight: Tensor,
  bias: Tensor,
  { columns, eps = 1e-5, momentum = 0.1 }: PowerDenseOptions = {},
): Tensor {
  const { rows: fields, dim } = fieldsOf("power_dense", logs);
  const neurons = powers.shape[1];
  if (powers.shape.length !== 2 || powers.shape[0] !== fields || typeof neurons !== "number") {
    throw new TypeError(
      `Cannot build power_dense: powers must have shape [${fields}, N], received ${formatShape(powers.shape)}`,
    );
  }
  for (const tensor of [gamma, beta, mean, variance]) {
    if (tensor.shape.length === 1 && tensor.shape[0] === neurons) continue;
    throw new TypeError(
      `Cannot build power_dense: the norm must have shapes [${neurons}], received ${formatShape(tensor.shape)}`,
    );
  }
  if (weight.shape.length !== 2 || weight.shape[0] !== neurons * dim) {
    throw new TypeError(
      `Cannot build power_dense: weight must have shape [${neurons * dim}, H], received ${formatShape(weight.shape)}`,
    );
  }
  if (bias.shape.join() !== `${weight.shape[1]}`) {
    throw new TypeError(
      `Cannot build power_dense: bias must have shape [${weight.shape[1]}], received ${formatShape(bias.shape)}`,
    );
  }
  const attributes = { fields, dim, neurons, columns, eps, momentum, training: logs.graph.mode === "train" };
  const x = apply(turnOp, [logs], null);
  return apply(powerDenseOp, [x, powers, gamma, beta, weight, bias, mean, variance], attributes);
}
