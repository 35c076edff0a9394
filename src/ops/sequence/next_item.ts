/**
 * A loss at each place of a history: the state before an item tells it from one not clicked.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/next_item.wgsl" with { type: "text" };
import { type Constants, shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { withTerm } from "../train/term.ts";
import { placesOf, requireLengths, requireShape } from "./places.ts";

const kernels = shader("next_item", { grid, next_item: source });

interface PairSizes {
  readonly places: number;
  /** Numbers H of a state. */
  readonly units: number;
  /** Numbers N of an item. */
  readonly width: number;
}

function pairSizesOf(states: Tensor, items: Tensor): PairSizes {
  return { ...placesOf("next_item_pairs", items), units: placesOf("next_item_pairs", states).width };
}

const pairsOp: Op<null> = {
  name: "next_item_pairs",
  outputs: ([states, items, negatives]) => {
    const { places, units, width } = pairSizesOf(states, items);
    requireShape("next_item_pairs", "states", states, ["B", places, units]);
    requireShape("next_item_pairs", "negatives", negatives, ["B", places, width]);
    return [["B", 2 * places, units + width]];
  },
  emit: (k, { inputs: [states, items, negatives], outputs: [y] }) =>
    emitNumbers(k, "pairs", { states, items, negatives, y }, pairSizesOf(states, items)),
  backward: ({ inputs: [states, items, negatives] }, [dz]) =>
    dz ? [...applyAll(pairsBackwardOp, [states, items, negatives, dz], null)] : [],
};

const pairsBackwardOp: Op<null> = {
  name: "next_item_pairs_backward",
  outputs: ([states, items, negatives]) => [states.shape, items.shape, negatives.shape],
  emit: (k, { inputs: [states, items, , dz], outputs: [dStates, dItems, dNegatives] }) => {
    const sizes = pairSizesOf(states, items);
    if (k.needed(dStates)) emitNumbers(k, "state_gradient", { dz, y: dStates }, sizes);
    if (k.needed(dItems)) emitNumbers(k, "item_gradient", { dz, y: dItems }, sizes, { PART: 0 });
    if (k.needed(dNegatives)) emitNumbers(k, "item_gradient", { dz, y: dNegatives }, sizes, { PART: 1 });
  },
};

/** The loss of scores times the attribute, with its gradient. */
const lossOp: Op<number> = {
  name: "next_item_loss",
  outputs: ([scores, lengths]) => {
    const { places } = placesOf("next_item_loss", scores);
    requireShape("next_item_loss", "scores", scores, ["B", places + places % 2, 1]);
    requireLengths("next_item_loss", lengths);
    return [[1], scores.shape];
  },
  emit: (k, { inputs: [scores, lengths], outputs: [term, y], attributes: weight }) => {
    const sizes = { places: Number(scores.shape[1]) / 2, units: 0, width: 0 };
    const parts = Math.ceil(sizeOf(y.shape, k.batch) / 64);
    const [counted, partial] = [k.scratch([1], "u32"), k.scratch([parts])];
    const params = { batch: k.batch, ...sizes, parts, weight };
    k.run({ shader: kernels, entry: "count", bind: { lengths, terms: counted }, params, grid: 1 });
    emitNumbers(k, "score_gradient", { scores, lengths, counted, y, partial }, { ...sizes, parts, weight });
    k.run({ shader: kernels, entry: "finish", bind: { counted, partial, term }, params, grid: 1 });
  },
};

/** Appends a kernel with an invocation for each number of y. */
function emitNumbers(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  sizes: PairSizes & { readonly parts?: number; readonly weight?: number },
  constants?: Constants,
): void {
  const grid = Math.ceil(sizeOf(bind.y.shape, k.batch) / 64);
  k.run({ shader: kernels, entry, bind, constants, params: { batch: k.batch, parts: 0, weight: 0, ...sizes }, grid });
}

/**
 * Puts the state before each item beside the item, and beside one not clicked:
 *
 *     z[b, 2 t, :] = (states[b, t - 1, :], items[b, t, :]),  z[b, 2 t + 1, :] = (states[b, t - 1, :], negatives[b, t, :])
 *
 * @param states `[B, L, H]`; before place 0 there are zeros
 * @param items `[B, L, N]`
 * @param negatives `[B, L, N]`
 * @returns `[B, 2 L, H + N]`
 * @throws {TypeError} when a shape differs
 */
export function nextItemPairs(states: Tensor, items: Tensor, negatives: Tensor): Tensor {
  return apply(pairsOp, [states, items, negatives], null);
}

/**
 * Passes logits on and adds a term to what training minimizes and reports, the mean over all valid places t > 0 of the
 * batch:
 *
 *     weight mean ( -ln sigmoid(scores[b, 2 t]) - ln(1 - sigmoid(scores[b, 2 t + 1])) )
 *
 * Predictions know nothing of it.
 *
 * @param y what the model goes on with
 * @param scores `[B, 2 L, 1]`, of an item and one not clicked at each place
 * @param lengths `[B]`, u32
 * @param weight factor of the mean
 * @returns y
 * @throws {TypeError} when a shape differs
 */
export function nextItemLoss(y: Tensor, scores: Tensor, lengths: Tensor, weight: number): Tensor {
  if (y.graph.mode === "predict") return y;
  const [term, dScores] = applyAll(lossOp, [scores, lengths], weight);
  return withTerm(y, term, [[scores, dScores]]);
}
