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

const takeOp: Op<null> = {
  name: "take_places",
  outputs: ([x, places, counts]) => {
    const { width } = placesOf("take_places", x);
    requireShape("take_places", "places", places, ["B", places.shape[1]]);
    requireLengths("take_places", counts);
    return [["B", places.shape[1], width]];
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
  bind: Readonly<Record<string, Tensor>>,
): void {
  const { places, width } = placesOf("take_places", history);
  const { part, count, width: lane } = lanesOf(width);
  const written = k.batch * Number(bind.y.shape[1]) * count;
  k.run({
    shader: shader("take_places", { grid, ...part, take_places: source }),
    entry,
    bind,
    params: { batch: k.batch, places, top: Number(bind.places.shape[1]), row: width / lane },
    grid: Math.ceil(written / 64),
  });
}

/**
 * Takes places of a history: y[b, i, :] = x[b, places[b, i], :] for i < counts[b], else 0.
 *
 * @param x `[B, L, N]`
 * @param chosen places, which ascend in each row
 * @returns `[B, K, N]`
 * @throws {TypeError} when a shape differs
 */
export function takePlaces(x: Tensor, { places, counts }: ChosenPlaces): Tensor {
  return apply(takeOp, [x, places, counts], null);
}
