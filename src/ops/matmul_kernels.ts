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
import type { Gpu } from "../gpu/device.ts";
import { type Shader, shader } from "../gpu/shader.ts";
import type { Emitter } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { epilogueConstants, type ProductEpilogue } from "./matmul_epilogue.ts";
import { columnsOf, emitPack, emitSum, maxSlices, padded, rowsOf, slicesOf } from "./matmul_layout.ts";
import { BLOCK_LANES, blockSource } from "./matmul_source.ts";
import { emitColumnSum, emitOuter, emitRowProduct } from "./matmul_vector.ts";

/** Kernels of a product: tiles in workgroup memory, or register blocks of 8 or 16 rows and columns. */
export type Variant = "tiles" | "blocks8" | "blocks16";

/** Register blocks, or tiles, that keep a device busy. */
const BUSY = { blocks: 2048, tiles: 512 };

const tiles = shader("matmul", { grid, step, activation, random, matmul_store: storeSource, matmul: tileSource });
const blocks: Readonly<Record<"blocks8" | "blocks16", Shader>> = {
  blocks8: blockShader(8),
  blocks16: blockShader(16),
};

function blockShader(size: number): Shader {
  const parts = [{ file: "shaders/grid.wgsl", text: grid }, {
    file: "src/ops/matmul_source.ts",
    text: blockSource(size),
  }];
  return { name: "matmul_blocks", parts };
}

/**
 * Returns the kernels that suit a device.
 *
 * Among the software drivers, llvmpipe up to Mesa 22 is fastest with blocks of 16 and the later ones, like SwiftShader,
 * with blocks of 8. The adapter does not tell its version, but Mesa has since raised the number of storage buffers.
 */
export function variantFor({ adapter, device }: Gpu): Variant {
  if (!adapter.software) return "tiles";
  const oldMesa = /llvmpipe/.test(adapter.description) && device.limits.maxStorageBuffersPerShaderStage <= 32;
  return oldMesa ? "blocks16" : "blocks8";
}

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
  variant: Variant = variantFor(k.gpu),
): boolean {
  const inner = columnsOf("matmul", a);
  const n = columnsOf("matmul", y);
  if (n === 1) return emitRowProduct(k, a, b, y, epilogue, variant === "tiles");
  if (variant === "tiles") return emitTiles(k, a, b, n, y, epilogue);
  if (n % 4 === 0) return emitBlocks(k, a, b, y, n, y, epilogue, variant);
  emitPack(k, b, paddedB, { rows: inner, columns: n, row_stride: n, column_stride: 1 });
  return emitBlocks(k, a, paddedB, paddedY, n, y, epilogue, variant);
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
  [y, transposed, paddedY]: readonly Tensor[],
  variant: Variant = variantFor(k.gpu),
): void {
  const inner = columnsOf("matmulNt", a);
  const n = columnsOf("matmulNt", y);
  if (n === 1) {
    emitRowProduct(k, a, b, y, {}, variant === "tiles");
  } else if (inner === 1) {
    emitOuter(k, a, b, y);
  } else {
    emitPack(k, b, transposed, { rows: inner, columns: n, row_stride: 1, column_stride: inner });
    if (variant === "tiles") emitTiles(k, a, transposed, padded(n), y, {});
    else emitBlocks(k, a, transposed, paddedY ?? y, n, y, {}, variant);
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
  variant: Variant = variantFor(k.gpu),
): void {
  const m = columnsOf("matmulTn", a);
  const n = columnsOf("matmulTn", b);
  if (n === 1) return emitColumnSum(k, a, [y, parts], b);
  if (m === 1) return emitColumnSum(k, b, [y, parts], a);
  const rows = rowsOf(a, k.batch);
  const edge = { tiles: 64, blocks8: 8, blocks16: 16 }[variant];
  const shares = Math.ceil(m / edge) * Math.ceil(n / edge);
  const busy = variant === "tiles" ? BUSY.tiles : BUSY.blocks;
  const { slices, sliceRows } = slicesOf(rows, Math.min(Math.ceil(busy / shares), maxSlices(m, n)));
  const direct = slices === 1 && m % 4 === 0 && n % 4 === 0;
  const target = direct ? y : parts;
  const flops = 2 * m * n * rows;
  if (variant === "tiles") {
    k.run({
      shader: tiles,
      entry: "product",
      bind: { a, b, bias: b, y: target },
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
      grid: slices * shares,
      flops,
    });
  } else {
    const packed = (x: Tensor, copy: Tensor, columns: number): Tensor => {
      if (columns % 4 === 0) return x;
      emitPack(k, x, copy, { rows, columns, row_stride: columns, column_stride: 1 });
      return copy;
    };
    k.run({
      shader: blocks[variant],
      entry: "product_tn",
      bind: { a_quads: packed(a, paddedA, m), b: packed(b, paddedB, n), y: target },
      params: {
        m,
        k: rows,
        n,
        quads: padded(n) / 4,
        a_quads: padded(m) / 4,
        slice_rows: sliceRows,
        has_bias: 0,
        has_relu: 0,
      },
      grid: Math.ceil(slices * shares / BLOCK_LANES),
      flops,
    });
  }
  if (!direct) emitSum(k, parts, y, { rows: m, columns: n, stride: padded(n), slice: padded(m) * padded(n), slices });
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
    grid: Math.ceil(m / 64) * Math.ceil(n / 64),
    flops: 2 * m * n * inner,
  });
  return true;
}

function emitBlocks(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  target: Tensor,
  n: number,
  y: Tensor,
  { bias, activation = "none", dropout }: ProductEpilogue,
  variant: "blocks8" | "blocks16",
): boolean {
  const m = rowsOf(a, k.batch);
  const inner = columnsOf("matmul", a);
  const edge = variant === "blocks8" ? 8 : 16;
  k.run({
    shader: blocks[variant],
    entry: "product",
    bind: { a, b, bias: bias ?? a, y: target },
    params: {
      m,
      k: inner,
      n,
      quads: padded(n) / 4,
      a_quads: 0,
      slice_rows: 0,
      has_bias: Number(bias !== undefined),
      has_relu: Number(activation === "relu"),
    },
    grid: Math.ceil(Math.ceil(m / edge) * Math.ceil(n / edge) / BLOCK_LANES),
    flops: 2 * m * n * inner,
  });
  if (target !== y) emitSum(k, target, y, { rows: m, columns: n, stride: padded(n), slice: 0, slices: 1 });
  return !dropout?.rate && (activation === "none" || activation === "relu");
}
