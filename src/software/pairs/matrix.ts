/**
 * Pairs of fields joined by matrices, for drivers on the processor.
 *
 * @module
 */
import type { Tensor } from "../../graph/tensor.ts";
import type { KernelSet } from "../../kernels/set.ts";
import {
  emitPairMatrix,
  matrixBackwardKernel,
  matrixFlops,
  matrixForwardKernel,
  matrixSlicesKernel,
  SLICES,
} from "../../ops/interaction/pair_matrix.ts";
import { bufferVariant, imageVariant } from "../variants.ts";
import { emitBackwardImages, emitForwardImages, emitSliceImages, fitsImages } from "./matrix_images.ts";

/** Registers the variants. */
export function registerPairMatrix(kernels: KernelSet): void {
  kernels.register(matrixForwardKernel, [
    imageVariant(fitsImages, matrixFlops, (k, { window, bind }) => {
      emitForwardImages(k, window, bind as Record<"e" | "weight" | "r" | "q", Tensor>);
    }),
  ]);
  kernels.register(matrixBackwardKernel, [
    // A workgroup has 16 threads, of four samples each.
    bufferVariant("samples", matrixFlops, (k, { window, bind, accumulates }) => {
      emitPairMatrix(k, window, "backward_samples", bind, 4 * Math.ceil(k.batch / 4), accumulates);
    }),
    imageVariant(fitsImages, matrixFlops, (k, { window, bind, accumulates = false }) => {
      emitBackwardImages(k, window, window.form, bind as Record<"e" | "weight" | "g" | "de", Tensor>, accumulates);
    }),
  ]);
  kernels.register(matrixSlicesKernel, [
    imageVariant(fitsImages, matrixFlops, (k, { window, bind }) => {
      emitSliceImages(k, window, window.form, bind as Record<"e" | "g" | "partial", Tensor>, SLICES);
    }),
  ]);
}
