/**
 * The scalars of steps, which kernels read in `step`: a ring on the device with a place for each step of a submit.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { STEP_BYTES, STEP_STRIDE, stepLayout } from "../gpu/kernel.ts";
import { allocate } from "../gpu/memory.ts";

/** Steps that one submit can hold. */
export const MAX_STEPS_PER_SUBMIT = 16;

/** Scalars of one step, as kernels see them in `step`. */
export interface StepScalars {
  /** Valid rows of the batch; those past it are padding. */
  readonly rows: number;
  /** Position of the batch's first row in the epoch's order. */
  readonly first: number;
  /** Number of this step since training began, from 1. */
  readonly index: number;
  /** Seed of dropout. */
  readonly seed: number;
  /** Learning rate. */
  readonly lr: number;
  /** Adam's 1 / (1 - beta1^t). @default {1} */
  readonly correction1?: number;
  /** Adam's 1 / (1 - beta2^t). @default {1} */
  readonly correction2?: number;
  /** Rates and corrections of embeddings and of first-order weights, where these have rules of their own. */
  readonly others?: readonly { readonly lr: number; readonly correction1: number; readonly correction2: number }[];
  /** Place of this step's loss in the ring of losses, and of its data in rings of inputs. */
  readonly slot: number;
}

/** Creates the ring. */
export function createSteps(gpu: Gpu, name: string): GPUBuffer {
  const size = STEP_STRIDE * MAX_STEPS_PER_SUBMIT;
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const label = `${name}.steps`;
  return allocate(gpu, `buffer "${label}"`, size, (device) => device.createBuffer({ label, size, usage }));
}

/** Binds the ring, for use with the offset of a step. */
export function groupOfSteps(gpu: Gpu, name: string, buffer: GPUBuffer): GPUBindGroup {
  const entries = [{ binding: 0, resource: { buffer, size: STEP_BYTES } }];
  const layout = stepLayout(gpu);
  return gpu.perform(`make ${name}`, (device) => device.createBindGroup({ label: `${name}.step`, layout, entries }));
}

/** Returns the ring's bytes for some steps. */
export function packSteps(steps: readonly StepScalars[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(STEP_STRIDE * steps.length));
  steps.forEach((step, i) => {
    const at = STEP_STRIDE * i;
    [step.rows, step.first, step.index, step.seed].forEach((value, j) => view.setUint32(at + 4 * j, value, true));
    [step.lr, step.correction1 ?? 1, step.correction2 ?? 1].forEach((value, j) =>
      view.setFloat32(at + 16 + 4 * j, value, true)
    );
    view.setUint32(at + 28, step.slot, true);
    step.others?.forEach(({ lr, correction1, correction2 }, j) =>
      [lr, correction1, correction2].forEach((value, k) => view.setFloat32(at + 32 + 16 * j + 4 * k, value, true))
    );
  });
  return view.buffer;
}
