/**
 * Filters of histories by their frequencies.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/fourier_filter.wgsl" with { type: "text" };
import { type Constants, shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { groupedPlacesOf, requireShape } from "./places.ts";

const kernels = shader("fourier_filter", { grid, fourier_filter: source });

/** Rows of the batch whose share of the weights' gradients a thread sums up. */
const SLICE = 16;

/** Most places, whose turns have to fit into workgroup memory. */
const MOST_PLACES = 4096;

/** Inputs x, lengths and weights; outputs y and z, which the backward pass reads. */
const filterOp: Op<null> = {
  name: "fourier_filter",
  outputs: ([x, lengths, weights]) => {
    const { groups, places, width } = groupedPlacesOf("fourier_filter", x, lengths);
    requireShape("fourier_filter", "weights", weights, [groups, 2, width]);
    if (places > MOST_PLACES) {
      throw new RangeError(
        `Cannot build fourier_filter: a history must have ${MOST_PLACES} places or fewer, received ${places}`,
      );
    }
    return [x.shape, x.shape];
  },
  emit: (k, { inputs: [x, lengths, weights], outputs: [y, z] }) =>
    emitHistories(k, "forward", { x, lengths, weights, y, z }, { WRITES_TURNED: k.needed(z) }),
  backward: ({ inputs: [x, lengths, weights], outputs: [, z] }, [dy]) =>
    dy
      ? [
        apply(inputGradientOp, [dy, lengths, weights], null),
        undefined,
        apply(weightGradientOp, [x, lengths, weights, z, dy], null),
      ]
      : [],
};

const inputGradientOp: Op<null> = {
  name: "fourier_filter_input_gradient",
  outputs: ([dy]) => [dy.shape],
  emit: (k, { inputs: [dy, lengths, weights], outputs: [dx] }) =>
    emitHistories(k, "gradient", { x: dy, lengths, weights, y: dx }),
};

const weightGradientOp: Op<null> = {
  name: "fourier_filter_weight_gradient",
  outputs: ([, , weights]) => [weights.shape],
  emit: (k, { inputs: [x, lengths, weights, z, dy], outputs: [dWeights] }) => {
    const { groups: lists, places, width } = groupedPlacesOf("fourier_filter", x, lengths);
    const slices = Math.ceil(k.batch / SLICE);
    const sums = k.scratch([slices, ...weights.shape]);
    const numbers = sizeOf(weights.shape, k.batch);
    const shared = { shader: kernels, params: { batch: k.batch, lists, width, slice: SLICE, slices } };
    k.run({
      ...shared,
      entry: "partial",
      bind: { x, lengths, turned: z, dy, y: sums },
      constants: { PLACES: places },
      grid: Math.ceil(slices * numbers / 2 / 64),
    });
    k.run({ ...shared, entry: "merge", bind: { x: sums, y: dWeights }, grid: Math.ceil(numbers / 64) });
  },
};

/** Appends a kernel with a workgroup for each history. */
function emitHistories(
  k: Emitter,
  entry: "forward" | "gradient",
  bind: Readonly<Record<"x" | "lengths" | "weights" | "y", Tensor>> & { readonly z?: Tensor },
  constants: Constants = {},
): void {
  const { groups: lists, places, width } = groupedPlacesOf("fourier_filter", bind.x, bind.lengths);
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: { ...constants, PLACES: places },
    params: { batch: k.batch, lists, width, slice: SLICE, slices: 1 },
    grid: k.batch * lists,
    flops: 2 * k.batch * lists * places * places * width,
  });
}

/**
 * Multiplies each frequency of a history's columns by a complex number: y = the inverse transform of w_n times the transform
 * of x over the places that are there, w_n = a_n + i b_n for all frequencies of column n.
 *
 * No transform is computed: y = a x + b z, and z is x with each of its waves a quarter of its length on.
 *
 * @param x `[B, L, N]`, or `[B, G K, N]` of G histories in each row
 * @param lengths `[B]`, or `[B, G]`; u32
 * @param weights a and b of each history of a row, `[G, 2, N]`
 * @returns the shape of `x`; 0 past the end of a history
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when a history has more than 4096 places
 */
export function fourierFilter(x: Tensor, lengths: Tensor, weights: Tensor): Tensor {
  return apply(filterOp, [x, lengths, weights], null);
}
