/**
 * Recurrent layers, place by place: no operator of ONNX takes inputs that are products already, or attention weights.
 *
 * @module
 */
import type { OnnxGraph, Value } from "../graph.ts";
import { present } from "../places.ts";
import { type Call, sizeAt, translation, type Translations } from "../translation.ts";

/** Computes (1 - share) from + share to. */
function blend(g: OnnxGraph, from: Value, to: Value, share: Value): Value {
  return g.op("Add", [from, g.op("Mul", [share, g.op("Sub", [to, from])])]);
}

const complement = (g: OnnxGraph, x: Value): Value => g.op("Sub", [g.floats([1], []), x]);

/** What a walk over places reads. */
interface Walk {
  /** Products of the inputs, `[B, L, N]`. */
  readonly x: Value;
  readonly lengths: Value;
  readonly places: number;
  /** States H. */
  readonly units: number;
  readonly reverse: boolean;
}

/**
 * Walks over the places of a history from states of zeros: `step` makes new states of old ones and a place's inputs.
 *
 * @returns the first of the states after each place, and after the last one
 */
function walk(
  g: OnnxGraph,
  { x, lengths, places, units, reverse }: Walk,
  count: number,
  step: (states: readonly Value[], own: Value, place: number) => readonly Value[],
): { states: Value; last: Value } {
  const exists = present(g, lengths, places);
  // An empty sum over inputs has the size of the batch.
  const none = g.op("Mul", [g.slice(g.squeeze(g.slice(x, 1, 0, 1), 1), 1, 0, units), 0]);
  const after: Value[] = [];
  let states: readonly Value[] = Array(count).fill(none);
  for (let i = 0; i < places; i++) {
    const t = reverse ? places - 1 - i : i;
    const isThere = g.slice(exists, 1, t, t + 1);
    const moved = step(states, g.squeeze(g.slice(x, 1, t, t + 1), 1), t);
    states = moved.map((state, k) => g.where(isThere, state, states[k]));
    after[t] = g.unsqueeze(g.where(isThere, states[0], 0), 1);
  }
  return { states: g.concat(after, 1), last: states[0] };
}

/** Cuts columns into gates of `units` each. */
function gatesOf(g: OnnxGraph, x: Value, units: number, count: number): Value[] {
  return Array.from({ length: count }, (_, i) => g.slice(x, -1, i * units, (i + 1) * units));
}

function gru(
  g: OnnxGraph,
  [x, u, c, lengths, a]: readonly Value[],
  { attributes: kind, shapes: [shape], outputs: [states] }: Call<"gru" | "augru" | "agru">,
): Value[] {
  const [units, gates] = [sizeAt(states, 2), kind === "agru" ? 2 : 3];
  const sizes = { x, lengths, places: sizeAt(shape, 1), units, reverse: false };
  const walked = walk(g, sizes, 1, ([h], own, t) => {
    const inputs = gatesOf(g, own, units, gates);
    const sums = gatesOf(g, g.op("Add", [g.op("MatMul", [h, u]), c]), units, gates);
    const gate = (i: number) => g.op("Sigmoid", [g.op("Add", [inputs[i], sums[i]])]);
    const reset = g.op("Mul", [gate(0), sums[gates - 1]]);
    const candidate = g.op("Tanh", [g.op("Add", [inputs[gates - 1], reset])]);
    const attention = a === undefined ? undefined : g.slice(a, 1, t, t + 1);
    if (attention === undefined) return [blend(g, h, candidate, complement(g, gate(1)))];
    return [blend(g, h, candidate, kind === "agru" ? attention : g.op("Mul", [attention, gate(1)]))];
  });
  return [walked.states, walked.last];
}

function lstm(
  g: OnnxGraph,
  [x, u, lengths]: readonly Value[],
  { attributes: { reverse = false }, shapes: [shape], outputs: [states] }: Call<{ reverse?: boolean }>,
): Value[] {
  const units = sizeAt(states, 2);
  const sizes = { x, lengths, places: sizeAt(shape, 1), units, reverse };
  const walked = walk(g, sizes, 2, ([h, cell], own) => {
    const sums = gatesOf(g, g.op("Add", [own, g.op("MatMul", [h, u])]), units, 4);
    const [input, forget, , output] = sums.map((sum) => g.op("Sigmoid", [sum]));
    const candidate = g.op("Mul", [input, g.op("Tanh", [sums[2]])]);
    const next = g.op("Add", [g.op("Mul", [forget, cell]), candidate]);
    return [g.op("Mul", [output, g.op("Tanh", [next])]), next];
  });
  return [walked.states];
}

function gruCell(g: OnnxGraph, [a, c, h]: readonly Value[], { shapes: [, , shape] }: Call<unknown>): Value {
  const units = sizeAt(shape, -1);
  const [inputs, sums] = [a, c].map((value) => gatesOf(g, value, units, 3));
  const [reset, update] = [0, 1].map((i) => g.op("Sigmoid", [g.op("Add", [inputs[i], sums[i]])]));
  const candidate = g.op("Tanh", [g.op("Add", [inputs[2], g.op("Mul", [reset, sums[2]])])]);
  return blend(g, candidate, h, update);
}

/** Translations of recurrent layers. */
export const recurrent: Translations = {
  gru: translation(gru),
  lstm: translation(lstm),
  gru_cell: gruCell,
};
