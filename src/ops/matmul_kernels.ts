/**
 * Which kernels compute a matrix product, and the scratch memory that they need.
 *
 * @module
 */
import activation from "../../shaders/activation.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import tileSource from "../../shaders/matmul.wgsl" with { type: "text" };
import layoutSource from "../../shaders/matmul_layout.wgsl" with { type: "text" };
import vectorSource from "../../shaders/matmul_vector.wgsl" with { type: "text" };
import random from "../../shaders/random.wgsl" with { type: "text" };
import step from "../../shaders/step.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/device.ts";
import { type Constants, type Shader, shader } from "../gpu/shader.ts";
import type { Emitter } from "../graph/node.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../graph/tensor.ts";
import { lanesOf } from "./lane.ts";
import { BLOCK_LANES, blockSource } from "./matmul_source.ts";

/** Activations that a product's epilogue can apply. */
export type Activation = "none" | "relu" | "sigmoid" | "tanh";

/** Numbers of the activations in `shaders/activation.wgsl`. */
export const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, relu: 1, sigmoid: 2, tanh: 3 };

/** Kernels of a product: tiles in workgroup memory, or register blocks of 8 or 16 rows and columns. */
export type Variant = "tiles" | "blocks8" | "blocks16";

/** What follows a product. */
export interface ProductEpilogue {
  /** Added to each row. */
  readonly bias?: Tensor;
  /** Applied after the bias. */
  readonly activation?: Activation;
  /** Applied last. */
  readonly dropout?: { readonly rate: number; readonly salt: number };
}

/** Slices of a sum over rows at most. */
const MAX_SLICES = 256;

/** Rows of a slice at least. */
const MIN_SLICE_ROWS = 64;

/** Numbers of partial sums that are kept at most, where there is more than one slice. */
const MAX_PARTS = 1 << 21;

/** Register blocks, or tiles, that keep a device busy. */
const BUSY = { blocks: 2048, tiles: 512 };

const tiles = shader("matmul", { grid, step, activation, random, matmul: tileSource });
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

/** Returns the product of all sizes but the last: the rows of a tensor seen as a matrix. */
export function rowsOf(tensor: Tensor, batch: number): number {
  return sizeOf(tensor.shape.slice(0, -1), batch);
}

/** Returns the last size of a shape, which must be a number. */
export function columnsOf(op: string, { shape }: Tensor): number {
  const last = shape.at(-1);
  if (shape.length < 2 || typeof last !== "number") {
    throw new TypeError(`Cannot build ${op}: inputs must be matrices of known width, received ${formatShape(shape)}`);
  }
  return last;
}

/** Returns the outputs of a product a b: y, and where rows do not divide into fours, padded copies of y and b. */
export function productOutputs(a: Shape, k: number, n: number): Shape[] {
  const rows = a.slice(0, -1);
  return n === 1 || n % 4 === 0 ? [[...rows, n]] : [[...rows, n], [...rows, padded(n)], [k, padded(n)]];
}

/** Returns the outputs of a product a b^T: y, b^T, and a padded copy of y where its rows do not divide into fours. */
export function transposedOutputs(a: Shape, k: number, n: number): Shape[] {
  const rows = a.slice(0, -1);
  if (n === 1 || k === 1) return [[...rows, n]];
  const outputs = [[...rows, n], [k, padded(n)]];
  return n % 4 === 0 ? outputs : [...outputs, [...rows, padded(n)]];
}

/** Returns the outputs of a product a^T b: y, partial sums, and padded copies where rows do not divide into fours. */
export function columnProductOutputs(a: Shape, m: number, n: number): Shape[] {
  if (m === 1 || n === 1) return [[m, n], [MAX_SLICES, m * n]];
  const rows = a.slice(0, -1);
  const parts = [maxSlices(m, n), padded(m), padded(n)];
  return [[m, n], parts, m % 4 === 0 ? [0] : [...rows, padded(m)], n % 4 === 0 ? [0] : [...rows, padded(n)]];
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function maxSlices(m: number, n: number): number {
  return Math.min(MAX_SLICES, Math.max(1, Math.floor(MAX_PARTS / (padded(m) * padded(n)))));
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
  if (n === 1) return emitRowProduct(k, a, b, y, epilogue, variant);
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
    emitRowProduct(k, a, b, y, {}, variant);
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

function slicesOf(rows: number, most: number): { slices: number; sliceRows: number } {
  const wanted = Math.max(1, Math.min(most, Math.ceil(rows / MIN_SLICE_ROWS)));
  const sliceRows = Math.max(1, Math.ceil(rows / wanted));
  return { slices: Math.max(1, Math.ceil(rows / sliceRows)), sliceRows };
}

function epilogueConstants({ bias, activation = "none", dropout }: ProductEpilogue): Constants {
  return {
    BIAS: bias !== undefined,
    ACTIVATION: ACTIVATIONS[activation],
    DROPOUT: dropout?.rate ?? 0,
    SALT: dropout?.salt ?? 0,
  };
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

function emitPack(k: Emitter, x: Tensor, packed: Tensor, params: Record<string, number>): void {
  k.run({
    shader: layoutShader(1),
    entry: "pack",
    bind: { x, packed },
    params: { ...params, slices: 0, slice: 0 },
    grid: Math.ceil(params.rows * Math.ceil(params.columns / 4) / 64),
  });
}

function emitSum(
  k: Emitter,
  parts: Tensor,
  y: Tensor,
  { rows, columns, stride, slice, slices }: Record<"rows" | "columns" | "stride" | "slice" | "slices", number>,
): void {
  // Rows of the parts are padded to fours, so wider lanes fit as soon as they fit the columns.
  const { width } = lanesOf(columns);
  k.run({
    shader: layoutShader(columns),
    entry: "sum",
    bind: { parts, y },
    params: {
      rows,
      columns: columns / width,
      row_stride: stride / width,
      column_stride: 0,
      slices,
      slice: slice / width,
    },
    grid: Math.ceil(rows * columns / width / 64),
  });
}

function layoutShader(columns: number): Shader {
  return shader("matmul_layout", { grid, ...lanesOf(columns).part, matmul_layout: layoutSource });
}

function vectorShader(columns: number): Shader {
  return shader("matmul_vector", {
    grid,
    step,
    activation,
    random,
    ...lanesOf(columns).part,
    matmul_vector: vectorSource,
  });
}

function emitRowProduct(
  k: Emitter,
  a: Tensor,
  v: Tensor,
  y: Tensor,
  epilogue: ProductEpilogue,
  variant: Variant,
): boolean {
  const rows = rowsOf(a, k.batch);
  const inner = columnsOf("matmul", a);
  const tiled = variant === "tiles";
  k.run({
    shader: vectorShader(inner),
    entry: tiled ? "row_product16" : "row_product",
    bind: { a, v, bias: epilogue.bias ?? a, y },
    constants: epilogueConstants(epilogue),
    params: { rows, lanes: lanesOf(inner).count, slice_rows: 0 },
    grid: Math.ceil(rows / (tiled ? 16 : 64)),
    flops: 2 * rows * inner,
  });
  return true;
}

function emitOuter(k: Emitter, u: Tensor, v: Tensor, matrix: Tensor): void {
  const rows = rowsOf(matrix, k.batch);
  const n = columnsOf("matmul", matrix);
  const lanes = lanesOf(n).count;
  k.run({
    shader: vectorShader(n),
    entry: "outer",
    bind: { u, v, matrix },
    params: { rows, lanes, slice_rows: 0 },
    grid: Math.ceil(rows * lanes / 64),
  });
}

/**
 * Appends y[n] = sum_m u[m] a[m, n], or the plain sum of columns without u.
 *
 * @param outputs y, and partial sums of shape [256, N]
 */
export function emitColumnSum(k: Emitter, a: Tensor, [y, parts]: readonly Tensor[], u?: Tensor): void {
  const rows = rowsOf(a, k.batch);
  const n = columnsOf("matmulTn", a);
  const lanes = lanesOf(n).count;
  // Both the sums within slices and the sum of slices run one after the other, so that equal lengths are best.
  const wanted = Math.min(MAX_SLICES, Math.ceil(Math.sqrt(rows)));
  const sliceRows = Math.max(1, Math.ceil(rows / wanted));
  const slices = Math.max(1, Math.ceil(rows / sliceRows));
  k.run({
    shader: vectorShader(n),
    entry: "column_sum",
    bind: u ? { a, u, matrix: slices === 1 ? y : parts } : { a, u: a, matrix: slices === 1 ? y : parts },
    constants: { WEIGHTED: u !== undefined },
    params: { rows, lanes, slice_rows: sliceRows },
    grid: Math.ceil(slices * lanes / 64),
  });
  if (slices > 1) emitSum(k, parts, y, { rows: 1, columns: n, stride: n, slice: n, slices });
}

/** Returns the outputs of a sum of columns: y, and partial sums. */
export function columnSumOutputs(n: number): Shape[] {
  return [[n], [MAX_SLICES, n]];
}
