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
import { emitColumnSums } from "./column_sums.ts";
import { lanesOf } from "../shape/lane.ts";
import { epilogueConstants, type ProductEpilogue } from "./matmul_epilogue.ts";
import { columnsOf, rowsOf } from "./matmul_layout.ts";

/** Returns the shader for a matrix of so many columns. */
export function vectorShader(columns: number): Shader {
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

/** Appends y[n] = sum_m u[m] a[m, n], or the plain sums of columns without u; `whole` receives the sum of u. */
export function emitColumnSum(k: Emitter, a: Tensor, y: Tensor, u?: Tensor, whole?: Tensor): void {
  emitColumnSums(k, { a, rows: rowsOf(a, k.batch), columns: columnsOf("matmulTn", a), y, u, whole });
}
