/**
 * A target beside each item of a history.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/compare.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { placesOf, requireShape } from "./places.ts";
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

/** Appends the gradients by target and items that somebody needs, of that by the comparison. */
export function emitCompareGradients(
  k: Emitter,
  { target, items, dz, dTarget, dItems, spread }: CompareGradients,
): void {
  const both = { target, items };
  const all = { target_row: target, items, dz, y: dItems, d_target: dTarget };
  if (spread) return emitNumbers(k, "gradients_and_spread", both, { ...all, ...spread }, target);
  if (k.needed(dTarget) && k.needed(dItems) && !byPlace(target)) return emitNumbers(k, "gradients", both, all, target);
  if (k.needed(dTarget)) emitNumbers(k, "target_gradient", both, { items, dz, y: dTarget }, target);
  if (k.needed(dItems)) emitNumbers(k, "item_gradient", both, { target_row: target, dz, y: dItems }, items);
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
