/**
 * Weighted sums over the places of a history, and dot products with them.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/weighted_pooling.wgsl" with { type: "text" };
import slices from "../../../shaders/sequence/weighted_slices.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { emitMerged, fillsSlices, placeSlicesOf, runSlices, SLICES_ON_PROCESSOR, slicesCost } from "./place_slices.ts";
import { type Places, placesOf, requireLengths, requireShape } from "./places.ts";

const kernels = shader("weighted_pooling", { grid, weighted_pooling: source });

/** y = sum over the places of w x. */
type WeightedSum = Readonly<Record<"x" | "w" | "lengths" | "y", Tensor>>;

/** Sizes that the choice of a kernel depends on. */
interface WeightedProblem extends Problem, Places {
  readonly batch: number;
}

function weightedFlops({ batch, places, width }: WeightedProblem): number {
  return 2 * batch * places * width;
}

/** Weighted sums, by a thread for each column or by slices of the history. */
const weightedPoolKernel: Kernel<WeightedSum, WeightedProblem> = {
  name: "weighted_pool",
  problem: ({ batch }, { x }) => ({ batch, ...placesOf("weighted_pool", x) }),
  variants: [
    gpuVariant("columns", weightedFlops, (k, { x, w, lengths, y }) => {
      emitNumbers(k, "pool", x, { x, w, lengths, y });
    }, 1),
    {
      ...gpuVariant("slices", (sizes) => slicesCost(weightedFlops(sizes)), emitSlices, SLICES_ON_PROCESSOR),
      fits: (_, sizes) => fillsSlices(sizes),
    },
  ],
};

function emitSlices(k: Emitter, { x, w, lengths, y }: WeightedSum, sizes: WeightedProblem): void {
  const call = { name: "weighted_pooling", files: { weighted_slices: slices }, entry: "pool", rows: k.batch, ...sizes };
  emitMerged(k, y, { ...placeSlicesOf(sizes), width: sizes.width, rows: k.batch }, (parts) => {
    runSlices(k, { ...call, bind: { x, w, lengths, y: parts } });
  });
}

const weightedPoolOp: Op<null> = {
  name: "weighted_pool",
  outputs: ([x, w, lengths]) => {
    const { places, width } = placesOf("weighted_pool", x);
    requireShape("weighted_pool", "weights", w, ["B", places]);
    requireLengths("weighted_pool", lengths);
    return [["B", width]];
  },
  emit: (k, { inputs: [x, w, lengths], outputs: [y] }) => emitKernel(k, weightedPoolKernel, { x, w, lengths, y }),
  backward: ({ inputs: [x, w, lengths] }, [dy]) =>
    dy ? [...applyAll(weightedPoolBackwardOp, [x, w, dy, lengths], null)] : [],
};

const weightedPoolBackwardOp: Op<null> = {
  name: "weighted_pool_backward",
  outputs: ([x, w]) => [x.shape, w.shape],
  emit: (k, { inputs: [x, w, dy, lengths], outputs: [dx, dw] }) => {
    if (k.needed(dx)) emitNumbers(k, "spread", x, { w, row: dy, lengths, y: dx });
    if (k.needed(dw)) emitNumbers(k, "dots", x, { x, row: dy, lengths, y: dw });
  },
};

const placeDotsOp: Op<null> = {
  name: "place_dots",
  outputs: ([x, row, lengths]) => {
    const { places, width } = placesOf("place_dots", x);
    requireShape("place_dots", "row", row, ["B", width]);
    requireLengths("place_dots", lengths);
    return [["B", places]];
  },
  emit: (k, { inputs: [x, row, lengths], outputs: [y] }) => emitNumbers(k, "dots", x, { x, row, lengths, y }),
  backward: ({ inputs: [x, row, lengths] }, [dy]) =>
    dy ? [...applyAll(placeDotsBackwardOp, [x, row, dy, lengths], null)] : [],
};

const placeDotsBackwardOp: Op<null> = {
  name: "place_dots_backward",
  outputs: ([x, row]) => [x.shape, row.shape],
  emit: (k, { inputs: [x, row, dy, lengths], outputs: [dx, dRow] }) => {
    if (k.needed(dx)) emitNumbers(k, "spread", x, { w: dy, row, lengths, y: dx });
    if (k.needed(dRow)) emitKernel(k, weightedPoolKernel, { x, w: dy, lengths, y: dRow });
  },
};

/** A gradient w[b, t] row[b, :] at the places of a history that are there. */
export type Spread = Readonly<Record<"w" | "row" | "lengths", Tensor>>;

/** Returns what a gradient by the places is made of, where it is that of a weighted sum or of dot products. */
export function spreadOf(gradient: Tensor): Spread | undefined {
  const { node } = gradient;
  if (!node || gradient !== node.outputs[0]) return undefined;
  const [, second, dy, lengths] = node.inputs;
  if (node.op === weightedPoolBackwardOp) return { w: second, row: dy, lengths };
  if (node.op === placeDotsBackwardOp) return { w: dy, row: second, lengths };
  return undefined;
}

function emitNumbers(k: Emitter, entry: string, history: Tensor, bind: Record<string, Tensor>): void {
  const { places, width } = placesOf("weighted_pool", history);
  const grid = Math.ceil(sizeOf(bind.y.shape, k.batch) / 64);
  k.run({ shader: kernels, entry, bind, params: { batch: k.batch, places, width }, grid });
}

/**
 * Sums the places of a history by weight: y[b, n] = sum over t < lengths[b] of w[b, t] x[b, t, n].
 *
 * @param x `[B, L, N]`
 * @param w weights `[B, L]`; those past the end of a history do not count
 * @param lengths `[B]`, u32
 * @returns `[B, N]`
 * @throws {TypeError} when a shape differs
 */
export function weightedPool(x: Tensor, w: Tensor, lengths: Tensor): Tensor {
  return apply(weightedPoolOp, [x, w, lengths], null);
}

/**
 * Multiplies a row with each place of a history: y[b, t] = sum_n row[b, n] x[b, t, n] for t < lengths[b], 0 past the end.
 *
 * @param x `[B, L, N]`
 * @param row `[B, N]`
 * @param lengths `[B]`, u32
 * @returns `[B, L]`
 * @throws {TypeError} when a shape differs
 */
export function placeDots(x: Tensor, row: Tensor, lengths: Tensor): Tensor {
  return apply(placeDotsOp, [x, row, lengths], null);
}
