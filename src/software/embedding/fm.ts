/**
 * Factorization machines for drivers on the processor: a thread takes all fields of a sample, and no barrier.
 *
 * @module
 */
import type { Node } from "../../graph/node.ts";
import type { KernelSet } from "../../kernels/set.ts";
import {
  type EmbeddingFmInputs,
  embeddingFmKernel,
  type EmbeddingFmProblem,
  emitEmbeddingFm,
} from "../../ops/embedding/embedding_fm.ts";
import { emitFmLaunch, type Fm, fmFlops, fmKernel, type FmLaunch, type FmProblem } from "../../ops/interaction/fm.ts";
import { bufferVariant } from "../variants.ts";

/** Registers the variants. */
export function registerFm(kernels: KernelSet): void {
  kernels.register(fmKernel, [
    bufferVariant<Fm, FmProblem>("buffers", fmFlops, (k, task) => emitFmLaunch(k, task, launch(k.batch))),
  ]);
  kernels.register(embeddingFmKernel, [
    bufferVariant<Node<EmbeddingFmInputs>, EmbeddingFmProblem>("buffers", fmFlops, (k, node) => {
      emitEmbeddingFm(k, node, launch(k.batch));
    }),
  ]);
}

function launch(batch: number): FmLaunch {
  return { entry: "forward", constants: {}, grid: Math.ceil(batch / 64) };
}
