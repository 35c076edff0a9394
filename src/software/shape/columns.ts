/**
 * Matrices side by side and apart for drivers on the processor: a dispatch for each part, whose threads need not look up
 * which part they are in.
 *
 * @module
 */
import type { KernelSet } from "../../kernels/set.ts";
import { emitColumns } from "../../ops/shape/column_copies.ts";
import { apartKernel, type Columns, type ColumnsProblem, columnsSize, joinKernel } from "../../ops/shape/parts.ts";
import { bufferVariant } from "../variants.ts";

/** Registers the variants. */
export function registerColumns(kernels: KernelSet): void {
  kernels.register(joinKernel, [
    bufferVariant<Columns, ColumnsProblem>("buffers", columnsSize, (k, { parts, whole, sizes: { rows, width } }) => {
      for (const { tensor, from, width: count } of parts) {
        const sizes = { count, x_width: count, y_width: width, to_column: from };
        emitColumns(k, "copy_columns", { x: tensor, y: whole }, rows, sizes);
      }
    }),
  ]);
  kernels.register(apartKernel, [
    bufferVariant<Columns, ColumnsProblem>("buffers", columnsSize, (k, { parts, whole, sizes: { rows, width } }) => {
      for (const { tensor, from, width: count } of parts) {
        const sizes = { count, x_width: width, y_width: count, from_column: from };
        emitColumns(k, "copy_columns", { x: whole, y: tensor }, rows, sizes);
      }
    }),
  ]);
}
