/**
 * Places of histories: which are there, and what is taken of them.
 *
 * @module
 */
import type { Shape } from "../../graph/tensor.ts";
import type { OnnxGraph, Value } from "./graph.ts";

/** Score of a place that is not there: below any other, and finite so that no difference is undefined. */
const ABSENT = -1e30;

/** A history whose groups lie one behind the other as those of so many more rows do. */
export interface Grouped {
  /** Numbers, `[R, L, N]` with a row R for each group. */
  readonly x: Value;
  /** Places of each, `[R]`. */
  readonly lengths: Value;
  /** Places L of a group. */
  readonly places: number;
  /** Columns N. */
  readonly width: number;
}

/** Gives each group of a row, whose lengths are `[B]` or `[B, G]`, a row of its own. */
export function byGroup(g: OnnxGraph, x: Value, lengths: Value, [shape, counts]: readonly Shape[]): Grouped {
  const groups = Number(counts[1] ?? 1);
  const [places, width] = [Number(shape[1]) / groups, Number(shape[2])];
  if (groups === 1) return { x, lengths: g.reshape(lengths, ["B"]), places, width };
  return { x: g.reshape(x, ["B", places, width]), lengths: g.reshape(lengths, ["B"]), places, width };
}

/** The numbers 0, 1, ... of places. */
export function numbersOf(g: OnnxGraph, places: number): Value {
  return g.ints(Array.from({ length: places }, (_, t) => t));
}

/** Tells which places are there, `[B, L]`: those before the end of a history, and targets at the end. */
export function present(g: OnnxGraph, lengths: Value, places: number, targets = 0): Value {
  const isBefore = g.op("Less", [numbersOf(g, places), g.unsqueeze(lengths, 1)]);
  if (targets === 0) return isBefore;
  const isTarget = g.op("GreaterOrEqual", [numbersOf(g, places), g.int(places - targets)]);
  return g.op("Or", [isBefore, isTarget]);
}

/** Turns scores into weights that sum to 1 over what is allowed in the last dimension, or are 0 where nothing is. */
export function maskedSoftmax(g: OnnxGraph, scores: Value, allowed: Value): Value {
  const weights = g.op("Softmax", [g.where(allowed, scores, ABSENT)], { axis: -1 });
  return g.where(allowed, weights, 0);
}

/** Takes rows x[b, places[b, i], :], or zeros where there is none: `[B, L, N]` by `[B, K]` gives `[B, K, N]`. */
export function takeRows(
  g: OnnxGraph,
  x: Value,
  { numbers, exists, places }: { readonly numbers: Value; readonly exists: Value; readonly places: number },
): Value {
  const within = g.op("Max", [g.op("Min", [numbers, g.int(places - 1)]), g.int(0)]);
  const [rows] = g.ops("GatherND", [x, g.unsqueeze(within, 2)], 1, { attributes: { batch_dims: 1 } });
  return g.where(g.unsqueeze(exists, 2), rows, 0);
}

/** Places that were chosen. */
export interface Chosen {
  /** Numbers, ascending, `[.., K]`; past those that there are, any. */
  readonly numbers: Value;
  /** How many there are, `[..]`. */
  readonly counts: Value;
}

/**
 * Chooses the places of the largest scores, the newer one among equals.
 *
 * @param scores `[.., L]`; those of places that cannot be chosen must be below all others
 * @param available how many places can be chosen, `[..]`
 */
export function choose(
  g: OnnxGraph,
  scores: Value,
  available: Value,
  { places, top }: { readonly places: number; readonly top: number },
): Chosen {
  const most = Math.min(top, places);
  const counts = g.op("Min", [available, g.int(most)]);
  // The first among equals is taken, so the newest place has to come first.
  const last = places - 1;
  const turned = g.op("Gather", [scores, g.ints(Array.from({ length: places }, (_, t) => last - t))], { axis: -1 });
  const [, order] = g.ops("TopK", [turned, g.ints([most])], 2, { attributes: { axis: -1 } });
  const isChosen = g.op("Less", [numbersOf(g, most), g.unsqueeze(counts, -1)]);
  const numbers = g.where(isChosen, g.op("Sub", [g.int(last), order]), g.int(places));
  const [ascending] = g.ops("TopK", [numbers, g.ints([most])], 2, { attributes: { axis: -1, largest: 0 } });
  return { numbers: ascending, counts };
}

/** Chooses the newest places where a condition `[.., L]` holds. */
export function chooseNewest(g: OnnxGraph, condition: Value, places: number, top: number): Chosen {
  const scores = g.where(condition, numbersOf(g, places), g.int(-1));
  const available = g.sum(g.cast(condition, "int64"), [-1]);
  return choose(g, scores, available, { places, top });
}
