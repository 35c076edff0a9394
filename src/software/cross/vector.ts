/**
 * The vector cross network for drivers on the processor: several samples an invocation, without workgroup memory.
 *
 * @module
 */
import type { Emitter } from "../../graph/node.ts";
import type { KernelSet } from "../../kernels/set.ts";
import {
  crossForwardKernel,
  crossGradientKernel,
  crossParametersKernel,
  crossVectorFlops,
  type CrossVectorProblem,
  type CrossVectorTask,
  emitForward,
  emitGradient,
  emitParameters,
  type SampleWork,
} from "../../ops/interaction/cross_vector.ts";
import { bufferVariant } from "../variants.ts";

/** Samples of an invocation, `SAMPLES` in the shaders, times those of a workgroup. */
const BY_INVOCATIONS: SampleWork = { suffix: "", samples: 4 * 64 };

/** Slices of the batch that parameter gradients are summed over. */
const SLICES = 64;

/** Registers the variants. */
export function registerCrossVector(kernels: KernelSet): void {
  kernels.register(crossForwardKernel, [variant((k, task) => emitForward(k, task, BY_INVOCATIONS))]);
  kernels.register(crossGradientKernel, [variant((k, task) => emitGradient(k, task, BY_INVOCATIONS))]);
  kernels.register(crossParametersKernel, [variant((k, task) => emitParameters(k, task, SLICES, false))]);
}

function variant(emit: (k: Emitter, task: CrossVectorTask) => void) {
  return bufferVariant<CrossVectorTask, CrossVectorProblem>("buffers", crossVectorFlops, emit);
}
