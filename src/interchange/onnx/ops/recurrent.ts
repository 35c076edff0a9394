/**
 * Recurrent layers as scans over places: those of ONNX take neither inputs that are products already, nor attention.
 *
 * @module
 */
import type { Shape } from "../../../graph/tensor.ts";
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
  /** Sizes of x. */
  readonly shape: Shape;
  readonly lengths: Value;
  /** States H. */
  readonly units: number;
  readonly reverse?: boolean;
  /** Weights `[B, L]`, of which each step gets those of its place. */
  readonly weights?: Value;
}

/** Makes new states of old ones, a place's inputs `[B, N]` and, where there are any, its weight `[B, 1]`. */
type Step = (states: readonly Value[], own: Value, weight: Value | undefined) => readonly Value[];

/**
 * Walks over the places of a history from `count` states of zeros.
 *
 * @returns the first of the states after each place, and after the last one
 */
function walk(g: OnnxGraph, sizes: Walk, count: number, step: Step): { states: Value; last: Value } {
  const { x, shape, lengths, units, reverse, weights } = sizes;
  const state = { element: "float", shape: ["batch", units] } as const;
  const own = { element: "float", shape: ["batch", sizeAt(shape, 2)] } as const;
  const weight = { element: "float", shape: ["batch"] } as const;
  const exists = { element: "bool", shape: ["batch"] } as const;
  const scanned = [x, present(g, lengths, sizeAt(shape, 1)), ...(weights ? [weights] : [])];
  const ports = [...Array<typeof state>(count).fill(state), own, exists, ...(weights ? [weight] : [])];
  const body = g.body(ports, (values) => {
    const states = values.slice(0, count);
    const [own, exists, weight] = values.slice(count);
    const isThere = g.unsqueeze(exists, 1);
    const moved = step(states, own, weight && g.unsqueeze(weight, 1));
    const kept = moved.map((value, k) => g.where(isThere, value, states[k]));
    return [...kept, g.where(isThere, moved[0], 0)].map((name) => ({ ...state, name }));
  });
  // Zeros of the size of the batch.
  const none = g.op("Mul", [g.slice(g.squeeze(g.slice(x, 1, 0, 1), 1), 1, 0, units), 0]);
  const directions = (length: number) => Array<number>(length).fill(Number(reverse ?? false));
  const outputs = g.ops("Scan", [...Array<Value>(count).fill(none), ...scanned], count + 1, {
    attributes: {
      body,
      num_scan_inputs: scanned.length,
      scan_input_axes: scanned.map(() => 1),
      scan_input_directions: directions(scanned.length),
      scan_output_axes: [1],
      scan_output_directions: directions(1),
    },
  });
  return { states: outputs[count], last: outputs[0] };
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
  const walked = walk(g, { x, shape, lengths, units, weights: a }, 1, ([h], own, attention) => {
    const inputs = gatesOf(g, own, units, gates);
    const sums = gatesOf(g, g.op("Add", [g.op("MatMul", [h, u]), c]), units, gates);
    const gate = (i: number) => g.op("Sigmoid", [g.op("Add", [inputs[i], sums[i]])]);
    const reset = g.op("Mul", [gate(0), sums[gates - 1]]);
    const candidate = g.op("Tanh", [g.op("Add", [inputs[gates - 1], reset])]);
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
  const walked = walk(g, { x, shape, lengths, units, reverse }, 2, ([h, cell], own) => {
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
