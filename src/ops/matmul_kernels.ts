/**
 * Which kernels compute a matrix product.
 *
 * @module
 */
import type { Emitter } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { rowsLayout, transposedLayout } from "../software/image_pack.ts";
import { emitBlockColumns, emitBlocks } from "../software/matmul/blocks.ts";
import type { EpilogueOutput, ProductEpilogue } from "./matmul_epilogue.ts";
import { emitImageColumns, emitImageRows } from "../software/matmul/images.ts";
import { columnsOf, emitPack, emitSum, maxSlices, padded, rowsOf, slicesOf } from "./matmul_layout.ts";
import { emitGradientTiles, emitSplitTiles, emitTiles } from "./matmul_tiles.ts";
import { blockOf, blocksOf, inImages, type Variant, variantFor } from "../software/matmul/variant.ts";
import { emitColumnSum, emitOuter, emitRowProduct } from "./matmul_vector.ts";

/** Register blocks that keep a device busy; in images also those whose rows stay in a processor's cache. */
const BUSY = { blocks: 2048, images: 3000 };

/**
 * Appends y = epilogue(a b).
 *
 * @returns whether the epilogue is done; otherwise dropout and an activation other than relu are left to the caller
 */
export function emitProduct(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  epilogue: ProductEpilogue,
  variant: Variant = variantFor(k.gpu, productFlops(k, a, y)),
): boolean {
  const inner = columnsOf("matmul", a);
  const n = columnsOf("matmul", y);
  if (n === 1) return emitRowProduct(k, a, b, y, epilogue, variant === "tiles");
  if (variant === "tiles") {
    const sizes = { m: rowsOf(a, k.batch), n, k: inner };
    emitTiles(k, { a: { tensor: a }, b: { tensor: b }, sizes }, y, epilogue);
    return true;
  }
  const target = inFours(k, y);
  if (inImages(variant)) {
    const { bias, activation = "none" } = epilogue;
    const bind = { bias: bias ?? a, y: target };
    const [hasBias, hasRelu] = [bias !== undefined, activation === "relu"];
    emitImageRows(k, a, b, rowsLayout(inner, n), variant, { entry: "product", bind, hasBias, hasRelu });
  } else {
    let factor = b;
    if (n % 4 !== 0) {
      factor = k.scratch([inner, padded(n)]);
      emitPack(k, b, factor, { rows: inner, columns: n, row_stride: n, column_stride: 1 });
    }
    emitBlocks(k, a, factor, target, n, epilogue, variant);
  }
  return emitFinished(k, target, y, epilogue);
}

/** Appends y = a b^T. */
export function emitTransposedProduct(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  variant: Variant = variantFor(k.gpu, productFlops(k, a, y)),
): void {
  const inner = columnsOf("matmulNt", a);
  const n = columnsOf("matmulNt", y);
  if (n === 1) {
    emitRowProduct(k, a, b, y, {}, variant === "tiles");
  } else if (inner === 1) {
    emitOuter(k, a, b, y);
  } else if (variant === "tiles") {
    const sizes = { m: rowsOf(a, k.batch), n, k: inner };
    emitTiles(k, { a: { tensor: a }, b: { tensor: b, transposed: true }, sizes }, y, {});
  } else {
    const target = inFours(k, y);
    if (inImages(variant)) {
      emitImageRows(k, a, b, transposedLayout(inner, n), variant, { entry: "product", bind: { bias: a, y: target } });
    } else {
      const copy = k.scratch([inner, padded(n)]);
      emitPack(k, b, copy, { rows: inner, columns: n, row_stride: 1, column_stride: inner });
      emitBlocks(k, a, copy, target, n, {}, variant);
    }
    emitFinished(k, target, y, {});
  }
}

/** Appends y = a^T b. */
export function emitColumnProduct(k: Emitter, a: Tensor, b: Tensor, y: Tensor, variant?: Variant): void {
  const m = columnsOf("matmulTn", a);
  const n = columnsOf("matmulTn", b);
  if (n === 1) return emitColumnSum(k, a, y, b);
  if (m === 1) return emitColumnSum(k, b, y, a);
  const rows = rowsOf(a, k.batch);
  const kernels = variant ?? variantFor(k.gpu, 2 * m * n * rows);
  if (kernels === "tiles") {
    const sizes = { m, n, k: rows };
    return emitSplitTiles(k, { a: { tensor: a, transposed: true }, b: { tensor: b }, sizes }, y);
  }
  const { target, ...cut } = columnSlices(k, m, n, rows, y, kernels);
  if (inImages(kernels)) emitImageColumns(k, a, b, target, cut.sliceRows, kernels);
  else emitBlockColumns(k, a, b, target, cut, kernels);
  if (target === y) return;
  const { slices } = cut;
  emitSum(k, target, y, { rows: m, columns: n, stride: padded(n), slice: padded(m) * padded(n), slices });
}

/** A product z = x W + bias, and where its gradients go. */
export interface ProductGradients {
  readonly x: Tensor;
  readonly weight: Tensor;
  /** Gradient of z. */
  readonly dz: Tensor;
  /** Gradient of x, or of the input of the epilogue before; undefined where nobody needs it. */
  readonly dx: Tensor | undefined;
  readonly dWeight: Tensor;
  readonly dBias: Tensor | undefined;
  /** The epilogue that x is the output of, where dx is to go through it. */
  readonly before?: EpilogueOutput;
}

/** Elementwise kernels for the gradient through the epilogue before a product, where the product's own do not do it. */
export interface EpilogueKernels {
  /** Appends dx = the gradient through the epilogue, of dy. */
  gradient(dy: Tensor): void;
  /** Appends the same where dy[b, n] = u[b] v[n]. */
  outer(u: Tensor, v: Tensor): void;
}

/** Appends the gradients of a product: dx = dz W^T, dW = x^T dz and the sums of dz's columns. */
export function emitProductGradients(
  k: Emitter,
  product: ProductGradients,
  kernels: EpilogueKernels,
  variant: Variant = variantFor(k.gpu, productFlops(k, product.x, product.dz)),
): void {
  const { x, weight, dz, dx, dWeight, dBias, before } = product;
  const [inner, n] = [columnsOf("matmul", x), columnsOf("matmul", dz)];
  const isTiled = variant === "tiles" && n > 1 && inner > 1;
  const rows = rowsOf(x, k.batch);
  if (dx && before && isTiled) {
    const sizes = { m: rows, n: inner, k: n };
    emitGradientTiles(k, { a: { tensor: dz }, b: { tensor: weight, transposed: true }, sizes }, dx, before);
  } else if (dx && before && n === 1 && variant === "tiles") {
    kernels.outer(dz, weight);
  } else if (dx && before) {
    const dy = k.scratch(dx.shape);
    emitTransposedProduct(k, dz, weight, dy, variant);
    kernels.gradient(dy);
  } else if (dx) {
    emitTransposedProduct(k, dz, weight, dx, variant);
  }
  if (isTiled) {
    const sizes = { m: inner, n, k: rows };
    return emitSplitTiles(k, { a: { tensor: x, transposed: true }, b: { tensor: dz }, sizes }, dWeight, dBias);
  }
  emitColumnProduct(k, x, dz, dWeight, variant);
  if (dBias) emitColumnSum(k, dz, dBias);
}

/** Returns y, or scratch memory for it in rows of whole fours. */
function inFours(k: Emitter, y: Tensor): Tensor {
  const n = columnsOf("matmul", y);
  return n % 4 === 0 ? y : k.scratch([...y.shape.slice(0, -1), padded(n)]);
}

/** Cuts the rows of a product of columns into slices that keep the device busy, and says where their sums go. */
function columnSlices(
  k: Emitter,
  m: number,
  n: number,
  rows: number,
  y: Tensor,
  variant: Exclude<Variant, "tiles">,
): { slices: number; sliceRows: number; target: Tensor } {
  const busy = inImages(variant) ? BUSY.images : BUSY.blocks;
  const { slices, sliceRows } = slicesOf(
    rows,
    Math.min(Math.ceil(busy / blocksOf(blockOf(variant), m, n)), maxSlices(m, n)),
  );
  const direct = slices === 1 && m % 4 === 0 && n % 4 === 0;
  return { slices, sliceRows, target: direct ? y : k.scratch([slices, padded(m), padded(n)]) };
}

function productFlops(k: Emitter, a: Tensor, y: Tensor): number {
  return 2 * rowsOf(a, k.batch) * columnsOf("matmul", a) * columnsOf("matmul", y);
}

/** Drops the padding of rows where there is any, and returns whether blocks apply the whole epilogue. */
function emitFinished(
  k: Emitter,
  target: Tensor,
  y: Tensor,
  { activation = "none", dropout }: ProductEpilogue,
): boolean {
  if (target !== y) {
    const [rows, n] = [rowsOf(y, k.batch), columnsOf("matmul", y)];
    emitSum(k, target, y, { rows, columns: n, stride: padded(n), slice: 0, slices: 1 });
  }
  return !dropout?.rate && (activation === "none" || activation === "relu");
}
