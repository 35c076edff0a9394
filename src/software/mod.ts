/**
 * Kernels for drivers that run shaders on the processor; loaded where a device runs on one.
 *
 * @module
 */
import type { KernelSet } from "../kernels/set.ts";
import { registerAfm } from "./afm/variants.ts";
import { registerAttention } from "./attention/variants.ts";
import { registerCrossVector } from "./cross/vector.ts";
import { registerFm } from "./embedding/fm.ts";
import { registerLinearSum } from "./embedding/linear_sum.ts";
import { registerFields } from "./fields/variants.ts";
import { registerHistoryAttention } from "./history/unrolled.ts";
import { registerColumnSums } from "./matmul/column_sums.ts";
import { registerProducts } from "./matmul/products.ts";
import { registerLayerNorm } from "./norm/layer_norm.ts";
import { registerPairDense } from "./pairs/dense.ts";
import { registerPairElements } from "./pairs/elements.ts";
import { registerPairMatrix } from "./pairs/matrix.ts";
import { registerPowers } from "./power/variants.ts";
import { registerColumns } from "./shape/columns.ts";
import { registerTables } from "./train/tables.ts";

/** Registers all variants. */
export function registerKernels(kernels: KernelSet): void {
  registerProducts(kernels);
  registerColumnSums(kernels);
  registerLayerNorm(kernels);
  registerAttention(kernels);
  registerAfm(kernels);
  registerHistoryAttention(kernels);
  registerLinearSum(kernels);
  registerFm(kernels);
  registerFields(kernels);
  registerCrossVector(kernels);
  registerPairMatrix(kernels);
  registerPairDense(kernels);
  registerPairElements(kernels);
  registerPowers(kernels);
  registerTables(kernels);
  registerColumns(kernels);
}
