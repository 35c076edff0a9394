/**
 * The latest places of histories, and what counts as their length.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/latest.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { placesOf, requireLengths } from "./places.ts";

const kernels = shader("latest", { grid, latest: source });

/** What {@linkcode latestPlaces} takes. */
interface Latest extends LatestOptions {
  readonly count: number;
}

const latestOp: Op<Latest> = {
  name: "latest_places",
  outputs: ([x, lengths], { count }) => {
    const { places, width } = placesOf("latest_places", x);
    requireLengths("latest_places", lengths);
    if (!(Number.isInteger(count) && count > 0 && count <= places)) {
      throw new RangeError(`Cannot take the latest places: there are 1 to ${places}, received ${count}`);
    }
    return [["B", count, width]];
  },
  emit: (k, { inputs: [x, lengths], outputs: [y], attributes: { count, aligned = false } }) => {
    const { places, width } = placesOf("latest_places", x);
    const params = { batch: k.batch, places, width, count };
    const grid = Math.ceil(sizeOf(y.shape, k.batch) / 64);
    const constants = { ALIGNED: aligned };
    k.run({ shader: kernels, entry: "take", bind: { x, lengths, y }, constants, params, grid });
  },
  backward: ({ inputs: [x, lengths], attributes }, [dy]) => [
    dy && apply(latestBackwardOp, [x, lengths, dy], attributes),
  ],
};

const latestBackwardOp: Op<Latest> = {
  name: "latest_places_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [, lengths, dy], outputs: [dx], attributes: { count, aligned = false } }) => {
    const { places, width } = placesOf("latest_places", dx);
    const params = { batch: k.batch, places, width, count };
    const grid = Math.ceil(sizeOf(dx.shape, k.batch) / 64);
    const constants = { ALIGNED: aligned };
    k.run({ shader: kernels, entry: "gradient", bind: { x: dy, lengths, y: dx }, constants, params, grid });
  },
};

/** What becomes of the lengths of histories. */
interface Bound {
  readonly kind: "at_least" | "at_most" | "all_places";
  readonly count: number;
}

const boundOp: Op<Bound> = {
  name: "bound_lengths",
  outputs: ([lengths], { kind }) => {
    requireLengths(kind, lengths);
    return [{ shape: ["B"], dtype: "u32" }];
  },
  emit: (k, { inputs: [lengths], outputs: [counts], attributes: { kind, count } }) => {
    const params = { batch: k.batch, places: 0, width: 0, count };
    const bind = kind === "all_places" ? { counts } : { lengths, counts };
    k.run({ shader: kernels, entry: kind, bind, params, grid: Math.ceil(k.batch / 64) });
  },
};

/** Places of a piece, and most pieces of a row. */
interface PieceSizes {
  readonly size: number;
  readonly most: number;
}

const piecesOp: Op<PieceSizes> = {
  name: "piece_lengths",
  outputs: ([lengths], { most }) => {
    requireLengths("piece_lengths", lengths);
    return [{ shape: ["B"], dtype: "u32" }, { shape: ["B", most], dtype: "u32" }];
  },
  emit: (k, { inputs: [lengths], outputs: [pieces, counts], attributes: { size, most } }) => {
    const params = { batch: k.batch, places: most, width: 0, count: size };
    k.run({
      shader: kernels,
      entry: "pieces",
      bind: { lengths, held: pieces, counts },
      params,
      grid: Math.ceil(k.batch * most / 64),
    });
  },
};

/** Options of {@linkcode latestPlaces}. */
export interface LatestOptions {
  /** Whether a history of fewer places starts at the first one of the result; else it ends at the last. @default {false} */
  readonly aligned?: boolean;
}

/**
 * Takes the latest places of a history, the oldest of them first: y[b, i, :] = x[b, lengths[b] - count + i, :], and 0
 * where the history has fewer. With `aligned`, a history of fewer places stays as it is: the result is one of at most `count`
 * places, whose lengths {@linkcode atMost} gives.
 *
 * @param x `[B, L, N]`
 * @param lengths `[B]`, u32
 * @returns `[B, count, N]`
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there are not so many places
 */
export function latestPlaces(x: Tensor, lengths: Tensor, count: number, options: LatestOptions = {}): Tensor {
  return apply(latestOp, [x, lengths], { count, ...options });
}

/**
 * Lets empty histories count as ones of `count` places, which read zeros.
 *
 * @param lengths `[B]`, u32
 * @returns `[B]`, u32
 * @throws {TypeError} when a shape differs
 */
export function atLeast(lengths: Tensor, count: number): Tensor {
  return apply(boundOp, [lengths], { kind: "at_least", count });
}

/**
 * Bounds lengths: min(lengths[b], count).
 *
 * @param lengths `[B]`, u32
 * @returns `[B]`, u32
 * @throws {TypeError} when a shape differs
 */
export function atMost(lengths: Tensor, count: number): Tensor {
  return apply(boundOp, [lengths], { kind: "at_most", count });
}

/**
 * Lets all rows have histories of `count` places.
 *
 * @param lengths `[B]`, u32, not read
 * @returns `[B]`, u32
 * @throws {TypeError} when a shape differs
 */
export function allPlaces(lengths: Tensor, count: number): Tensor {
  return apply(boundOp, [lengths], { kind: "all_places", count });
}

/** Histories cut into pieces of some places each, the first of which begin with the oldest places. */
export interface PieceLengths {
  /** Pieces that hold a place, `[B]`, u32. */
  readonly pieces: Tensor;
  /** Places of each piece, `[B, G]`, u32: as many as it can hold, fewer in the last, and 0 behind it. */
  readonly lengths: Tensor;
}

/**
 * Cuts histories into pieces of `size` places.
 *
 * @param lengths `[B]`, u32
 * @param most most pieces G of a row
 * @throws {TypeError} when a shape differs
 */
export function pieceLengths(lengths: Tensor, size: number, most: number): PieceLengths {
  const [pieces, each] = applyAll(piecesOp, [lengths], { size, most });
  return { pieces, lengths: each };
}
