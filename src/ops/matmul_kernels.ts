/**
 * Which kernels compute a matrix product.
 *
 * @module
 */
import activation from "../../shaders/activation.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import tileSource from "../../shaders/matmul.wgsl" with { type: "text" };
import storeSource from "../../shaders/matmul_store.wgsl" with { type: "text" };
import random from "../../shaders/random.wgsl" with { type: "text" };
import step from "../../shaders/step.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import type { Emitter } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { rowsLayout, transposedLayout } from "./image_pack.ts";
import { emitBlockColumns, emitBlocks } from "./matmul_blocks.ts";
import { epilogueConstants, type ProductEpilogue } from "./matmul_epilogue.ts";
import { emitImageColumns, emitImageRows } from "./matmul_images.ts";
import { columnsOf, emitPack, emitSum, maxSlices, padded, rowsOf, slicesOf } from "./matmul_layout.ts";
import { blockOf, blocksOf, groupsOf, inImages, type Variant, variantFor } from "./matmul_variant.ts";
import { emitColumnSum, emitOuter, emitRowProduct } from "./matmul_vector.ts";

/** Register blocks, or tiles, that keep a device busy; in images also those whose rows stay in a processor's cache. */
const BUSY = { blocks: 2048, images: 3000, tiles: 512 };

const tiles = shader("matmul", { grid, step, activation, random, matmul_store: storeSource, matmul: tileSource });

/**
 * Appends y = epilogue(a b).
 *
 * @param outputs what {@linkcode productOutputs} asked for
 * @returns whether the epilogue is done; otherwise dropout and an activation other than relu are left to the caller
 */
export function emitProduct(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  [y, paddedY, paddedB]: readonly Tensor[],
  epilogue: ProductEpilogue,
  variant: Variant = variantFor(k.gpu, productFlops(k, a, y)),
): boolean {
  const inner = columnsOf("matmul", a);
  const n = columnsOf("matmul", y);
  if (n === 1) return emitRowProduct(k, a, b, y, epilogue, variant === "tiles");
  if (variant === "tiles") return emitTiles(k, a, b, n, y, epilogue);
  const target = n % 4 === 0 ? y : paddedY;
  if (inImages(variant)) {
    const { bias, activation = "none" } = epilogue;
    const bind = { bias: bias ?? a, y: target };
    const [hasBias, hasRelu] = [bias !== undefined, activation === "relu"];
    emitImageRows(k, a, b, rowsLayout(inner, n), variant, { entry: "product", bind, hasBias, hasRelu });
    return emitFinished(k, target, y, epilogue);
  }
  if (n % 4 !== 0) emitPack(k, b, paddedB, { rows: inner, columns: n, row_stride: n, column_stride: 1 });
  emitBlocks(k, a, n % 4 === 0 ? b : paddedB, target, n, epilogue, variant);
  return emitFinished(k, target, y, epilogue);
}

/**
 * Appends y = a b^T.
 *
 * @param outputs what {@linkcode transposedOutputs} asked for
 */
export function emitTransposedProduct(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  [y, copyOfB, paddedY]: readonly Tensor[],
  variant: Variant = variantFor(k.gpu, productFlops(k, a, y)),
): void {
  const inner = columnsOf("matmulNt", a);
  const n = columnsOf("matmulNt", y);
  if (n === 1) {
    emitRowProduct(k, a, b, y, {}, variant === "tiles");
  } else if (inner === 1) {
    emitOuter(k, a, b, y);
  } else if (inImages(variant)) {
    const target = paddedY ?? y;
    const bind = { bias: a, y: target };
    emitImageRows(k, a, b, transposedLayout(inner, n), variant, { entry: "product", bind });
    emitFinished(k, target, y, {});
  } else {
    emitPack(k, b, copyOfB, { rows: inner, columns: n, row_stride: 1, column_stride: inner });
    if (variant === "tiles") {
      emitTiles(k, a, copyOfB, padded(n), y, {});
    } else {
      const target = paddedY ?? y;
      emitBlocks(k, a, copyOfB, target, n, {}, variant);
      emitFinished(k, target, y, {});
    }
  }
}

/**
 * Appends y = a^T b.
 *
 * @param outputs what {@linkcode columnProductOutputs} asked for
 */
export function emitColumnProduct(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  [y, parts, paddedA, paddedB]: readonly Tensor[],
  variant?: Variant,
): void {
  const m = columnsOf("matmulTn", a);
  const n = columnsOf("matmulTn", b);
  if (n === 1) return emitColumnSum(k, a, [y, parts], b);
  if (m === 1) return emitColumnSum(k, b, [y, parts], a);
  const rows = rowsOf(a, k.batch);
  const kernels = variant ?? variantFor(k.gpu, 2 * m * n * rows);
  const { target, ...cut } = columnSlices(m, n, rows, [y, parts], kernels);
  if (kernels === "tiles") emitTileColumns(k, a, b, target, cut);
  else if (inImages(kernels)) emitImageColumns(k, a, b, target, cut.sliceRows, kernels);
  else emitBlockColumns(k, [a, paddedA], [b, paddedB], target, cut, kernels);
  emitSliceSum(k, m, n, cut.slices, target, y);
}

/** Cuts the rows of a product of columns into slices that keep the device busy, and says where their sums go. */
function columnSlices(
  m: number,
  n: number,
  rows: number,
  [y, parts]: readonly Tensor[],
  variant: Variant,
): { slices: number; sliceRows: number; target: Tensor } {
  const busy = variant === "tiles" ? BUSY.tiles : inImages(variant) ? BUSY.images : BUSY.blocks;
  const { slices, sliceRows } = slicesOf(
    rows,
    Math.min(Math.ceil(busy / blocksOf(blockOf(variant), m, n)), maxSlices(m, n)),
  );
  return { slices, sliceRows, target: slices === 1 && m % 4 === 0 && n % 4 === 0 ? y : parts };
}

function emitSliceSum(k: Emitter, m: number, n: number, slices: number, parts: Tensor, y: Tensor): void {
  if (parts === y) return;
  emitSum(k, parts, y, { rows: m, columns: n, stride: padded(n), slice: padded(m) * padded(n), slices });
}

function productFlops(k: Emitter, a: Tensor, y: Tensor): number {
  return 2 * rowsOf(a, k.batch) * columnsOf("matmul", a) * columnsOf("matmul", y);
}

function emitTiles(k: Emitter, a: Tensor, b: Tensor, stride: number, y: Tensor, epilogue: ProductEpilogue): boolean {
  const m = rowsOf(y, k.batch);
  const n = columnsOf("matmul", y);
  const inner = columnsOf("matmul", a);
  k.run({
    shader: tiles,
    entry: "product",
    bind: { a, b, bias: epilogue.bias ?? b, y },
    constants: epilogueConstants(epilogue),
    params: { m, n, k: inner, b_stride: stride, y_stride: n, y_slice: 0, slice_terms: inner },
    grid: groupsOf("tiles", m, n),
    flops: 2 * m * n * inner,
  });
  return true;
}

function emitTileColumns(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  { slices, sliceRows }: { readonly slices: number; readonly sliceRows: number },
): void {
  const [m, n, rows] = [columnsOf("matmulTn", a), columnsOf("matmulTn", b), rowsOf(a, k.batch)];
  k.run({
    shader: tiles,
    entry: "product",
    bind: { a, b, bias: b, y },
    constants: { A_BY_ROWS: false },
    params: {
      m,
      n,
      k: rows,
      b_stride: n,
      y_stride: padded(n),
      y_slice: padded(m) * padded(n),
      slice_terms: sliceRows,
    },
    grid: groupsOf("tiles", m, n, slices),
    flops: 2 * m * n * rows,
  });
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
