/**
 * Pairs of fields joined by matrices: element products, inner products, and their sum.
 *
 * @module
 */
import block1 from "../../../shaders/interaction/block1.wgsl" with { type: "text" };
import block2 from "../../../shaders/interaction/block2.wgsl" with { type: "text" };
import block4 from "../../../shaders/interaction/block4.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/pair_matrix.wgsl" with { type: "text" };
import samplesSource from "../../../shaders/interaction/pair_matrix_samples.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Shape, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { matrixSumBackwardKernel, matrixSumKernel } from "./pair_matrix_sum.ts";
import { existingPairs, type FieldSizes, pairSizes, type PairWindow } from "./pairs.ts";

/** Slices of the batch over which gradients of matrices are first summed; fixed, so that bits do not change. */
export const SLICES = 16;

/** The shader part that declares blocks, by the width of a lane. */
export const BLOCKS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  1: { block1 },
  2: { block2 },
  4: { block4 },
};

/** What becomes of the products of a pair: they stay, are summed over D, or over D and all pairs. */
export type Form = "products" | "each" | "summed";

/** A window of pairs, and what becomes of their products. */
export interface MatrixAttributes extends PairWindow {
  readonly form: Form;
}

/** Sizes of a window that the choice of a kernel depends on. */
export interface MatrixProblem extends Problem {
  readonly batch: number;
  /** Pairs that exist. */
  readonly pairs: number;
  readonly dim: number;
}

/** A kernel over a window of pairs. */
export interface MatrixTask {
  readonly window: MatrixAttributes;
  /** What it binds. */
  readonly bind: Readonly<Record<string, Tensor>>;
  /** Whether the result is added to what is there. @default {false} */
  readonly accumulates?: boolean;
}

/** Returns the operations of the products through matrices. */
export function matrixFlops({ batch, pairs, dim }: MatrixProblem): number {
  return 2 * batch * pairs * dim * dim;
}

function matrixKernel(
  name: string,
  emit: (k: Emitter, task: MatrixTask) => void,
  onProcessor?: number,
): Kernel<MatrixTask, MatrixProblem> {
  return {
    name,
    problem: ({ batch }, { window }) => ({ batch, pairs: existingPairs(window), dim: window.dim }),
    variants: [gpuVariant("gpu", matrixFlops, emit, onProcessor)],
  };
}

/** Products r of pairs through their matrices, or their sums q over D. */
export const matrixForwardKernel = matrixKernel("pair_matrix", (k, { window, bind }) => {
  const entry = window.form === "products" ? "products" : "forward";
  emitPairMatrix(k, window, entry, bind, window.pairs * Math.ceil(k.batch / 4));
}, 1);

/** The gradient by the embeddings. */
export const matrixBackwardKernel = matrixKernel("pair_matrix_backward", (k, { window, bind, accumulates }) => {
  const invocations = window.fields * lanesOf(window.dim).count * Math.ceil(k.batch / 4);
  emitPairMatrix(k, window, "backward", bind, invocations, accumulates);
});

/** The gradient by the matrices, over slices of the batch. */
export const matrixSlicesKernel = matrixKernel("pair_matrix_slices", (k, { window, bind }) => {
  const { count } = lanesOf(window.dim);
  emitPairMatrix(k, window, "slices", bind, SLICES * existingPairs(window) * count * count);
}, 1);

const pairMatrixOp: Op<MatrixAttributes> = {
  name: "pairMatrix",
  outputs: (_, { form, pairs, dim }) => {
    if (form === "products") return [["B", pairs * dim]];
    return [["B", form === "each" ? pairs : 1]];
  },
  emit: (k, { inputs: [e, weight], outputs: [y], attributes }) => {
    const { form } = attributes;
    if (form === "products") return emitMatrixProducts(k, attributes, { e, weight, r: y });
    if (form === "summed") return emitKernel(k, summedKernel, { sizes: attributes, bind: { e, weight, y } });
    emitKernel(k, matrixForwardKernel, { window: attributes, bind: { e, weight, q: y } });
  },
  backward: ({ inputs: [e, weight], attributes }, [g]) =>
    g ? [apply(backwardOp, [e, weight, g], attributes), apply(matricesOp, [e, weight, g], attributes)] : [],
};

const backwardOp: Op<MatrixAttributes> = {
  name: "pairMatrixBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, weight, g], outputs: [de], attributes }) => {
    const bind = { e, weight, g, de };
    if (attributes.form === "summed") return emitKernel(k, summedBackwardKernel, { sizes: attributes, bind });
    emitMatrixBackward(k, attributes, bind, false);
  },
};

/** Returns the window of all pairs, whose products are summed. */
function allPairs({ fields, dim }: FieldSizes): MatrixAttributes {
  return { fields, dim, form: "summed", first: 0, pairs: fields * (fields - 1) / 2 };
}

const summedKernel = matrixSumKernel((k, { sizes, bind: { e, weight, y } }) => {
  const window = allPairs(sizes);
  const part = k.scratch(["B", window.pairs]);
  emitKernel(k, matrixForwardKernel, { window, bind: { e, weight, q: part } });
  emitPairMatrix(k, window, "row_sums", { part, q: y }, k.batch);
});

const summedBackwardKernel = matrixSumBackwardKernel((k, { sizes, bind }) => {
  emitKernel(k, matrixBackwardKernel, { window: allPairs(sizes), bind });
});

const matricesOp: Op<MatrixAttributes> = {
  name: "pairMatrixMatrices",
  outputs: ([, weight]) => [weight.shape],
  emit: (k, { inputs: [e, , g], outputs: [dweight], attributes }) =>
    emitMatrices(k, attributes, { e, g, dweight, partial: k.scratch(partialMatrices(attributes)) }),
};

/** Returns the shape of the memory that {@linkcode emitMatrices} sums slices in. */
export function partialMatrices({ pairs, dim }: PairWindow): Shape {
  return [SLICES, pairs * dim * dim];
}

/** Appends r = (e_i W_p) * e_j for a window of pairs. */
export function emitMatrixProducts(k: Emitter, window: PairWindow, bind: Record<"e" | "weight" | "r", Tensor>): void {
  emitKernel(k, matrixForwardKernel, { window: { ...window, form: "products" }, bind });
}

/** Appends the gradient by e, in place of what is there or on top of it. */
export function emitMatrixBackward(
  k: Emitter,
  window: PairWindow & { readonly form?: Form },
  bind: Record<"e" | "weight" | "g" | "de", Tensor>,
  accumulates: boolean,
): void {
  emitKernel(k, matrixBackwardKernel, { window: { form: "products", ...window }, bind, accumulates });
}

/** Appends the gradients by the matrices of a window of pairs. */
export function emitMatrices(
  k: Emitter,
  window: PairWindow & { readonly form?: Form },
  { e, g, dweight, partial }: Record<"e" | "g" | "dweight" | "partial", Tensor>,
): void {
  const attributes: MatrixAttributes = { form: "products", ...window };
  const { count, width } = lanesOf(window.dim);
  emitKernel(k, matrixSlicesKernel, { window: attributes, bind: { e, g, partial } });
  const invocations = existingPairs(window) * count * count * width;
  emitPairMatrix(k, attributes, "matrices", { slice: partial, dweight }, invocations);
}

/** Appends a kernel of the shader files. */
export function emitPairMatrix(
  k: Emitter,
  attributes: MatrixAttributes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  invocations: number,
  accumulates = false,
): void {
  const { fields, dim, form, first, pairs } = attributes;
  const lanes = lanesOf(dim);
  const byLane = form === "products";
  k.run({
    shader: shader("pair_matrix", {
      grid,
      ...lanes.part,
      pair_matrix: source,
      pair_matrix_samples: samplesSource,
      pair_order: order,
      ...BLOCKS[lanes.width],
    }),
    entry,
    bind,
    constants: {
      LANES: lanes.count,
      UPSTREAM_LANES: byLane ? lanes.count : 1,
      SUMMED: form === "summed",
      SLICES,
      Upstream: byLane ? "Lane" : "f32",
    },
    params: {
      batch: k.batch,
      fields,
      first,
      pairs,
      count: existingPairs(attributes),
      accumulates: Number(accumulates),
    },
    grid: Math.ceil(invocations / 64),
  });
}

function build(op: string, e: Tensor, weight: Tensor, form: Form): Tensor {
  const { fields, dim, pairs } = pairSizes(op, e);
  const shape: Shape = [pairs, dim, dim];
  if (weight.shape.join() !== shape.join()) {
    throw new TypeError(
      `Cannot build ${op}: matrices must have shape ${formatShape(shape)}, received ${formatShape(weight.shape)}`,
    );
  }
  return apply(pairMatrixOp, [e, weight], { fields, dim, form, first: 0, pairs });
}

/**
 * Multiplies all pairs of fields through matrices: q[b, p] = e[b, i, :] W_p e[b, j, :]^T for the p-th pair i < j.
 *
 * @param e embeddings `[B, F, D]`
 * @param matrices W `[P, D, D]` with P = F (F - 1) / 2
 * @returns `[B, P]`, pairs in the order (0, 1), (0, 2), ..., (1, 2), ...
 * @throws {TypeError} when a shape does not fit
 * @throws {RangeError} when there are less than two fields
 */
export function matrixProduct(e: Tensor, matrices: Tensor): Tensor {
  return build("matrixProduct", e, matrices, "each");
}

/**
 * Sums the products of all pairs of fields: y[b] = sum_{i<j} e[b, i, :] W_p e[b, j, :]^T.
 *
 * @param e embeddings `[B, F, D]`
 * @param matrices W `[P, D, D]` with P = F (F - 1) / 2
 * @returns `[B, 1]`
 * @throws {TypeError} when a shape does not fit
 * @throws {RangeError} when there are less than two fields
 */
export function matrixSum(e: Tensor, matrices: Tensor): Tensor {
  return build("matrixSum", e, matrices, "summed");
}

/**
 * Multiplies all pairs of fields by element: r[b, p, :] = (e[b, i, :] W_p) e[b, j, :].
 *
 * @param e embeddings `[B, F, D]`
 * @param matrices W `[P, D, D]` with P = F (F - 1) / 2
 * @returns `[B, P D]`
 * @throws {TypeError} when a shape does not fit
 * @throws {RangeError} when there are less than two fields
 */
export function matrixElements(e: Tensor, matrices: Tensor): Tensor {
  return build("matrixElements", e, matrices, "products");
}
