/**
 * Matrix products for drivers on the processor: register blocks of one invocation, which need no workgroup memory.
 *
 * @module
 */
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { KernelSet } from "../../kernels/set.ts";
import type { Variant } from "../../kernels/variant.ts";
import { emitEpilogue } from "../../ops/dense/dense_elements.ts";
import type { ProductEpilogue } from "../../ops/dense/matmul_epilogue.ts";
import {
  columnProductKernel,
  crossKernel,
  emitWithParts,
  flopsOf,
  type Product,
  type ProductGradients,
  productGradientsKernel,
  productKernel,
  type ProductProblem,
  transposedProductKernel,
} from "../../ops/dense/matmul_kernels.ts";
import { columnsOf, emitPack, emitSum, maxSlices, padded, rowsOf, slicesOf } from "../../ops/dense/matmul_layout.ts";
import { emitColumnSum, emitOuter, emitRowProduct } from "../../ops/dense/matmul_vector.ts";
import { rowsLayout, transposedLayout } from "../image_pack.ts";
import { emitBlockColumns, emitBlocks } from "./blocks.ts";
import { emitCross } from "./cross.ts";
import { emitImageColumns, emitImageRows } from "./images.ts";
import { blockOf, blocksOf, fitsDevice, inImages, PRODUCT_VARIANTS, type ProductVariant, timeOf } from "./variant.ts";

/** Register blocks that keep a device busy; in images also those whose rows stay in a processor's cache. */
const BUSY = { blocks: 2048, images: 3000 };

/** Registers the variants of all matrix products. */
export function registerProducts(kernels: KernelSet): void {
  kernels.register(productKernel, variants(emitProduct));
  kernels.register(transposedProductKernel, variants(emitTransposedProduct));
  kernels.register(columnProductKernel, variants(emitColumnProduct));
  kernels.register(
    productGradientsKernel,
    variants((k, task, variant) => emitWithParts(k, task, (whole) => emitProductGradients(k, whole, variant))),
  );
  kernels.register(crossKernel, variants(emitCross));
}

function variants<Task>(
  emit: (k: Emitter, task: Task, variant: ProductVariant) => void,
): Variant<Task, ProductProblem>[] {
  return PRODUCT_VARIANTS.map((name) => ({
    name,
    fits: (profile) => fitsDevice(profile, name),
    cost: (profile, problem) => flopsOf(problem) * timeOf(profile, name, flopsOf(problem)),
    emit: (k, task) => emit(k, task, name),
  }));
}

/** Appends y = epilogue(a b). */
export function emitProduct(k: Emitter, { a, b, y, epilogue = {} }: Product, variant: ProductVariant): void {
  const inner = columnsOf("matmul", a);
  const n = columnsOf("matmul", y);
  if (n === 1) return emitRowProduct(k, a, b, y, epilogue, false);
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
  emitFinished(k, target, y, epilogue);
}

/** Appends y = a b^T. */
export function emitTransposedProduct(k: Emitter, { a, b, y }: Product, variant: ProductVariant): void {
  const inner = columnsOf("matmulNt", a);
  const n = columnsOf("matmulNt", y);
  if (n === 1) return emitRowProduct(k, a, b, y, {}, false);
  if (inner === 1) return emitOuter(k, a, b, y);
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

/** Appends y = a^T b. */
export function emitColumnProduct(k: Emitter, { a, b, y }: Product, variant: ProductVariant): void {
  const m = columnsOf("matmulTn", a);
  const n = columnsOf("matmulTn", b);
  if (n === 1) return emitColumnSum(k, a, y, b);
  if (m === 1) return emitColumnSum(k, b, y, a);
  const { target, ...cut } = columnSlices(k, m, n, rowsOf(a, k.batch), y, variant);
  if (inImages(variant)) emitImageColumns(k, a, b, target, cut.sliceRows, variant);
  else emitBlockColumns(k, a, b, target, cut, variant);
  if (target === y) return;
  const { slices } = cut;
  emitSum(k, target, y, { rows: m, columns: n, stride: padded(n), slice: padded(m) * padded(n), slices });
}

/** Appends dx = dz W^T, dW = x^T dz and the sums of dz's columns. */
function emitProductGradients(
  k: Emitter,
  { x, weight, dz, dx, dWeight, dBias, before }: ProductGradients,
  variant: ProductVariant,
): void {
  if (dx && before) {
    const dy = k.scratch(dx.shape);
    emitTransposedProduct(k, { a: dz, b: weight, y: dy }, variant);
    emitEpilogue(k, "gradient", { y: before.y, dy, dz: dx }, before.epilogue);
  } else if (dx) {
    emitTransposedProduct(k, { a: dz, b: weight, y: dx }, variant);
  }
  emitColumnProduct(k, { a: x, b: dz, y: dWeight }, variant);
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
  variant: ProductVariant,
): { slices: number; sliceRows: number; target: Tensor } {
  const busy = inImages(variant) ? BUSY.images : BUSY.blocks;
  const { slices, sliceRows } = slicesOf(
    rows,
    Math.min(Math.ceil(busy / blocksOf(blockOf(variant), m, n)), maxSlices(m, n)),
  );
  const direct = slices === 1 && m % 4 === 0 && n % 4 === 0;
  return { slices, sliceRows, target: direct ? y : k.scratch([slices, padded(m), padded(n)]) };
}

/** Drops the padding of rows where there is any, and applies what blocks leave: dropout, and activations but relu. */
function emitFinished(k: Emitter, target: Tensor, y: Tensor, epilogue: ProductEpilogue): void {
  if (target !== y) {
    const [rows, n] = [rowsOf(y, k.batch), columnsOf("matmul", y)];
    emitSum(k, target, y, { rows, columns: n, stride: padded(n), slice: 0, slices: 1 });
  }
  const { activation = "none", dropout } = epilogue;
  if (dropout?.rate || (activation !== "none" && activation !== "relu")) emitEpilogue(k, "finish", { z: y }, epilogue);
}
