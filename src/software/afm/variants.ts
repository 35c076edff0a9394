/**
 * Attention over pairs of fields for drivers on the processor: a sample of one thread, or of a few in images.
 *
 * @module
 */
import type { KernelSet } from "../../kernels/set.ts";
import {
  afmBackwardKernel,
  afmFlops,
  afmForwardKernel,
  afmSlicesKernel,
  constantsOf,
  emitAfm,
  SLICES,
} from "../../ops/interaction/afm_kernels.ts";
import { bufferVariant, imageVariant } from "../variants.ts";
import { emitAfmImages, emitAfmSlices, fitsImages } from "./images.ts";

/** Registers the variants. */
export function registerAfm(kernels: KernelSet): void {
  kernels.register(afmForwardKernel, [
    bufferVariant("samples", afmFlops, (k, { attributes, e, weights, bind }) => {
      emitAfm(k, attributes, "forward", { e, ...weights, ...bind }, k.batch);
    }),
    imageVariant(fitsImages, afmFlops, (k, { attributes, e, weights, bind }) => {
      emitAfmImages(k, "forward", attributes, e, weights, bind, constantsOf(attributes));
    }),
  ]);
  kernels.register(afmBackwardKernel, [
    bufferVariant("samples", afmFlops, (k, { attributes, e, weights, bind }) => {
      emitAfm(k, attributes, "backward_samples", { e, ...weights, ...bind }, k.batch);
    }),
    imageVariant(fitsImages, afmFlops, (k, { attributes, e, weights, bind }) => {
      emitAfmImages(k, "backward", attributes, e, weights, bind, {});
    }),
  ]);
  kernels.register(afmSlicesKernel, [
    imageVariant(fitsImages, afmFlops, (k, { attributes, e, weights, bind }) => {
      emitAfmSlices(k, attributes, e, weights, bind, SLICES);
    }),
  ]);
}
