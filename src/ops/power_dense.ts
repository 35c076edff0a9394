/**
 * A dense layer over normalised products of powers of fields, which are never in memory all at once.
 *
 * Products are formed for a window of neurons, multiplied by those neurons' rows of the weight, and overwritten by the
 * next window's; the backward pass forms them again, which costs little beside the multiplication.
 *
 * @module
 */
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, type Shape, type Tensor } from "../graph/tensor.ts";
import { emitMergedMoments, MAX_SLICES, type Moments } from "./channel_norm.ts";
import { fieldsOf } from "./field_padding.ts";
import { rounds } from "./scratch.ts";
import { emitColumnProduct, emitProduct, emitTransposedProduct } from "./matmul_kernels.ts";
import { padded } from "./matmul_layout.ts";
import { emitColumnSum } from "./matmul_vector.ts";
import { emitAccumulate } from "./pair_elements.ts";
import {
  columnsOfWindows,
  emitAround,
  emitBlock,
  emitForm,
  emitMoments,
  type PowerSizes,
  TABLE_ROWS,
  windowsOf,
} from "./power_kernels.ts";

/** Columns of products that are in memory at once, where the result has not more. */
const COLUMNS = 256;

/** Options of {@linkcode powerDense}. */
export interface PowerDenseOptions {
  /**
   * Columns of products that are in memory at once; at least those of four neurons are.
   *
   * @default as many as the result has, or 256: a layer binds nothing larger than what every layer of its width does
   */
  readonly columns?: number;
  /** Added to the variance. @default {1e-5} */
  readonly eps?: number;
  /** Weight of the batch in the running statistics. @default {0.1} */
  readonly momentum?: number;
}

/** How products are normalised: gain and bias of each neuron, and its running statistics; all `[N]`. */
export interface PowerNorm {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

interface Attributes extends PowerSizes {
  readonly eps: number;
  readonly momentum: number;
  readonly training: boolean;
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

/** Outputs: y, then scratch memory, of which the backward pass reads mean, spread and the packed powers. */
const powerDenseOp: Op<Attributes> = {
  name: "power_dense",
  outputs: ([x, , , , weight], sizes) => {
    const { neurons, dim, window } = sizes;
    const [terms, n] = [window * dim, weight.shape[1] as number];
    const columns = columnsOfWindows(sizes);
    return [
      ["B", n],
      [neurons],
      [neurons],
      [x.shape[2], columns],
      [MAX_SLICES, neurons, 2],
      [TABLE_ROWS, columns],
      ["B", terms],
      [terms, n],
      ["B", n],
    ];
  },
  emit: (k, { inputs: [x, powers, gamma, beta, weight, ...running], outputs, attributes }) => {
    const [y, mean, rstd, packed, partial, table, r, rows, part] = outputs;
    const round = rounds(k);
    emitBlock(k, powers, packed, { rows: packed.shape[0] as number, columns: packed.shape[1] as number });
    if (attributes.training) {
      emitMoments(k, attributes, { x, w: packed, partial });
      const moments: Moments = { partial, mean, rstd, runningMean: running[0], runningVariance: running[1] };
      emitMergedMoments(k, moments, attributes.dim, attributes);
    }
    const [center, spread] = attributes.training ? [mean, rstd] : running;
    emitTable(k, attributes, { gamma, beta, mean: center, spread, numbers: table }, false);
    for (let w = 0; w < windowsOf(attributes); w++) {
      const first = w * attributes.window;
      emitForm(k, attributes, { x, w: packed, table, r }, first);
      emitRows(k, attributes, weight, rows, first);
      emitProduct(round(), r, rows, w === 0 ? y : part, {});
      if (w > 0) emitAccumulate(k, part, y);
    }
  },
  backward: (
    { inputs: [x, powers, gamma, beta, weight, ...running], outputs: [, mean, rstd, packed], attributes },
    [dy],
  ) =>
    dy
      ? applyAll(
        gradientOp,
        [x, powers, gamma, beta, weight, packed, ...(attributes.training ? [mean, rstd] : running), dy],
        attributes,
      ).slice(0, 5)
      : [],
};

function emitTable(
  k: Emitter,
  sizes: Attributes,
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
  outputs: ([x, powers, gamma, beta, weight], sizes) => {
    const { dim, window } = sizes;
    const [terms, n] = [window * dim, weight.shape[1] as number];
    const padded = x.shape[2] as number;
    return [
      x.shape,
      powers.shape,
      gamma.shape,
      beta.shape,
      weight.shape,
      [TABLE_ROWS, columnsOfWindows(sizes)],
      ["B", terms],
      [terms, n],
      [dim, window, 2],
      ["B", dim, window],
      [padded, window],
      [n],
      [terms, n],
      ["B", terms],
      ["B", dim, padded],
      [padded, window],
    ];
  },
  emit: (k, { inputs, outputs, attributes }) => emitGradient(k, inputs, outputs, attributes),
};

function emitGradient(k: Emitter, inputs: readonly Tensor[], outputs: readonly Tensor[], sizes: Attributes): void {
  const { neurons, dim, window, training } = sizes;
  const [x, , gamma, beta, weight, packed, mean, spread, dy] = inputs;
  const [dx, dPowers, dGamma, dBeta, dWeight, table, u, rows, sums, dz, some, ...more] = outputs;
  const [total, g, dr, partX, partPowers] = more;
  const width = weight.shape[1] as number;
  const round = rounds(k);
  const { shape: [padded] } = some as { shape: readonly number[] };
  const all = { neurons, dim, window, columns: columnsOfWindows(sizes), training: Number(training) };
  emitTable(k, sizes, { gamma, beta, mean, spread, numbers: table }, true);
  emitColumnSum(k, dy, total);
  for (let first = 0; first < neurons; first += window) {
    const at = { ...all, first };
    const own = round();
    emitForm(k, sizes, { x, w: packed, table, r: u }, first);
    emitColumnProduct(own, u, dy, g);
    const bind = { w: weight, g, s: total, gamma, beta, y: dWeight, sums };
    emitAround(k, "weigh", bind, at, window * dim, width);
    emitAround(k, "merge_sums", { parts: sums, dgamma: dGamma, dbeta: dBeta, numbers: table }, at, window);
    emitRows(k, sizes, weight, rows, first);
    emitTransposedProduct(own, dy, rows, dr);
    emitAround(k, "slope", { u, dr, fours: table, dz }, at, k.batch * window / 4);
    emitBlock(k, packed, some, { rows: padded, columns: window, from: first });
    emitTransposedProduct(own, dz, some, first === 0 ? dx : partX);
    if (first > 0) emitAccumulate(k, partX, dx);
    emitColumnProduct(own, x, dz, partPowers);
    const count = Math.min(window, neurons - first);
    emitBlock(k, partPowers, dPowers, { rows: sizes.fields, columns: count, to: first });
  }
}

/**
 * Applies a dense layer without bias to normalised products of powers of fields:
 * y[b, h] = sum_n sum_d W[(n, d), h] norm_n(exp(sum_f w[f, n] l[b, f, d])).
 *
 * Normalisation is that of {@linkcode channelNorm} with a channel per neuron n.
 *
 * @param logs logarithms `[B, F, D]`
 * @param powers `[F, N]`
 * @param norm gain, bias and running statistics of the neurons
 * @param weight `[N D, H]`
 * @returns `[B, H]`
 * @throws {TypeError} when a shape does not fit
 */
export function powerDense(
  logs: Tensor,
  powers: Tensor,
  { gamma, beta, mean, variance }: PowerNorm,
  weight: Tensor,
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
  const most = columns ?? Math.max(COLUMNS, weight.shape[1] as number);
  const windows = Math.ceil(neurons / Math.max(4, Math.floor(most / dim)));
  const window = padded(Math.ceil(neurons / windows));
  const attributes = { fields, dim, neurons, window, eps, momentum, training: logs.graph.mode === "train" };
  const x = apply(turnOp, [logs], null);
  return apply(powerDenseOp, [x, powers, gamma, beta, weight, mean, variance], attributes);
}
