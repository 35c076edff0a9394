/**
 * Sums of columns for drivers on the processor: slices whose columns an invocation adds one row after the other.
 *
 * @module
 */
import type { Emitter } from "../../graph/node.ts";
import type { KernelSet } from "../../kernels/set.ts";
import { type ColumnSums, columnSumsFlops, columnSumsKernel } from "../../ops/dense/column_sums.ts";
import { emitSum, MAX_SLICES } from "../../ops/dense/matmul_layout.ts";
import { vectorShader } from "../../ops/dense/matmul_vector.ts";
import { lanesOf } from "../../ops/shape/lane.ts";
import { bufferVariant } from "../variants.ts";

/** Registers the variant. */
export function registerColumnSums(kernels: KernelSet): void {
  kernels.register(columnSumsKernel, [bufferVariant("buffers", columnSumsFlops, emit)]);
}

function emit(k: Emitter, task: ColumnSums): void {
  emitSlices(k, task);
  if (task.u && task.whole) emitSlices(k, { a: task.u, rows: task.rows, columns: 1, y: task.whole });
}

function emitSlices(k: Emitter, { a, rows, columns, y, u }: ColumnSums): void {
  const lanes = lanesOf(columns).count;
  // Both the sums within slices and the sum of slices run one after the other, so that equal lengths are best.
  const wanted = Math.min(MAX_SLICES, Math.ceil(Math.sqrt(rows)));
  const sliceRows = Math.max(1, Math.ceil(rows / wanted));
  const slices = Math.max(1, Math.ceil(rows / sliceRows));
  const parts = slices === 1 ? y : k.scratch([slices, columns]);
  k.run({
    shader: vectorShader(columns),
    entry: "column_sum",
    bind: { a, u: u ?? a, matrix: parts },
    constants: { WEIGHTED: u !== undefined },
    params: { rows, lanes, slice_rows: sliceRows },
    grid: Math.ceil(slices * lanes / 64),
  });
  if (slices > 1) emitSum(k, parts, y, { rows: 1, columns, stride: columns, slice: columns, slices });
}
