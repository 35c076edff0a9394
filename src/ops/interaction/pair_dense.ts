/**
 * A dense layer over the element products of all pairs of fields, which are never in memory all at once.
 *
 * Products are formed for a window of pairs, multiplied by those pairs' rows of the weight, and overwritten by the next
 * window's; the backward pass forms them again, which costs little beside the multiplication.
 *
 * @module
 */
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, rowsWithin, type Shape, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { rounds, windowBytes } from "../shape/scratch.ts";
import { emitColumnProduct, emitProduct, emitTransposedProduct } from "../dense/matmul_kernels.ts";
import { columnsOf } from "../dense/matmul_layout.ts";
import { emitAccumulate, emitCopyRows, emitElements, emitElementsBackward } from "./pair_elements.ts";
import { emitMatrices, emitMatrixBackward, emitMatrixProducts, partialMatrices } from "./pair_matrix.ts";
import { existingPairs, pairSizes, type PairWindow } from "./pairs.ts";

/** Columns of products that are in memory at once at least: a processor's cache holds their rows of the weight. */
const COLUMNS = 512;

/** Bytes of a window's products at most. */
const WINDOW_BYTES = 2 ** 28;

/** Options of {@linkcode pairDense}. */
export interface PairDenseOptions {
  /** Columns of products that are in memory at once; at least those of one pair are. @default what suits the device */
  readonly columns?: number;
}

/**
 * Where products of pairs i < j come from: left_i * right_j, or (e_i W_p) * e_j with a matrix of each pair, by element.
 */
export type PairSource =
  | { readonly left: Tensor; readonly right: Tensor }
  | { readonly e: Tensor; readonly matrices: Tensor };

/** Sizes that all sources share, and which of them have matrices; inputs follow the weight in twos. */
export interface LayerAttributes {
  readonly fields: number;
  readonly dim: number;
  readonly columns: number | undefined;
  /** Whether a source has matrices, source by source. */
  readonly byMatrices: readonly boolean[];
}

/** A window of a source's pairs. */
export interface Window extends PairWindow {
  /** The source's first input: left factors or embeddings. */
  readonly a: Tensor;
  /** Its second input: right factors or matrices. */
  readonly b: Tensor;
  readonly hasMatrices: boolean;
  /** First row of the weight. */
  readonly row: number;
}

/** Returns the pairs of all windows but the last. */
export function mostPairs({ gpu, batch }: Emitter, { fields, dim, columns }: LayerAttributes): number {
  const pairs = fields * (fields - 1) / 2;
  const suited = Math.max(COLUMNS, windowBytes(gpu, WINDOW_BYTES) / (4 * batch));
  const windows = Math.ceil(pairs / Math.max(1, Math.floor((columns ?? suited) / dim)));
  return Math.ceil(pairs / windows);
}

/** Calls `visit` for the windows of some sources' pairs, the first source's first row of the weight being `row`. */
export function eachWindow(
  k: Emitter,
  inputs: readonly Tensor[],
  attributes: LayerAttributes,
  visit: (window: Window) => void,
  row = 0,
): void {
  const { fields, dim, byMatrices } = attributes;
  const most = mostPairs(k, attributes);
  const all = fields * (fields - 1) / 2;
  byMatrices.forEach((hasMatrices, s) => {
    for (let first = 0; first < all; first += most) {
      const [a, b] = [inputs[2 * s], inputs[2 * s + 1]];
      visit({ fields, dim, first, pairs: most, a, b, hasMatrices, row: row + (s * all + first) * dim });
    }
  });
}

/** Appends the products of a window. */
export function emitWindow(k: Emitter, window: Window, r: Tensor): void {
  const { a, b, hasMatrices } = window;
  if (hasMatrices) emitMatrixProducts(k, window, { e: a, weight: b, r });
  else emitElements(k, window, { u: a, x: b, r });
}

/** Returns a window's rows of the weight where kernels can bind them as they are. */
function ownRows(window: Window, weight: Tensor): Tensor | undefined {
  const { row, dim, pairs } = window;
  if (existingPairs(window) < pairs) return undefined;
  return rowsWithin(weight, row, pairs * dim);
}

/** Returns a window's rows of the weight, or a copy of them; that of the last window is filled up with zeros. */
function rowsOfWindow(k: Emitter, window: Window, weight: Tensor): Tensor {
  const own = ownRows(window, weight);
  if (own) return own;
  const { row, dim, pairs } = window;
  const rows = k.scratch([pairs * dim, weight.shape[1]]);
  emitCopyRows(k, weight, rows, { from: row, to: 0, count: pairs * dim, limit: existingPairs(window) * dim });
  return rows;
}

/** Sizes that the choice of a kernel depends on. */
export interface PairDenseProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly dim: number;
  /** Columns N of the layer. */
  readonly n: number;
}

/** A kernel of the layer; inputs and outputs are those of its op, and `source` is the one that gradients are of. */
export interface PairDenseTask {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: LayerAttributes;
  readonly source?: number;
}

/** Returns the operations of the layer over one source. */
export function pairDenseFlops({ batch, fields, dim, n }: PairDenseProblem): number {
  return batch * fields * (fields - 1) * dim * n;
}

function pairDenseKernel(
  name: string,
  emit: (k: Emitter, task: PairDenseTask) => void,
): Kernel<PairDenseTask, PairDenseProblem> {
  return {
    name,
    problem: ({ batch }, { inputs: [weight], attributes: { fields, dim } }) => ({
      batch,
      fields,
      dim,
      n: columnsOf("pairDense", weight),
    }),
    variants: [gpuVariant("windows", pairDenseFlops, emit, 1)],
  };
}

/** y, from the weight and the factors of all sources. */
export const pairDenseForwardKernel = pairDenseKernel("pair_dense", (k, task) => {
  const { inputs: [weight, ...inputs], outputs: [y], attributes } = task;
  const round = rounds(k);
  const terms = mostPairs(k, attributes) * attributes.dim;
  let adds = false;
  eachWindow(k, inputs, attributes, (window) => {
    const own = round();
    const r = own.scratch(["B", terms]);
    emitWindow(k, window, r);
    const rows = rowsOfWindow(own, window, weight);
    const part = adds ? own.scratch(y.shape) : y;
    emitProduct(own, r, rows, part, {});
    if (adds) emitAccumulate(k, part, y);
    adds = true;
  });
});

/** The gradient by the weight, from the weight, dy and the factors. */
export const pairDenseWeightKernel = pairDenseKernel("pair_dense_weight", (k, task) => {
  const { inputs: [weight, dy, ...inputs], outputs: [dWeight], attributes } = task;
  const round = rounds(k);
  const terms = mostPairs(k, attributes) * attributes.dim;
  eachWindow(k, inputs, attributes, (window) => {
    const own = round();
    const r = own.scratch(["B", terms]);
    emitWindow(k, window, r);
    const place = ownRows(window, dWeight);
    const rows = place ?? own.scratch([terms, weight.shape[1]]);
    emitColumnProduct(own, r, dy, rows);
    if (place) return;
    emitCopyRows(k, rows, dWeight, { from: 0, to: window.row, count: existingPairs(window) * window.dim });
  });
});

/** The gradients by the factors of one source, from the weight, dy and those factors. */
export const pairDenseSourceKernel = pairDenseKernel("pair_dense_source", (k, task) => {
  const { inputs: [weight, dy, ...inputs], outputs, attributes, source = 0 } = task;
  const round = rounds(k);
  const terms = mostPairs(k, attributes) * attributes.dim;
  const dr = k.scratch(["B", terms]);
  eachWindow(k, inputs, attributes, (window) => {
    const own = round();
    emitTransposedProduct(own, dy, rowsOfWindow(own, window, weight), dr);
    emitFactorGradients(k, window, dr, outputs, window.pairs, round);
  }, firstRow(attributes, source));
});

/** Returns the first row of the weight that belongs to a source. */
export function firstRow({ fields, dim }: LayerAttributes, source: number): number {
  return source * fields * (fields - 1) / 2 * dim;
}

/**
 * Appends the gradients by a window's factors, given that by its products.
 *
 * @param most pairs of the widest window
 * @param round starts a round of scratch memory
 */
export function emitFactorGradients(
  k: Emitter,
  window: Window,
  dr: Tensor,
  [da, db]: readonly Tensor[],
  most: number,
  round: () => Emitter,
): void {
  const { a, b, fields, dim, first, hasMatrices } = window;
  if (!hasMatrices) return emitElementsBackward(k, window, { u: a, x: b, dr, du: da, dx: db }, first > 0);
  emitMatrixBackward(k, window, { e: a, weight: b, g: dr, de: da }, first > 0);
  const partial = round().scratch(partialMatrices({ fields, dim, first: 0, pairs: most }));
  emitMatrices(k, window, { e: a, g: dr, dweight: db, partial });
}

const pairDenseOp: Op<LayerAttributes> = {
  name: "pairDense",
  outputs: ([weight]) => [["B", weight.shape[1]]],
  emit: (k, { inputs, outputs, attributes }) => emitKernel(k, pairDenseForwardKernel, { inputs, outputs, attributes }),
  backward: ({ inputs, attributes }, [dy]) => {
    if (!dy) return [];
    const [weight, ...factors] = inputs;
    const dWeight = apply(weightOp, [weight, dy, ...factors], attributes);
    const dFactors = attributes.byMatrices.flatMap((hasMatrices, s) => {
      const source = factors.slice(2 * s, 2 * s + 2);
      return applyAll(sourceOp, [weight, dy, ...source], { ...attributes, byMatrices: [hasMatrices], source: s });
    });
    return [dWeight, ...dFactors];
  },
};

const weightOp: Op<LayerAttributes> = {
  name: "pairDenseWeight",
  outputs: ([weight]) => [weight.shape],
  emit: (k, { inputs, outputs, attributes }) => emitKernel(k, pairDenseWeightKernel, { inputs, outputs, attributes }),
};

/** Gradients of the sources, one at a time. */
const sourceOp: Op<LayerAttributes & { readonly source: number }> = {
  name: "pairDenseSource",
  outputs: ([, , a, b]) => [a.shape, b.shape],
  emit: (k, { inputs, outputs, attributes }) =>
    emitKernel(k, pairDenseSourceKernel, { inputs, outputs, attributes, source: attributes.source }),
};

/**
 * Applies a dense layer without bias to the products of all pairs of fields of some sources, side by side:
 * y[b, n] = sum_s sum_p sum_d r_s[b, p, d] W[(s, p, d), n].
 *
 * @param sources what r_s is formed from: tensors `[B, F, D]`, matrices `[P, D, D]` with P = F (F - 1) / 2
 * @param weight `[S P D, N]`
 * @returns `[B, N]`
 * @throws {TypeError} when a shape does not fit
 * @throws {RangeError} when there are less than two fields
 */
export function pairDense(
  sources: readonly PairSource[],
  weight: Tensor,
  { columns }: PairDenseOptions = {},
): Tensor {
  const [first] = sources;
  const { fields, dim, pairs } = pairSizes("pairDense", "e" in first ? first.e : first.left);
  const inputs = sources.flatMap((from) => "e" in from ? [from.e, from.matrices] : [from.left, from.right]);
  const byMatrices = sources.map((from) => "e" in from);
  inputs.forEach((input, i) => {
    const expected: Shape = byMatrices[i >> 1] && i % 2 === 1 ? [pairs, dim, dim] : ["B", fields, dim];
    if (input.shape.join() !== expected.join()) {
      throw new TypeError(
        `Cannot build pairDense: a source must have shape ${formatShape(expected)}, received ${
          formatShape(input.shape)
        }`,
      );
    }
  });
  const rows = sources.length * pairs * dim;
  if (weight.shape.length !== 2 || weight.shape[0] !== rows) {
    throw new TypeError(
      `Cannot build pairDense: weight must have shape [${rows}, N], received ${formatShape(weight.shape)}`,
    );
  }
  return apply(pairDenseOp, [weight, ...inputs], { fields, dim, columns, byMatrices });
}
