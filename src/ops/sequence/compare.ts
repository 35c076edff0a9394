/**
 * A target beside each item of a history.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/compare.wgsl" with { type: "text" };
import slices from "../../../shaders/sequence/compare_slices.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { emitMerged, fillsSlices, placeSlicesOf, runSlices, SLICES_ON_PROCESSOR, slicesCost } from "./place_slices.ts";
import { type Places, placesOf, requireShape } from "./places.ts";
import type { Spread } from "./weighted_pooling.ts";

const kernels = shader("compare", { grid, compare: source });

/** The comparison as an op. */
export const compareOp: Op<null> = {
  name: "compare",
  outputs: ([target, items]) => {
    const { places, width } = placesOf("compare", items);
    requireShape("compare", "target", target, byPlace(target) ? ["B", places, width] : ["B", width]);
    return [["B", places, 4 * width]];
  },
  emit: (k, { inputs: [target, items], outputs: [y] }) => emitCompare(k, target, items, y),
  backward: ({ inputs: [target, items] }, [dz]) =>
    dz ? [...applyAll(compareBackwardOp, [target, items, dz], null)] : [],
};

const compareBackwardOp: Op<null> = {
  name: "compare_backward",
  outputs: ([target, items]) => [target.shape, items.shape],
  emit: (k, { inputs: [target, items, dz], outputs: [dTarget, dItems] }) =>
    emitCompareGradients(k, { target, items, dz, dTarget, dItems }),
};

/** Appends z = compare(target, items). */
export function emitCompare(k: Emitter, target: Tensor, items: Tensor, y: Tensor): void {
  emitNumbers(k, "compare", { target, items }, { target_row: target, items, y }, items);
}

/** What a comparison's gradients are made of, and where they go. */
export interface CompareGradients {
  readonly target: Tensor;
  readonly items: Tensor;
  /** Gradient by the comparison. */
  readonly dz: Tensor;
  readonly dTarget: Tensor;
  readonly dItems: Tensor;
  /** The gradient that a weighted sum of the items has by them, where it is to be added; then somebody needs both. */
  readonly spread?: Spread;
}

/** Sizes that the choice of a kernel depends on. */
interface GradientsProblem extends Problem, Places {
  readonly batch: number;
}

/** Returns the numbers that are read and written. */
function gradientsSize({ batch, places, width }: GradientsProblem): number {
  return 6 * batch * places * width;
}

/** Both gradients, where there is one target, by a thread for each column or by slices of the history. */
const gradientsKernel: Kernel<CompareGradients, GradientsProblem> = {
  name: "compare_gradients",
  problem: ({ batch }, { items }) => ({ batch, ...placesOf("compare", items) }),
  variants: [
    gpuVariant("columns", gradientsSize, (k, task) => {
      emitNumbers(k, gradientsEntry(task), task, gradientsBind(task), task.target);
    }, 1),
    {
      ...gpuVariant("slices", (sizes) => slicesCost(gradientsSize(sizes)), emitSlices, SLICES_ON_PROCESSOR),
      fits: (_, sizes) => fillsSlices(sizes),
    },
  ],
};

function gradientsEntry({ spread }: CompareGradients): string {
  return spread ? "gradients_and_spread" : "gradients";
}

function gradientsBind({ target, items, dz, dTarget, dItems, spread }: CompareGradients): Record<string, Tensor> {
  return { target_row: target, items, dz, y: dItems, d_target: dTarget, ...spread };
}

function emitSlices(k: Emitter, task: CompareGradients, sizes: GradientsProblem): void {
  const files = { compare_slices: slices };
  emitMerged(k, task.dTarget, { ...placeSlicesOf(sizes), width: sizes.width, rows: k.batch }, (parts) => {
    const bind = gradientsBind({ ...task, dTarget: parts });
    runSlices(k, { name: "compare", files, entry: gradientsEntry(task), bind, rows: k.batch, ...sizes });
  });
}

/** Appends the gradients by target and items that somebody needs, of that by the comparison. */
export function emitCompareGradients(k: Emitter, task: CompareGradients): void {
  const { target, items, dz, dTarget, dItems, spread } = task;
  const both = k.needed(dTarget) && k.needed(dItems) && !byPlace(target);
  if (spread || both) return emitKernel(k, gradientsKernel, task);
  if (k.needed(dTarget)) emitNumbers(k, "target_gradient", task, { items, dz, y: dTarget }, target);
  if (k.needed(dItems)) emitNumbers(k, "item_gradient", task, { target_row: target, dz, y: dItems }, items);
}

/** Appends a kernel with an invocation for each number of `each`. */
function emitNumbers(
  k: Emitter,
  entry: string,
  { target, items }: { readonly target: Tensor; readonly items: Tensor },
  bind: Record<string, Tensor>,
  each: Tensor,
): void {
  const { places, width } = placesOf("compare", items);
  const grid = Math.ceil(sizeOf(each.shape, k.batch) / 64);
  const constants = { BY_PLACE: byPlace(target) };
  k.run({ shader: kernels, entry, bind, constants, params: { batch: k.batch, places, width }, grid });
}

/** Whether each place has a target of its own. */
export function byPlace({ shape }: Tensor): boolean {
  return shape.length === 3;
}

/**
 * Puts a target beside each item of a history: z[b, t, :] = (q, k, q - k, q * k) with q = target[b, :] and
 * k = items[b, t, :].
 *
 * @param target `[B, N]`, or `[B, L, N]` with one for each item
 * @param items `[B, L, N]`
 * @returns `[B, L, 4 N]`
 * @throws {TypeError} when a shape differs
 */
export function compare(target: Tensor, items: Tensor): Tensor {
  return apply(compareOp, [target, items], null);
}
