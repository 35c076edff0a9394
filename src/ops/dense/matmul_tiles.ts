/**
 * Matrix products by tiles in workgroup memory, for GPUs.
 *
 * @module
 */
import activation from "../../../shaders/dense/activation.wgsl" with { type: "text" };
import crossStore from "../../../shaders/dense/cross_store.wgsl" with { type: "text" };
import epilogue1 from "../../../shaders/dense/epilogue1.wgsl" with { type: "text" };
import epilogue4 from "../../../shaders/dense/epilogue4.wgsl" with { type: "text" };
import epilogueGradient from "../../../shaders/dense/epilogue_gradient.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/matmul.wgsl" with { type: "text" };
import biasSource from "../../../shaders/dense/matmul_bias.wgsl" with { type: "text" };
import paramsSource from "../../../shaders/dense/matmul_params.wgsl" with { type: "text" };
import biasNone from "../../../shaders/dense/matmul_bias_none.wgsl" with { type: "text" };
import quads1 from "../../../shaders/dense/matmul_quads1.wgsl" with { type: "text" };
import quads1B from "../../../shaders/dense/matmul_quads1_b.wgsl" with { type: "text" };
import quads1Store from "../../../shaders/dense/matmul_quads1_store.wgsl" with { type: "text" };
import quads4 from "../../../shaders/dense/matmul_quads4.wgsl" with { type: "text" };
import quads4B from "../../../shaders/dense/matmul_quads4_b.wgsl" with { type: "text" };
import splitsSource from "../../../shaders/dense/matmul_splits.wgsl" with { type: "text" };
import smallSource from "../../../shaders/dense/matmul_small.wgsl" with { type: "text" };
import storeSource from "../../../shaders/dense/matmul_store.wgsl" with { type: "text" };
import storeApart from "../../../shaders/dense/matmul_store_apart.wgsl" with { type: "text" };
import storeGradient from "../../../shaders/dense/matmul_store_gradient.wgsl" with { type: "text" };
import storeResidual from "../../../shaders/dense/matmul_store_residual.wgsl" with { type: "text" };
import storeSum from "../../../shaders/common/matmul_store_sum.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import stepSource from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Constants, type Shader, shader } from "../../gpu/shader.ts";
import type { Emitter, KernelCall } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { columnsOf } from "./matmul_layout.ts";
import { type ProductSizes, SMALL_TILE, splitsOf, TILE } from "./tile_sizes.ts";
import { epilogueConstants, type EpilogueOutput, type ProductEpilogue } from "./matmul_epilogue.ts";

/** A matrix as it is stored. */
interface Stored {
  readonly tensor: Tensor;
  /** Whether its rows are the other matrix's. @default {false} */
  readonly transposed?: boolean;
}

/** A product a b. */
export interface TileProduct {
  /** `[M, K]`, or stored as `[K, M]`. */
  readonly a: Stored;
  /** `[K, N]`, or stored as `[N, K]`. */
  readonly b: Stored;
  /** Sizes of the product. */
  readonly sizes: ProductSizes;
  /** Whether tiles are small, for products with few of them. @default {false} */
  readonly small?: boolean;
}

/** How the numbers of a are formed as they are loaded, where they are not those of a matrix. */
export interface Loader {
  /** The parts that load from a and b, for single numbers to be stored. */
  readonly quads: Readonly<Record<string, string>>;
  /** What it binds besides a and b. */
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly constants: Constants;
}

/** Returns the constants of activation and dropout. */
export function elementConstants(epilogue: ProductEpilogue): Constants {
  const { BIAS: _, ...constants } = epilogueConstants(epilogue);
  return constants;
}

/** Appends y = epilogue(a b). */
export function emitTiles(
  k: Emitter,
  product: TileProduct,
  y: Tensor,
  epilogue: ProductEpilogue = {},
  loader?: Loader,
): void {
  runTiles(k, product, {
    quads: loader?.quads,
    parts: {
      ...(epilogue.bias ? { matmul_bias: biasSource } : { matmul_bias_none: biasNone }),
      matmul_store: storeSource,
    },
    bind: { bias: epilogue.bias, y, ...loader?.bind },
    constants: { ...elementConstants(epilogue), ...loader?.constants },
    splits: 1,
  });
}

/** Appends (y_0 | y_1) = a b, whose columns all divide into fours. */
export function emitApartTiles(k: Emitter, product: TileProduct, [y, y1]: readonly Tensor[]): void {
  runTiles(k, product, {
    parts: { matmul_store_apart: storeApart },
    bind: { y, y1 },
    constants: { FIRST: columnsOf("matmul", y) / 4 },
    splits: 1,
  });
}

/** Appends y = residual + (a b + bias). */
export function emitResidualTiles(
  k: Emitter,
  product: TileProduct,
  { y, residual, bias }: { readonly y: Tensor; readonly residual: Tensor; readonly bias: Tensor | undefined },
): void {
  runTiles(k, product, {
    parts: {
      ...(bias ? { matmul_bias: biasSource } : { matmul_bias_none: biasNone }),
      matmul_store_residual: storeResidual,
    },
    bind: { y, residual, bias },
    constants: {},
    splits: 1,
  });
}

/** Appends y = a b, and goes on through the epilogue whose output's gradient that is. */
export function emitGradientTiles(k: Emitter, product: TileProduct, y: Tensor, through: EpilogueOutput): void {
  runTiles(k, product, {
    parts: { epilogue_gradient: epilogueGradient, matmul_store_gradient: storeGradient },
    bind: { y, output: through.y },
    constants: elementConstants(through.epilogue),
    splits: 1,
  });
}

/** Appends y = x0 (a b + bias) + a, the whole of a matrix cross layer; `product` is kept where somebody needs it. */
export function emitCrossTiles(
  k: Emitter,
  product: TileProduct,
  bind: Record<"x0" | "bias" | "y" | "product_out", Tensor>,
): void {
  runTiles(k, product, {
    parts: { cross_store: crossStore },
    bind,
    constants: { KEEPS_PRODUCT: k.needed(bind.product_out) },
    splits: 1,
  });
}

/**
 * Appends y = a b, summed over splits of the terms where there are too few tiles for a GPU.
 *
 * @param columnSums receives the sums of b's columns, the gradient of a bias
 */
export function emitSplitTiles(
  k: Emitter,
  product: TileProduct,
  y: Tensor,
  columnSums?: Tensor,
  loader?: Loader,
): void {
  const { m, n } = product.sizes;
  const { splits, splitTerms } = splitsOf(product.sizes);
  const constants = { HAS_COLUMN_SUMS: columnSums !== undefined, ...loader?.constants };
  const target = splits === 1 && !columnSums ? y : k.scratch([splits, m + (columnSums ? 1 : 0), n]);
  const bind = { y: target, ...loader?.bind };
  const parts = { matmul_store_sum: storeSum };
  runTiles(k, product, { quads: loader?.quads, parts, bind, constants, splits, splitTerms });
  if (target !== y) emitSplitSum(k, target, y, columnSums, { splits, size: m * n, columns: columnSums ? n : 0 });
}

/** Appends (ys_0 | ys_1 | ..) = a b: three or four matrices of the same columns side by side. */
export function emitTilesApart(k: Emitter, product: TileProduct, ys: readonly Tensor[]): void {
  const { m, n } = product.sizes;
  const { splits, splitTerms } = splitsOf(product.sizes);
  const parts = k.scratch([splits, m, n]);
  runTiles(k, product, {
    parts: { matmul_store_sum: storeSum },
    bind: { y: parts },
    constants: {},
    splits,
    splitTerms,
  });
  const width = n / ys.length;
  const lanes = lanesOf(width);
  k.run({
    shader: shader("matmul_splits", { grid, ...lanes.part, matmul_splits: splitsSource }),
    entry: `sum_apart${ys.length}`,
    bind: { parts, ...Object.fromEntries(ys.map((y, i) => [`y${i}`, y])) },
    params: { splits, size: m * n / lanes.width, columns: 0, width: lanes.count, count: ys.length },
    grid: Math.ceil(m * n / lanes.width / 16),
  });
}

/** Appends the sum of splits of a product, and of the column sums below each. */
export function emitSplitSum(
  k: Emitter,
  parts: Tensor,
  y: Tensor,
  columnSums: Tensor | undefined,
  { splits, size, columns }: Record<"splits" | "size" | "columns", number>,
): void {
  const lanes = lanesOf(columns || size);
  const params = { splits, size: size / lanes.width, columns: columns / lanes.width, width: 1, count: 1 };
  k.run({
    shader: shader("matmul_splits", { grid, ...lanes.part, matmul_splits: splitsSource }),
    entry: columnSums ? "sum_with_columns" : "sum",
    bind: { parts, y, column_sums: columnSums },
    params,
    grid: Math.ceil((params.size + params.columns) / 16),
  });
}

/** How a product by tiles is loaded and stored. */
export interface TileCall {
  /** The parts that load from a and b, for single numbers to be stored. @default what suits their rows */
  readonly quads?: Readonly<Record<string, string>>;
  /** Whether four numbers are stored at once, and the parts load from b alone. @default {what suits the rows} */
  readonly inFours?: boolean;
  /** What is done to a sum. */
  readonly parts: Readonly<Record<string, string>>;
  readonly bind: KernelCall["bind"];
  readonly constants: Constants;
  readonly splits: number;
  /** @default all */
  readonly splitTerms?: number;
}

/** Appends a product by tiles. */
export function runTiles(k: Emitter, { a, b, sizes, small = false }: TileProduct, call: TileCall): void {
  const { m, n, k: terms } = sizes;
  const tile = small ? SMALL_TILE : TILE;
  // Splits begin at multiples of 16 terms, so only the rows of the matrices themselves decide.
  const rows = [a.transposed ? m : terms, b.transposed ? terms : n, n];
  const inFours = call.quads ? call.inFours ?? false : rows.every((width) => width % 4 === 0);
  k.run({
    shader: tilesShader(inFours, small, call),
    entry: "product",
    bind: { ...call.bind, a: a.tensor, b: b.tensor },
    constants: {
      ...call.constants,
      A_TRANSPOSED: a.transposed ?? false,
      B_TRANSPOSED: b.transposed ?? false,
    },
    params: { m, n, k: terms, split_terms: call.splitTerms ?? terms },
    grid: Math.ceil(m / tile.rows) * Math.ceil(n / tile.columns) * call.splits,
    flops: 2 * m * n * terms,
  });
}

/** Loads from a and b where single numbers are loaded and stored. */
const SINGLE = { matmul_quads1: quads1, matmul_quads1_b: quads1B };

/** Loads from b where four numbers are. */
const FOURS = { matmul_quads4_b: quads4B };

function tilesShader(
  inFours: boolean,
  small: boolean,
  { parts, quads = inFours ? FOURS : SINGLE }: TileCall,
): Shader {
  return shader(small ? "matmul_small" : "matmul", {
    grid,
    step: stepSource,
    activation,
    random,
    ...(inFours ? { epilogue4, matmul_quads4: quads4 } : { epilogue1, matmul_quads1_store: quads1Store }),
    ...quads,
    ...parts,
    matmul_params: paramsSource,
    ...(small ? { matmul_small: smallSource } : { matmul: source }),
  });
}
