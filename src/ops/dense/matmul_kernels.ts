/**
 * Matrix products as ops ask a device for them, and their variants for GPUs: tiles in workgroup memory.
 *
 * @module
 */
import type { Emitter } from "../../graph/node.ts";
import { type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, type Kernel, type Problem, type Variant } from "../../kernels/variant.ts";
import { emitSplit } from "../shape/concat.ts";
import { emitEpilogue } from "./dense_elements.ts";
import type { EpilogueOutput, ProductEpilogue } from "./matmul_epilogue.ts";
import { columnsOf, rowsOf } from "./matmul_layout.ts";
import { emitApartTiles, emitCrossTiles, emitGradientTiles, emitSplitTiles, emitTiles } from "./matmul_tiles.ts";
import { type ProductSizes, splitsOf, tilesCost } from "./tile_sizes.ts";
import { emitUnitGradients } from "./unit_gradients.ts";
import { emitColumnSum, emitOuter, emitRowProduct } from "./matmul_vector.ts";

/** Sizes of a product `[M, K] x [K, N]`. */
export interface ProductProblem extends Problem {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A product y = epilogue(a b). */
export interface Product {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly y: Tensor;
  /** @default nothing */
  readonly epilogue?: ProductEpilogue;
}

/** A product z = x W + bias, and where its gradients go. */
export interface ProductGradients {
  readonly x: Tensor;
  readonly weight: Tensor;
  /** Gradient of z. */
  readonly dz: Tensor;
  /** Gradient of x, or of the input of the epilogue before; undefined where nobody needs it. */
  readonly dx: Tensor | undefined;
  /** The gradients of what x has side by side, in place of dx. */
  readonly dxParts?: readonly Tensor[];
  readonly dWeight: Tensor;
  readonly dBias: Tensor | undefined;
  /** The epilogue that x is the output of, where dx is to go through it. */
  readonly before?: EpilogueOutput;
}

/** A matrix cross layer y = x0 (x W + bias) + x, which keeps the product where somebody needs it. */
export interface CrossProduct {
  readonly x0: Tensor;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly bias: Tensor;
  readonly y: Tensor;
  readonly product: Tensor;
}

/** Time of an operation by tiles on a processor, where one on a GPU takes 1: workgroup memory is memory like any other. */
export const TILES_ON_PROCESSOR = 16;

/** Returns the operations of a product. */
export function flopsOf({ m, n, k }: ProductProblem): number {
  return 2 * m * n * k;
}

/** Appends a task by tiles, small ones or not. */
type TilesEmit<Task> = (k: Emitter, task: Task, sizes: ProductProblem, small: boolean) => void;

/**
 * Returns the variants by tiles and by small tiles.
 *
 * @param cost time on a GPU, in operations
 */
function tiles<Task>(
  emit: TilesEmit<Task>,
  cost: (sizes: ProductProblem, small: boolean) => number = tilesCost,
): Variant<Task, ProductProblem>[] {
  return [false, true].map((small) => ({
    name: small ? "small_tiles" : "tiles",
    fits: () => true,
    cost: (profile, sizes) => {
      const onProcessor = TILES_ON_PROCESSOR * (small ? 2 : 1) * flopsOf(sizes);
      return costOn(profile, 1, { gpu: cost(sizes, small), software: onProcessor });
    },
    emit: (k, task, sizes) => emit(k, task, sizes, small),
  }));
}

/** y = epilogue(a b) */
export const productKernel: Kernel<Product, ProductProblem> = {
  name: "product",
  problem: (k, { a, y }) => ({
    m: rowsOf(a, k.batch),
    n: columnsOf("matmul", y),
    k: columnsOf("matmul", a),
  }),
  variants: tiles((k, { a, b, y, epilogue }, sizes, small) => {
    if (sizes.n === 1) emitRowProduct(k, a, b, y, epilogue ?? {}, true);
    else emitTiles(k, { a: { tensor: a }, b: { tensor: b }, sizes, small }, y, epilogue);
  }),
};

/** y = a b^T */
export const transposedProductKernel: Kernel<Product, ProductProblem> = {
  name: "product_nt",
  problem: (k, { a, y }) => ({
    m: rowsOf(a, k.batch),
    n: columnsOf("matmulNt", y),
    k: columnsOf("matmulNt", a),
  }),
  variants: tiles((k, { a, b, y }, sizes, small) => {
    if (sizes.n === 1) emitRowProduct(k, a, b, y, {}, true);
    else if (sizes.k === 1) emitOuter(k, a, b, y);
    else emitTiles(k, { a: { tensor: a }, b: { tensor: b, transposed: true }, sizes, small }, y, {});
  }),
};

/** y = a^T b */
export const columnProductKernel: Kernel<Product, ProductProblem> = {
  name: "product_tn",
  problem: (k, { a, b }) => ({
    m: columnsOf("matmulTn", a),
    n: columnsOf("matmulTn", b),
    k: rowsOf(a, k.batch),
  }),
  variants: tiles((k, { a, b, y }, sizes, small) => {
    if (sizes.n === 1) emitColumnSum(k, a, y, b);
    else if (sizes.m === 1) emitColumnSum(k, b, y, a);
    else emitSplitTiles(k, { a: { tensor: a, transposed: true }, b: { tensor: b }, sizes, small }, y);
  }, splitCost),
};

/** dx = dz W^T, dW = x^T dz and the sums of dz's columns */
export const productGradientsKernel: Kernel<ProductGradients, ProductProblem> = {
  name: "product_gradients",
  problem: (k, { x, dz }) => ({
    m: rowsOf(x, k.batch),
    n: columnsOf("matmul", dz),
    k: columnsOf("matmul", x),
  }),
  // What the two products take by tiles of either size.
  variants: tiles(
    emitGradients,
    ({ m, n, k }, small) => tilesCost({ m, n: k, k: n }, small) + splitCost({ m: k, n, k: m }, small),
  ),
};

/** y = x0 (x W + bias) + x */
export const crossKernel: Kernel<CrossProduct, ProductProblem> = {
  name: "cross",
  problem: (k, { w }) => {
    const n = widthOf(w.shape.slice(1));
    return { m: k.batch, n, k: n };
  },
  variants: tiles((k, { x0, x, w, bias, y, product }, sizes, small) =>
    emitCrossTiles(k, { a: { tensor: x }, b: { tensor: w }, sizes, small }, { x0, bias, y, product_out: product })
  ),
};

/** Appends gradients by a kernel that writes dx whole, and copies of its parts where these are asked for. */
export function emitWithParts(k: Emitter, task: ProductGradients, emit: (task: ProductGradients) => void): void {
  const { x, dxParts } = task;
  if (!dxParts) return emit(task);
  const dx = task.dx ?? k.scratch(x.shape);
  emit({ ...task, dx, dxParts: undefined });
  emitSplit(k, dx, dxParts);
}

/** Estimates the time of a product whose terms are cut into splits. */
function splitCost(sizes: ProductSizes, small: boolean): number {
  return tilesCost(sizes, small, splitsOf(sizes).splits);
}

function emitGradients(k: Emitter, task: ProductGradients, sizes: ProductProblem, small: boolean): void {
  const { x, weight, dz, dx, dxParts, dWeight, dBias } = task;
  const { m: rows, n, k: inner } = sizes;
  const columns = dxParts?.map((part) => columnsOf("matmul", part)) ?? [];
  if (dx || columns.length !== 2 || [n, ...columns].some((width) => width % 4 !== 0)) {
    return emitWithParts(k, task, (whole) => emitWhole(k, whole, sizes, small));
  }
  const product = { a: { tensor: dz }, b: { tensor: weight, transposed: true }, sizes: { m: rows, n: inner, k: n } };
  emitApartTiles(k, { ...product, small }, dxParts!);
  emitWhole(k, { x, weight, dz, dx: undefined, dWeight, dBias }, sizes, small);
}

function emitWhole(
  k: Emitter,
  { x, weight, dz, dx, dWeight, dBias, before }: ProductGradients,
  { m: rows, n, k: inner }: ProductProblem,
  small: boolean,
): void {
  if (dx && dBias && n === 1 && inner % 4 === 0 && (!before || before.y === x)) {
    return emitUnitGradients(k, { x, weight, dz, dx, dWeight, dBias }, before?.epilogue);
  }
  if (dx && before && n === 1) {
    emitEpilogue(k, "outer", { u: dz, v: weight, y: before.y, dz: dx }, before.epilogue, inner);
  } else if (dx && before && inner === 1) {
    const dy = k.scratch(dx.shape);
    emitTransposedProduct(k, dz, weight, dy);
    emitEpilogue(k, "gradient", { y: before.y, dy, dz: dx }, before.epilogue);
  } else if (dx && before) {
    const sizes = { m: rows, n: inner, k: n };
    emitGradientTiles(k, { a: { tensor: dz }, b: { tensor: weight, transposed: true }, sizes, small }, dx, before);
  } else if (dx) {
    emitTransposedProduct(k, dz, weight, dx);
  }
  if (n > 1 && inner > 1) {
    const sizes = { m: inner, n, k: rows };
    return emitSplitTiles(k, { a: { tensor: x, transposed: true }, b: { tensor: dz }, sizes, small }, dWeight, dBias);
  }
  if (dBias && n === 1) return emitColumnSum(k, x, dWeight, dz, dBias);
  emitColumnProduct(k, x, dz, dWeight);
  if (dBias) emitColumnSum(k, dz, dBias);
}

/** Appends y = epilogue(a b). */
export function emitProduct(k: Emitter, a: Tensor, b: Tensor, y: Tensor, epilogue: ProductEpilogue = {}): void {
  emitKernel(k, productKernel, { a, b, y, epilogue });
}

/** Appends y = a b^T. */
export function emitTransposedProduct(k: Emitter, a: Tensor, b: Tensor, y: Tensor): void {
  emitKernel(k, transposedProductKernel, { a, b, y });
}

/** Appends y = a^T b. */
export function emitColumnProduct(k: Emitter, a: Tensor, b: Tensor, y: Tensor): void {
  emitKernel(k, columnProductKernel, { a, b, y });
}

/** Appends the gradients of a product. */
export function emitProductGradients(k: Emitter, gradients: ProductGradients): void {
  emitKernel(k, productGradientsKernel, gradients);
}

/** Appends a matrix cross layer. */
export function emitCross(k: Emitter, layer: CrossProduct): void {
  emitKernel(k, crossKernel, layer);
}
