/**
 * Gradients of element products of pairs for drivers on the processor: a thread takes all pairs of a sample in order.
 *
 * @module
 */
import type { KernelSet } from "../../kernels/set.ts";
import {
  elementFlops,
  elementGradientKernel,
  type ElementGradients,
  type ElementProblem,
  emitPairs,
  spanOn,
} from "../../ops/interaction/pair_elements.ts";
import { bufferVariant } from "../variants.ts";

/** Registers the variant. */
export function registerPairElements(kernels: KernelSet): void {
  kernels.register(elementGradientKernel, [
    bufferVariant<ElementGradients, ElementProblem>("buffers", elementFlops, (k, { window, bind, accumulates }) => {
      emitPairs(k, window, { entry: "backward", bind, rows: k.batch, span: spanOn(k, window) }, accumulates);
    }),
  ]);
}
