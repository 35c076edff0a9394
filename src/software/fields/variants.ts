/**
 * Products over the field axis for drivers on the processor.
 *
 * @module
 */
import type { DeviceProfile } from "../../gpu/profile.ts";
import type { Emitter } from "../../graph/node.ts";
import type { KernelSet } from "../../kernels/set.ts";
import type { Problem, Variant } from "../../kernels/variant.ts";
import { cinFlops, cinInputsKernel, type CinInputsTask } from "../../ops/interaction/cin.ts";
import {
  emitGradientLaunch,
  emitSlices,
  fieldGradientKernel,
  type FieldGradientTask,
  fieldSlices,
} from "../../ops/interaction/field_gradient.ts";
import {
  emitProductLaunch,
  fieldFlops,
  fieldProductKernel,
  type FieldProductTask,
  type FieldShader,
} from "../../ops/interaction/field_kernels.ts";
import { isWorthImages, sharedSizeOf, subgroupSizeOf } from "../drivers.ts";
import { emitInputGradients } from "./inputs.ts";
import { eachLaunch, FIELD_VARIANTS, fieldBlock, fieldShader, type FieldVariant } from "./launch.ts";

/** Registers the variants. */
export function registerFields(kernels: KernelSet): void {
  kernels.register(fieldProductKernel, variants(fieldFlops, emitProduct));
  kernels.register(fieldGradientKernel, variants(fieldFlops, emitGradient));
  kernels.register(cinInputsKernel, variants(cinFlops, emitInputs));
}

function variants<Task, P extends Problem>(
  flopsOf: (problem: P) => number,
  emit: (k: Emitter, task: Task, variant: FieldVariant) => void,
): Variant<Task, P>[] {
  return FIELD_VARIANTS.map((name) => ({
    name,
    fits: (profile) => fitsDevice(profile, name),
    cost: (profile, problem) => flopsOf(problem) * timeOf(profile, name, flopsOf(problem)),
    emit: (k, task) => emit(k, task, name),
  }));
}

function fitsDevice(profile: DeviceProfile, variant: FieldVariant): boolean {
  const { images, shared } = fieldBlock(variant, 0);
  return (!images || profile.storageTextures) && (shared === 1 || sharedSizeOf(profile) === shared);
}

/** Returns the time of an operation, where one with factors in buffers takes 1. */
function timeOf(profile: DeviceProfile, variant: FieldVariant, flops: number): number {
  if (variant === "buffers") return 1;
  const { shared } = fieldBlock(variant, 0);
  const gains = isWorthImages(profile, flops) && (shared === 1 || subgroupSizeOf(profile) === shared);
  const isShared = shared > 1;
  return gains ? (isShared ? 0.25 : 0.5) : (isShared ? 4 : 2);
}

function shaderOf(variant: FieldVariant, outs: number): FieldShader {
  const tile = fieldBlock(variant, outs);
  return { shader: fieldShader(tile), tile };
}

function emitProduct(k: Emitter, task: FieldProductTask, variant: FieldVariant): void {
  const { x, y, packed, sizes: [, , outs] } = task;
  const kernels = shaderOf(variant, outs);
  eachLaunch(k, variant, { x, ...(y && { y }), w: packed }, 1, (factors, samples) => {
    emitProductLaunch(k, task, kernels, factors, samples);
  });
}

function emitGradient(k: Emitter, task: FieldGradientTask, variant: FieldVariant): void {
  const { x, y, dz, terms, outs, shift } = task;
  const kernels = shaderOf(variant, outs);
  const { sliceSamples } = fieldSlices(k, x, terms, outs, shift);
  emitSlices(k, task, (parts) => {
    eachLaunch(k, variant, { x, ...(y && { y }), dz }, sliceSamples, ({ w: _, ...factors }, samples) => {
      emitGradientLaunch(k, task, kernels, { ...factors, parts }, samples);
    });
  });
}

function emitInputs(k: Emitter, { x, x0, dz, weight, dx, dx0 }: CinInputsTask, variant: FieldVariant): void {
  emitInputGradients(k, [x, x0, dz, weight], { dx, dy: dx0 }, variant);
}
