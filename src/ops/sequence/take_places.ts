/**
 * Places of a history by their numbers.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/take_places.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { placesOf, requireLengths, requireShape } from "./places.ts";
import type { ChosenPlaces } from "./top_places.ts";

/** Returns the choices of a row. */
function listsOf({ shape }: Tensor): number {
  return Number(shape[1] ?? 1);
}

const takeOp: Op<null> = {
  name: "take_places",
  outputs: ([x, places, counts]) => {
    const { width } = placesOf("take_places", x);
    const lists = counts.shape.slice(1);
    const top = Number(places.shape.at(-1));
    requireShape("take_places", "places", places, ["B", ...lists, top]);
    if (lists.length !== 1) requireLengths("take_places", counts);
    return [["B", listsOf(counts) * top, width]];
  },
  emit: (k, { inputs: [x, places, counts], outputs: [y] }) => emitLanes(k, "take", x, { x, places, counts, y }),
  backward: ({ inputs: [x, places, counts] }, [dy]) => [
    dy && apply(takeBackwardOp, [dy, places, counts], placesOf("take_places", x).places),
  ],
};

/** Puts the gradients of the places that were taken where they were, among so many. */
const takeBackwardOp: Op<number> = {
  name: "take_places_backward",
  outputs: ([dy], places) => [["B", places, dy.shape[2]]],
  emit: (k, { inputs: [dy, places, counts], outputs: [dx] }) =>
    emitLanes(k, "gradient", dx, { x: dy, places, counts, y: dx }),
};

function emitLanes(
  k: Emitter,
  entry: "take" | "gradient",
  history: Tensor,
  bind: Readonly<Record<"x" | "places" | "counts" | "y", Tensor>>,
): void {
  const { places, width } = placesOf("take_places", history);
  const { part, count, width: lane } = lanesOf(width);
  const written = k.batch * Number(bind.y.shape[1]) * count;
  const params = { batch: k.batch, places, top: Number(bind.places.shape.at(-1)), row: width / lane };
  k.run({
    shader: shader("take_places", { grid, ...part, take_places: source }),
    entry,
    bind,
    constants: { LISTS: listsOf(bind.counts) },
    params,
    grid: Math.ceil(written / 64),
  });
}

/**
 * Takes places of a history: y[b, i, :] = x[b, places[b, i], :] for i < counts[b], else 0. Several choices give as many
 * histories of a row, one behind the other.
 *
 * @param x `[B, L, N]`
 * @param chosen places, which ascend in each choice
 * @returns `[B, K, N]`, or `[B, G K, N]` for G choices, whose lengths are `chosen.counts`
 * @throws {TypeError} when a shape differs
 */
export function takePlaces(x: Tensor, { places, counts }: ChosenPlaces): Tensor {
  return apply(takeOp, [x, places, counts], null);
}
