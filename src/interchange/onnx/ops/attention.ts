/**
 * Attention among fields, among the places of a history, and of a target to them.
 *
 * @module
 */
import { widthOf } from "../../../graph/tensor.ts";
import type { OnnxGraph, Value } from "../graph.ts";
import { byGroup, choose, maskedSoftmax, numbersOf, present } from "../places.ts";
import { type Call, sizeAt, translation, type Translations } from "../translation.ts";
import { silu } from "./dense.ts";
import { layerNorm } from "./normalization.ts";

/** Cuts columns into heads: `[B, L, H D]` becomes `[B, H, L, D]`. */
function headsOf(g: OnnxGraph, x: Value, [places, heads, width]: readonly [number, number, number]): Value {
  return g.transpose(g.reshape(x, ["B", places, heads, width]), 0, 2, 1, 3);
}

/** Puts heads side by side again. */
function joinHeads(g: OnnxGraph, x: Value, places: number, width: number): Value {
  return g.reshape(g.transpose(x, 0, 2, 1, 3), ["B", places, width]);
}

/** Scaled products of queries and keys, `[B, H, L, L]`. */
function scoresOf(g: OnnxGraph, q: Value, k: Value, scale: number): Value {
  return g.op("Mul", [g.op("MatMul", [q, g.transpose(k, 0, 1, 3, 2)]), scale]);
}

interface AttentionAttributes {
  readonly heads: number;
  readonly width: number;
  readonly residual: "packed" | "input" | "none";
  readonly scale: number;
  readonly relu: boolean;
}

/** Attention over fields, whose projections are side by side. */
function attention(
  g: OnnxGraph,
  [p, r]: readonly Value[],
  { attributes: { heads, width, residual, scale, relu }, shapes: [shape] }: Call<AttentionAttributes>,
): Value[] {
  const fields = sizeAt(shape, 1);
  const part = (i: number) => g.slice(p, 2, i * width, (i + 1) * width);
  const [q, k, v] = [0, 1, 2].map((i) => headsOf(g, part(i), [fields, heads, width / heads]));
  const weights = g.op("Softmax", [scoresOf(g, q, k, scale)], { axis: -1 });
  const o = joinHeads(g, g.op("MatMul", [weights, v]), fields, width);
  const sum = residual === "none" ? o : g.op("Add", [o, residual === "packed" ? part(3) : r]);
  return [relu ? g.op("Relu", [sum]) : sum];
}

interface HistoryMask {
  readonly causal?: boolean;
  readonly targets?: number;
  readonly ordered?: boolean;
  readonly context?: number;
  readonly window?: number;
  readonly full?: number;
}

/** Ranks of places `[B, L]`: that of a target is the length of the history, plus the targets before it if ordered. */
function ranksOf(g: OnnxGraph, last: Value, places: number, mask: HistoryMask): Value {
  const { targets = 0, ordered = false, context = 0 } = mask;
  const shift = Math.max(context - 1, 0);
  const first = places - targets;
  const numbers = Array.from({ length: places }, (_, t) => Math.max(t - shift, 0));
  const ranks = g.op("Min", [g.ints(numbers), last]);
  if (!ordered) return ranks;
  const beyond = g.op("Add", [last, g.ints(numbers.map((_, t) => Math.max(t - first, 0)))]);
  const isHistory = g.op("Less", [numbersOf(g, places), g.int(first)]);
  return g.where(isHistory, ranks, beyond);
}

/** Tells which place attends to which, `[B, L, L]`. */
function allowedOf(g: OnnxGraph, lengths: Value, places: number, mask: HistoryMask): Value {
  const { causal = false, targets = 0, context = 0, window = 0, full = 0 } = mask;
  const last = g.op("Sub", [g.unsqueeze(lengths, 1), g.int(Math.max(context - 1, 0))]);
  const ranks = ranksOf(g, last, places, mask);
  const [mine, other] = [g.unsqueeze(ranks, 2), g.unsqueeze(ranks, 1)];
  const distance = g.op("Sub", [mine, other]);
  const isEqual = g.op("Equal", [distance, g.int(0)]);
  let allowed = causal ? g.op("Greater", [distance, g.int(0)]) : g.op("Not", [isEqual]);
  const lasts = g.unsqueeze(last, 2);
  if (window > 0) {
    const isNear = g.op("LessOrEqual", [distance, g.int(window)]);
    const isFull = g.op("GreaterOrEqual", [mine, g.op("Sub", [lasts, g.int(full)])]);
    allowed = g.op("And", [allowed, full > 0 ? g.op("Or", [isNear, isFull]) : isNear]);
  }
  if (context > 0) {
    const isContext = g.op("Equal", [mine, g.int(0)]);
    allowed = g.op("Or", [allowed, g.op("And", [isContext, g.op("Less", [other, lasts])])]);
  }
  const numbers = numbersOf(g, places);
  const isSame = g.op("Equal", [g.unsqueeze(numbers, 1), g.unsqueeze(numbers, 0)]);
  const exists = present(g, lengths, places, targets);
  const both = g.op("And", [g.unsqueeze(exists, 2), g.unsqueeze(exists, 1)]);
  return g.op("And", [g.op("Or", [allowed, isSame]), both]);
}

interface HistoryAttributes extends HistoryMask {
  readonly heads: number;
  readonly valueWidth?: number;
  readonly scale: number;
  readonly weights?: "softmax" | { readonly divisor: number };
  /** Columns in front of the queries. */
  readonly before?: number;
}

/** Attention among the places of a history; columns q | k | v, each head by head. */
function historyAttention(g: OnnxGraph, inputs: readonly Value[], call: Call<HistoryAttributes>): Value {
  const { heads, valueWidth, scale, weights: kind = "softmax", before = 0 } = call.attributes;
  const { x, lengths, places, width: all } = byGroup(g, inputs[0], inputs[1], call.shapes);
  const width = all - before;
  const value = valueWidth ?? width / heads / 3;
  const query = (width / heads - value) / 2;
  const starts = [before, before + heads * query, before + 2 * heads * query, all];
  const [q, k, v] = [query, query, value].map((columns, i) =>
    headsOf(g, g.slice(x, 2, starts[i], starts[i + 1]), [places, heads, columns])
  );
  const scores = scoresOf(g, q, k, scale);
  const allowed = g.unsqueeze(allowedOf(g, lengths, places, call.attributes), 1);
  const weights = kind === "softmax"
    ? maskedSoftmax(g, scores, allowed)
    : g.where(allowed, g.op("Mul", [silu(g, scores), 1 / kind.divisor]), 0);
  return joinHeads(g, g.op("MatMul", [weights, v]), places, heads * value);
}

interface GatedAttributes extends HistoryAttributes {
  readonly valueWidth: number;
  readonly eps?: number;
  readonly sees?: boolean;
}

/** Attention whose normalized sums a gate multiplies; columns u | q | k | v. */
function gatedAttention(g: OnnxGraph, inputs: readonly Value[], call: Call<GatedAttributes>): Value {
  const { heads, valueWidth, eps = 1e-6, sees } = call.attributes;
  const before = heads * valueWidth;
  const o = historyAttention(g, inputs, { ...call, attributes: { ...call.attributes, before } });
  const gate = silu(g, g.slice(inputs[0], 2, 0, before));
  const y = g.op("Mul", [gate, layerNorm(g, o, inputs[2], inputs[3], eps)]);
  return sees ? g.concat([gate, o, y], 2) : y;
}

interface TargetHeadsAttributes {
  readonly scale: number;
  readonly softmax?: boolean;
  readonly window?: number;
  readonly top?: number;
}

/** One query for each head to the places of a history: all columns of them, or those of the head alone. */
function targetHeads(g: OnnxGraph, inputs: readonly Value[], call: Call<TargetHeadsAttributes>): Value[] {
  const [q, x, lengths] = inputs;
  const { attributes: { scale, softmax = true, window, top }, shapes: [own, shape] } = call;
  const [heads, width, places] = [sizeAt(own, 1), sizeAt(own, 2), sizeAt(shape, 1)];
  const keys = width === sizeAt(shape, 2) ? g.unsqueeze(x, 1) : headsOf(g, x, [places, heads, width]);
  const queries = g.unsqueeze(q, 2);
  const scores = g.squeeze(scoresOf(g, queries, keys, scale), 2);
  let counts = present(g, lengths, places);
  if (window !== undefined && window < places) {
    const first = g.unsqueeze(g.op("Sub", [lengths, g.int(window)]), 1);
    counts = g.op("And", [counts, g.op("GreaterOrEqual", [numbersOf(g, places), first])]);
  }
  let each = g.unsqueeze(counts, 1);
  if (top !== undefined && top < places) each = g.op("And", [each, bestOf(g, scores, each, { places, top })]);
  const weights = softmax ? maskedSoftmax(g, scores, each) : g.where(each, scores, 0);
  return [g.squeeze(g.op("MatMul", [g.unsqueeze(weights, 2), keys]), 2), weights];
}

/** Tells which places have the largest scores of those that count. */
function bestOf(
  g: OnnxGraph,
  scores: Value,
  counts: Value,
  { places, top }: { readonly places: number; readonly top: number },
): Value {
  const own = g.where(counts, scores, -1e30);
  const available = g.sum(g.cast(g.op("Greater", [own, -1e29]), "int64"), [-1]);
  const { numbers } = choose(g, own, available, { places, top });
  const isPlace = g.cast(g.op("Equal", [g.unsqueeze(numbers, -1), numbersOf(g, places)]), "int64");
  return g.cast(g.op("ReduceMax", [isPlace], { axes: [-2], keepdims: 0 }), "bool");
}

/** Bits of hash codes of vectors, `[B, P, codes bits]`: on which side of each direction they are. */
function bitsOf(g: OnnxGraph, x: Value, directions: Value): Value {
  return g.op("Greater", [g.op("MatMul", [x, g.transpose(directions, 1, 0)]), 0]);
}

/** Adds the places whose hash codes are the target's, code by code. */
function hashAttention(
  g: OnnxGraph,
  [q, x, lengths, directions]: readonly Value[],
  { attributes: { normalize }, shapes: [, shape, , own] }: Call<{ normalize: boolean }>,
): Value {
  const [codes, bits, places] = [sizeAt(own, 0), sizeAt(own, 1), sizeAt(shape, 1)];
  const flat = g.reshape(directions, [codes * bits, sizeAt(own, 2)]);
  const [mine, others] = [g.unsqueeze(q, 1), x].map((value) => bitsOf(g, value, flat));
  const differs = g.reshape(g.cast(g.op("Xor", [mine, others]), "float"), ["B", places, codes, bits]);
  const collides = g.op("Equal", [g.sum(differs, [3]), 0]);
  const isTaken = g.op("And", [collides, g.unsqueeze(present(g, lengths, places), 2)]);
  const sums = g.op("MatMul", [g.transpose(g.cast(isTaken, "float"), 0, 2, 1), x]);
  if (!normalize) return g.mean(sums, [1]);
  const norms = g.op("Max", [g.op("ReduceL2", [sums], { axes: [2], keepdims: 1 }), 1e-12]);
  return g.mean(g.op("Div", [sums, norms]), [1]);
}

/** Counts the bits that targets and places share, -1 past the end. */
function hashLikeness(
  g: OnnxGraph,
  [q, x, lengths, directions]: readonly Value[],
  { attributes: targets, shapes: [, shape, , own], outputs }: Call<number>,
): Value {
  const [all, width, places] = [sizeAt(own, 0) * sizeAt(own, 1), sizeAt(own, 2), sizeAt(shape, 1)];
  const flat = g.reshape(directions, [all, width]);
  const mine = g.unsqueeze(bitsOf(g, g.reshape(q, ["B", targets, width]), flat), 2);
  const others = g.unsqueeze(bitsOf(g, x, flat), 1);
  const differing = g.sum(g.cast(g.op("Xor", [mine, others]), "float"), [3]);
  const shared = g.op("Sub", [g.floats([all], []), differing]);
  const exists = g.unsqueeze(present(g, lengths, places), 1);
  return g.reshape(g.where(exists, shared, -1), outputs[0]);
}

/** Sums sines of all frequencies at each distance of two places, for each number of places `[L + 1, 2 L - 1]`. */
function sineSums(places: number): number[] {
  const sums: number[] = [];
  for (let count = 0; count <= places; count++) {
    for (let distance = 1 - places; distance < places; distance++) {
      let sum = 0;
      for (let f = 1; 2 * f < count; f++) sum += Math.sin(2 * Math.PI * (f * distance % count) / count);
      sums.push(count === 0 ? 0 : 2 * sum / count);
    }
  }
  return sums;
}

/** y = a x + b z of each column, z being x with each of its waves a quarter of its length on. */
function fourierFilter(g: OnnxGraph, inputs: readonly Value[], { shapes, outputs }: Call<unknown>): Value {
  const { x, lengths, places, width } = byGroup(g, inputs[0], inputs[1], shapes);
  const groups = sizeAt(shapes[2], 0);
  const exists = present(g, lengths, places);
  const own = g.where(g.unsqueeze(exists, 2), x, 0);
  const sums = g.floats(sineSums(places), [places + 1, 2 * places - 1]);
  const distances = Array.from({ length: places * places }, (_, i) => i % places - Math.floor(i / places));
  const byDistance = g.op("Gather", [sums, lengths], { axis: 0 });
  const kernel = g.reshape(g.gather(byDistance, distances.map((d) => d + places - 1), 1), ["B", places, places]);
  const turned = g.op("MatMul", [kernel, own]);
  const parts = [own, turned].map((value, part) => {
    const factors = g.reshape(g.slice(inputs[2], 1, part, part + 1), [groups, 1, width]);
    return g.op("Mul", [g.reshape(value, ["B", groups, places, width]), factors]);
  });
  const y = g.reshape(g.op("Add", parts), ["B", places, width]);
  return g.reshape(g.where(g.unsqueeze(exists, 2), y, 0), outputs[0]);
}

/** Translations of the ops in `src/ops/sequence/` that attend, or hash, or filter. */
export const attentionOps: Translations = {
  project: (g, [x, ...weights]) => g.op("MatMul", [x, g.concat(weights, 1)]),
  attention: translation(attention),
  history_attention: translation<HistoryAttributes>((g, inputs, call) =>
    g.reshape(historyAttention(g, inputs, call), ["B", sizeAt(call.outputs[0], 1), widthOf(call.outputs[0].slice(2))])
  ),
  gated_attention: translation(gatedAttention),
  target_heads: translation(targetHeads),
  hash_attention: translation(hashAttention),
  hash_likeness: translation(hashLikeness),
  fourier_filter: fourierFilter,
};
