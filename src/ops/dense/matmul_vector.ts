/**
 * Products in which one matrix is a vector.
 *
 * @module
 */
import activation from "../../../shaders/dense/activation.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/matmul_vector.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Shader, shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitGpuColumnSums } from "./column_sums.ts";
import { lanesOf } from "../shape/lane.ts";
import { epilogueConstants, type ProductEpilogue } from "./matmul_epilogue.ts";
import { columnsOf, emitSum, MAX_SLICES, rowsOf } from "./matmul_layout.ts";

function vectorShader(columns: number): Shader {
  return shader("matmul_vector", {
    grid,
    step,
    activation,
    random,
    ...lanesOf(columns).part,
    matmul_vector: source,
  });
}

/**
 * Appends y[m] = epilogue(sum_k a[m, k] v[k]).
 *
 * @param wide whether 16 invocations share a row
 */
export function emitRowProduct(
  k: Emitter,
  a: Tensor,
  v: Tensor,
  y: Tensor,
  epilogue: ProductEpilogue,
  wide: boolean,
): void {
  const rows = rowsOf(a, k.batch);
  const inner = columnsOf("matmul", a);
  k.run({
    shader: vectorShader(inner),
    entry: wide ? "row_product16" : "row_product",
    bind: { a, v, bias: epilogue.bias ?? a, y },
    constants: epilogueConstants(epilogue),
    params: { rows, lanes: lanesOf(inner).count, slice_rows: 0 },
    grid: Math.ceil(rows / (wide ? 16 : 64)),
    flops: 2 * rows * inner,
  });
}

/** Appends matrix[m, n] = u[m] v[n]. */
export function emitOuter(k: Emitter, u: Tensor, v: Tensor, matrix: Tensor): void {
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

/** Appends y[n] = sum_m u[m] a[m, n], or the plain sum of columns without u. */
export function emitColumnSum(k: Emitter, a: Tensor, y: Tensor, u?: Tensor): void {
  const rows = rowsOf(a, k.batch);
  const n = columnsOf("matmulTn", a);
  if (k.gpu.profile.kind === "gpu") return emitGpuColumnSums(k, { tensor: a, rows, columns: n }, y, u);
  const lanes = lanesOf(n).count;
  // Both the sums within slices and the sum of slices run one after the other, so that equal lengths are best.
  const wanted = Math.min(MAX_SLICES, Math.ceil(Math.sqrt(rows)));
  const sliceRows = Math.max(1, Math.ceil(rows / wanted));
  const slices = Math.max(1, Math.ceil(rows / sliceRows));
  const parts = slices === 1 ? y : k.scratch([slices, n]);
  k.run({
    shader: vectorShader(n),
    entry: "column_sum",
    bind: { a, u: u ?? a, matrix: parts },
    constants: { WEIGHTED: u !== undefined },
    params: { rows, lanes, slice_rows: sliceRows },
    grid: Math.ceil(slices * lanes / 64),
  });
  if (slices > 1) emitSum(k, parts, y, { rows: 1, columns: n, stride: n, slice: n, slices });
}
