/**
 * First-order terms for drivers on the processor: an invocation takes all fields of a sample.
 *
 * @module
 */
import type { KernelSet } from "../../kernels/set.ts";
import {
  emitShards,
  type LinearSum,
  linearSumFlops,
  linearSumKernel,
  type LinearSumProblem,
} from "../../ops/embedding/linear_sum.ts";
import { bufferVariant } from "../variants.ts";

/** Registers the variant. */
export function registerLinearSum(kernels: KernelSet): void {
  kernels.register(linearSumKernel, [
    bufferVariant<LinearSum, LinearSumProblem>("buffers", linearSumFlops, (k, task) => {
      emitShards(k, task, "linear_sum", 64);
    }),
  ]);
}
