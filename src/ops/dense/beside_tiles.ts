/**
 * Products with two matrices side by side, by tiles that load from both.
 *
 * @module
 */
import biasBeside from "../../../shaders/dense/matmul_bias_beside.wgsl" with { type: "text" };
import biasNone from "../../../shaders/dense/matmul_bias_none.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import quadsBeside from "../../../shaders/dense/matmul_quads4_beside.wgsl" with { type: "text" };
import splitsSource from "../../../shaders/dense/matmul_splits.wgsl" with { type: "text" };
import storeSource from "../../../shaders/dense/matmul_store.wgsl" with { type: "text" };
import storeSum from "../../../shaders/common/matmul_store_sum.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { columnsOf } from "./matmul_layout.ts";
import { elementConstants, runTiles } from "./matmul_tiles.ts";
import { splitsOf } from "./tile_sizes.ts";

/** Sizes of the product `[M, K] x [K, N]`. */
interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Two of a kind, the first one's columns before the other's. */
export type Pair = readonly [Tensor, Tensor];

const matrices = { matmul_quads4_beside: quadsBeside };

/** Appends y = x (w_0 | w_1) + (bias_0 | bias_1). */
export function emitBesideTiles(
  k: Emitter,
  x: Tensor,
  { weights, biases, y }: { readonly weights: Pair; readonly biases: Pair; readonly y: Tensor },
  sizes: Sizes,
): void {
  runTiles(k, { a: { tensor: x }, b: { tensor: weights[0] }, sizes }, {
    ...{ quads: matrices, inFours: true, splits: 1 },
    parts: { matmul_bias_beside: biasBeside, matmul_store: storeSource },
    bind: { b1: weights[1], bias: biases[0], bias1: biases[1], y },
    constants: { ...elementConstants({}), FOURS: columnsOf("beside", weights[0]) / 4 },
  });
}

/** Appends dx = dz (w_0 | w_1)^T. */
export function emitBesideTransposed(k: Emitter, dz: Tensor, weights: Pair, dx: Tensor, { m, n, k: inner }: Sizes) {
  const product = { a: { tensor: dz }, b: { tensor: weights[0], transposed: true }, sizes: { m, n: inner, k: n } };
  runTiles(k, product, {
    ...{ quads: matrices, inFours: true, splits: 1 },
    parts: { matmul_bias_none: biasNone, matmul_store: storeSource },
    bind: { b1: weights[1], y: dx },
    constants: { ...elementConstants({}), FOURS: columnsOf("beside", weights[0]) / 4 },
  });
}

/** Appends (dw_0 | dw_1) = x^T dz and (db_0 | db_1), the sums of dz's columns. */
export function emitBesideColumns(
  k: Emitter,
  { x, dz }: Record<"x" | "dz", Tensor>,
  { weights, biases }: { readonly weights: Pair; readonly biases: Pair },
  { m: rows, n, k: inner }: Sizes,
): void {
  const product = { a: { tensor: x, transposed: true }, b: { tensor: dz }, sizes: { m: inner, n, k: rows } };
  const { splits, splitTerms } = splitsOf(product.sizes);
  const parts = k.scratch([splits, inner + 1, n]);
  runTiles(k, product, {
    ...{ splits, splitTerms, bind: { y: parts } },
    parts: { matmul_store_sum: storeSum },
    constants: { HAS_COLUMN_SUMS: true },
  });
  const first = columnsOf("beside", weights[0]);
  const { width, part } = lanesOf(first | (n - first));
  k.run({
    shader: shader("matmul_splits", { grid, ...part, matmul_splits: splitsSource }),
    entry: "sum_beside",
    bind: { parts, y0: weights[0], y1: weights[1], y2: biases[0], y3: biases[1] },
    params: { splits, size: inner * n / width, columns: n / width, width: n / width, count: first / width },
    grid: Math.ceil((inner + 1) * n / width / 16),
  });
}
