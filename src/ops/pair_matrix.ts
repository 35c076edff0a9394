/**
 * Pairs of fields joined by matrices: element products, inner products, and their sum.
 *
 * @module
 */
import block1 from "../../shaders/block1.wgsl" with { type: "text" };
import block2 from "../../shaders/block2.wgsl" with { type: "text" };
import block4 from "../../shaders/block4.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import source from "../../shaders/pair_matrix.wgsl" with { type: "text" };
import samplesSource from "../../shaders/pair_matrix_samples.wgsl" with { type: "text" };
import order from "../../shaders/pair_order.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, type Shape, type Tensor } from "../graph/tensor.ts";
import { lanesOf } from "./lane.ts";
import {
  emitBackwardImages,
  emitForwardImages,
  emitSliceImages,
  type MatrixWindow,
  takesImages,
} from "../software/pairs/matrix_images.ts";
import { existingPairs, pairSizes, type PairWindow } from "./pairs.ts";

/** Options of ops over pairs joined by matrices. */
export interface PairMatrixOptions {
  /** Whether factors come from images. @default where the device prefers them, for windows that are worth it */
  readonly images?: boolean;
}

/** Slices of the batch over which gradients of matrices are first summed; fixed, so that bits do not change. */
export const SLICES = 16;

/** The shader part that declares blocks, by the width of a lane. */
export const BLOCKS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  1: { block1 },
  2: { block2 },
  4: { block4 },
};

/** What becomes of the products of a pair: they stay, are summed over D, or over D and all pairs. */
type Form = "products" | "each" | "summed";

interface MatrixAttributes extends MatrixWindow {
  readonly form: Form;
}

const pairMatrixOp: Op<MatrixAttributes> = {
  name: "pairMatrix",
  outputs: (_, { form, pairs, dim }) => {
    if (form === "products") return [["B", pairs * dim]];
    return form === "each" ? [["B", pairs]] : [["B", 1], ["B", pairs]];
  },
  emit: (k, { inputs: [e, weight], outputs: [y, part], attributes }) => {
    const { form, pairs } = attributes;
    if (form === "products") return emitMatrixProducts(k, attributes, { e, weight, r: y });
    const bind = { e, weight, q: part ?? y };
    if (takesImages(k, attributes)) emitForwardImages(k, attributes, bind);
    else emit(k, attributes, "forward", bind, pairs * Math.ceil(k.batch / 4));
    if (part) emit(k, attributes, "row_sums", { part, q: y }, k.batch);
  },
  backward: ({ inputs: [e, weight], attributes }, [g]) =>
    g ? [apply(backwardOp, [e, weight, g], attributes), apply(matricesOp, [e, weight, g], attributes)] : [],
};

const backwardOp: Op<MatrixAttributes> = {
  name: "pairMatrixBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, weight, g], outputs: [de], attributes }) =>
    emitMatrixBackward(k, attributes, { e, weight, g, de }, false),
};

const matricesOp: Op<MatrixAttributes> = {
  name: "pairMatrixMatrices",
  outputs: ([, weight], attributes) => [weight.shape, partialMatrices(attributes)],
  emit: (k, { inputs: [e, , g], outputs: [dweight, partial], attributes }) =>
    emitMatrices(k, attributes, { e, g, dweight, partial }),
};

/** Returns the shape of the memory that {@linkcode emitMatrices} sums slices in. */
export function partialMatrices({ pairs, dim }: PairWindow): Shape {
  return [SLICES, pairs * dim * dim];
}

/** Appends r = (e_i W_p) * e_j for a window of pairs. */
export function emitMatrixProducts(k: Emitter, window: MatrixWindow, bind: Record<"e" | "weight" | "r", Tensor>): void {
  if (takesImages(k, window)) return emitForwardImages(k, window, bind);
  emit(k, { ...window, form: "products" }, "products", bind, window.pairs * Math.ceil(k.batch / 4));
}

/** Appends the gradient by e, in place of what is there or on top of it. */
export function emitMatrixBackward(
  k: Emitter,
  window: MatrixWindow & { readonly form?: Form },
  bind: Record<"e" | "weight" | "g" | "de", Tensor>,
  accumulates: boolean,
): void {
  const { fields, dim, form = "products" } = window;
  if (takesImages(k, window)) return emitBackwardImages(k, window, form, bind, accumulates);
  const blocks = Math.ceil(k.batch / 4);
  // A workgroup of the variant for software adapters has 16 invocations, one of the other 64.
  const [entry, invocations] = k.gpu.adapter.software
    ? ["backward_samples", 4 * blocks]
    : ["backward", fields * lanesOf(dim).count * blocks];
  emit(k, { ...window, form }, entry, bind, invocations, accumulates);
}

/** Appends the gradients by the matrices of a window of pairs. */
export function emitMatrices(
  k: Emitter,
  window: MatrixWindow & { readonly form?: Form },
  { e, g, dweight, partial }: Record<"e" | "g" | "dweight" | "partial", Tensor>,
): void {
  const { dim, form = "products" } = window;
  const { count, width } = lanesOf(dim);
  const attributes = { ...window, form };
  const pairs = existingPairs(window);
  if (takesImages(k, window)) emitSliceImages(k, window, form, { e, g, partial }, SLICES);
  else emit(k, attributes, "slices", { e, g, partial }, SLICES * pairs * count * count);
  emit(k, attributes, "matrices", { slice: partial, dweight }, pairs * count * count * width);
}

function emit(
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

function build(op: string, e: Tensor, weight: Tensor, form: Form, { images }: PairMatrixOptions): Tensor {
  const { fields, dim, pairs } = pairSizes(op, e);
  const shape: Shape = [pairs, dim, dim];
  if (weight.shape.join() !== shape.join()) {
    throw new TypeError(
      `Cannot build ${op}: matrices must have shape ${formatShape(shape)}, received ${formatShape(weight.shape)}`,
    );
  }
  return apply(pairMatrixOp, [e, weight], { fields, dim, form, first: 0, pairs, images });
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
export function matrixProduct(e: Tensor, matrices: Tensor, options: PairMatrixOptions = {}): Tensor {
  return build("matrixProduct", e, matrices, "each", options);
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
export function matrixSum(e: Tensor, matrices: Tensor, options: PairMatrixOptions = {}): Tensor {
  return build("matrixSum", e, matrices, "summed", options);
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
export function matrixElements(e: Tensor, matrices: Tensor, options: PairMatrixOptions = {}): Tensor {
  return build("matrixElements", e, matrices, "products", options);
}
