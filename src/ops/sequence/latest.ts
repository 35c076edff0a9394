/**
 * The latest places of histories, and what counts as their length.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/latest.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { placesOf, requireLengths } from "./places.ts";

const kernels = shader("latest", { grid, latest: source });

const latestOp: Op<number> = {
  name: "latest_places",
  outputs: ([x, lengths], count) => {
    const { places, width } = placesOf("latest_places", x);
    requireLengths("latest_places", lengths);
    if (!(Number.isInteger(count) && count > 0 && count <= places)) {
      throw new RangeError(`Cannot take the latest places: there are 1 to ${places}, received ${count}`);
    }
    return [["B", count, width]];
  },
  emit: (k, { inputs: [x, lengths], outputs: [y], attributes: count }) => {
    const { places, width } = placesOf("latest_places", x);
    const params = { batch: k.batch, places, width, count };
    const grid = Math.ceil(sizeOf(y.shape, k.batch) / 64);
    k.run({ shader: kernels, entry: "take", bind: { x, lengths, y }, params, grid });
  },
  backward: ({ inputs: [x, lengths] }, [dy]) => [dy && apply(latestBackwardOp, [x, lengths, dy], null)],
};

const latestBackwardOp: Op<null> = {
  name: "latest_places_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [, lengths, dy], outputs: [dx] }) => {
    const { places, width } = placesOf("latest_places", dx);
    const params = { batch: k.batch, places, width, count: Number(dy.shape[1]) };
    const grid = Math.ceil(sizeOf(dx.shape, k.batch) / 64);
    k.run({ shader: kernels, entry: "gradient", bind: { x: dy, lengths, y: dx }, params, grid });
  },
};

const atLeastOp: Op<number> = {
  name: "at_least",
  outputs: ([lengths]) => {
    requireLengths("at_least", lengths);
    return [{ shape: ["B"], dtype: "u32" }];
  },
  emit: (k, { inputs: [lengths], outputs: [counts], attributes: count }) => {
    const params = { batch: k.batch, places: 0, width: 0, count };
    k.run({ shader: kernels, entry: "at_least", bind: { lengths, counts }, params, grid: Math.ceil(k.batch / 64) });
  },
};

/**
 * Takes the latest places of a history, the oldest of them first: y[b, i, :] = x[b, lengths[b] - count + i, :], and 0
 * where the history has fewer.
 *
 * @param x `[B, L, N]`
 * @param lengths `[B]`, u32
 * @returns `[B, count, N]`
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there are not so many places
 */
export function latestPlaces(x: Tensor, lengths: Tensor, count: number): Tensor {
  return apply(latestOp, [x, lengths], count);
}

/**
 * Lets empty histories count as ones of `count` places, which read zeros.
 *
 * @param lengths `[B]`, u32
 * @returns `[B]`, u32
 * @throws {TypeError} when a shape differs
 */
export function atLeast(lengths: Tensor, count: number): Tensor {
  return apply(atLeastOp, [lengths], count);
}
