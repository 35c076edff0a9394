/**
 * Pooling of histories.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import divisorLength from "../../../shaders/sequence/divisor_length.wgsl" with { type: "text" };
import divisorWeights from "../../../shaders/sequence/divisor_weights.wgsl" with { type: "text" };
import placesSource from "../../../shaders/sequence/places.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/pooling.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { groupedPlacesOf, requireShape } from "./places.ts";

const byLength = shader("pooling", { grid, places: placesSource, divisor_length: divisorLength, pooling: source });
const byWeights = shader("pooling", { grid, places: placesSource, divisor_weights: divisorWeights, pooling: source });

/** How the places of a history become one. */
export type Pooling = "sum" | "mean" | "max";

const MODES: readonly Pooling[] = ["sum", "mean", "max"];

interface PoolingAttributes {
  readonly mode: Pooling;
  readonly targets: number;
}

const poolOp: Op<PoolingAttributes> = {
  name: "pool_history",
  outputs: ([x, lengths, weights], { mode }) => {
    const { groups, places, width } = groupedPlacesOf("pool_history", x, lengths);
    if (weights) requireShape("pool_history", "weights", weights, [groups * places, "B"]);
    if (!MODES.includes(mode)) {
      throw new RangeError(`Cannot build pool_history: pooling must be sum, mean or max, received "${mode}"`);
    }
    return [lengths.shape.length === 1 ? ["B", width] : ["B", groups, width]];
  },
  emit: (k, { inputs: [x, lengths, weights], outputs: [y], attributes }) =>
    emitColumns(k, "pool", attributes, x, { x, lengths, weights, y }),
  backward: ({ inputs: [x, lengths, weights], attributes }, [dy]) => [
    dy && apply(poolBackwardOp, [x, dy, lengths, ...(weights ? [weights] : [])], attributes),
  ],
};

const poolBackwardOp: Op<PoolingAttributes> = {
  name: "pool_history_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, dy, lengths, weights], outputs: [dx], attributes }) =>
    attributes.mode === "max"
      ? emitColumns(k, "max_gradient", attributes, x, { x, dy, lengths, y: dx })
      : emitColumns(k, "gradient", attributes, x, { dy, lengths, weights, y: dx }),
};

function emitColumns(
  k: Emitter,
  entry: string,
  { mode, targets }: PoolingAttributes,
  history: Tensor,
  bind: { readonly lengths: Tensor } & Readonly<Record<string, Tensor | undefined>>,
): void {
  const { groups, places, width } = groupedPlacesOf("pool_history", history, bind.lengths);
  const weighs = mode === "mean" && bind.weights !== undefined;
  k.run({
    shader: weighs ? byWeights : byLength,
    entry,
    bind: { ...bind, weights: weighs ? bind.weights : undefined },
    constants: { MODE: MODES.indexOf(mode), TARGETS: targets },
    params: { batch: k.batch * groups, places, width },
    grid: Math.ceil(k.batch * groups * width / 64),
  });
}

/**
 * Pools the places of a history: y[b, n] = sum, mean or max over t < lengths[b] of x[b, t, n], 0 where it is empty.
 *
 * @param x `[B, L, N]`
 * @param lengths `[B]`, u32, or `[B, G]` for G histories of L / G places in each row, which are pooled one by one
 * @param weights `[L, B]` of one history a row, whose factors `x` holds already; the mean divides by their sum
 * @param targets places at the end that are always there
 * @returns `[B, N]`, or `[B, G, N]`
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there is no such pooling
 */
export function poolHistory(x: Tensor, lengths: Tensor, mode: Pooling, weights?: Tensor, targets = 0): Tensor {
  return apply(poolOp, weights ? [x, lengths, weights] : [x, lengths], { mode, targets });
}
