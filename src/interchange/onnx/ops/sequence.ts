/**
 * Histories: pooling, positions, comparison and choice of places.
 *
 * @module
 */
import { widthOf } from "../../../graph/tensor.ts";
import type { OnnxGraph, Value } from "../graph.ts";
import { byGroup, choose, chooseNewest, type Chosen, maskedSoftmax, numbersOf, present, takeRows } from "../places.ts";
import { type Call, sizeAt, translation, type Translations } from "../translation.ts";

interface PoolingAttributes {
  readonly mode: "sum" | "mean" | "max";
  readonly targets: number;
}

/** The sum, mean or maximum over the places that are there, or 0; with weights a mean divides by their sum. */
function pool(g: OnnxGraph, inputs: readonly Value[], { attributes, shapes, outputs }: Call<PoolingAttributes>): Value {
  const { mode, targets } = attributes;
  const { x, lengths, places } = byGroup(g, inputs[0], inputs[1], shapes);
  const exists = present(g, lengths, places, targets);
  const each = g.unsqueeze(exists, 2);
  const count = g.sum(g.cast(exists, "float"), [1], true);
  if (mode === "max") {
    const largest = g.op("ReduceMax", [g.where(each, x, -3.4e38)], { axes: [1], keepdims: 0 });
    return g.reshape(g.where(g.op("Greater", [count, 0]), largest, 0), outputs[0]);
  }
  const sum = g.sum(g.where(each, x, 0), [1]);
  if (mode === "sum") return g.reshape(sum, outputs[0]);
  const weights = inputs[2] === undefined ? undefined : g.reshape(g.transpose(inputs[2], 1, 0), ["B", places]);
  const divisor = weights === undefined ? count : g.sum(g.where(exists, weights, 0), [1], true);
  const isNone = g.op("Equal", [divisor, 0]);
  return g.reshape(g.where(isNone, 0, g.op("Div", [sum, g.where(isNone, 1, divisor)])), outputs[0]);
}

/** y[b, n] = sum over the places of w[b, t] x[b, t, n]. */
function weightedPool(g: OnnxGraph, [x, w, lengths]: readonly Value[], { shapes: [shape] }: Call<unknown>): Value {
  const own = g.where(present(g, lengths, sizeAt(shape, 1)), w, 0);
  return g.squeeze(g.op("MatMul", [g.unsqueeze(own, 1), x]), 1);
}

/** y[b, t] = row[b] . x[b, t], 0 past the end. */
function placeDots(g: OnnxGraph, [x, row, lengths]: readonly Value[], { shapes: [shape] }: Call<unknown>): Value {
  const dots = g.squeeze(g.op("MatMul", [x, g.unsqueeze(row, 2)]), 2);
  return g.where(present(g, lengths, sizeAt(shape, 1)), dots, 0);
}

interface PositionOptions {
  readonly from?: "oldest" | "latest";
  readonly targets?: number;
  readonly apart?: boolean;
}

/** Adds the vector of its position to each place that is there, or puts it beside. */
function positions(
  g: OnnxGraph,
  [x, vectors, lengths]: readonly Value[],
  { attributes: { from, targets = 0, apart }, shapes: [shape] }: Call<PositionOptions>,
): Value {
  const places = sizeAt(shape, 1);
  const history = places - targets;
  const exists = g.unsqueeze(present(g, lengths, places, targets), 2);
  const isHistory = Array.from({ length: places }, (_, t) => t < history ? 1 : 0);
  const shift = g.op("Mul", [
    g.op("Sub", [g.int(history), g.unsqueeze(lengths, 1)]),
    g.ints(from === "latest" ? isHistory : Array(places).fill(0)),
  ]);
  const numbers = g.op("Min", [g.op("Add", [numbersOf(g, places), shift]), g.int(places - 1)]);
  const own = g.where(exists, g.op("Gather", [vectors, numbers], { axis: 0 }), 0);
  return apart ? g.concat([x, own], 2) : g.op("Add", [x, own]);
}

/** Puts a target beside each place: q, k, q - k and q k. */
function compare(g: OnnxGraph, [target, items]: readonly Value[], { shapes: [own, shape] }: Call<unknown>): Value {
  const q = own.length === shape.length ? target : g.op("Expand", [g.unsqueeze(target, 1), g.op("Shape", [items])]);
  return g.concat([q, items, g.op("Sub", [q, items]), g.op("Mul", [q, items])], 2);
}

interface LatestAttributes {
  readonly count: number;
  readonly aligned?: boolean;
}

/** The latest places, the oldest of them first. */
function latest(
  g: OnnxGraph,
  [x, lengths]: readonly Value[],
  { attributes: { count, aligned }, shapes: [shape] }: Call<LatestAttributes>,
): Value {
  const ends = g.unsqueeze(lengths, 1);
  const before = g.op("Sub", [ends, g.int(count)]);
  const start = aligned ? g.op("Max", [before, g.int(0)]) : before;
  const numbers = g.op("Add", [numbersOf(g, count), start]);
  const exists = g.op("And", [g.op("GreaterOrEqual", [numbers, g.int(0)]), g.op("Less", [numbers, ends])]);
  return takeRows(g, x, { numbers, exists, places: sizeAt(shape, 1) });
}

interface BoundAttributes {
  readonly kind: "at_least" | "at_most" | "all_places";
  readonly count: number;
}

function bound(
  g: OnnxGraph,
  [lengths]: readonly Value[],
  { attributes: { kind, count } }: Call<BoundAttributes>,
): Value {
  if (kind === "at_most") return g.op("Min", [lengths, g.int(count)]);
  if (kind === "at_least") return g.where(g.op("Equal", [lengths, g.int(0)]), g.int(count), lengths);
  return g.op("Add", [g.op("Mul", [lengths, g.int(0)]), g.int(count)]);
}

/** Pieces that have any places, and the places of each. */
function pieces(
  g: OnnxGraph,
  [lengths]: readonly Value[],
  { attributes: { size, most } }: Call<{ size: number; most: number }>,
): Value[] {
  const held = g.op("Div", [g.op("Add", [lengths, g.int(size - 1)]), g.int(size)]);
  const starts = g.ints(Array.from({ length: most }, (_, piece) => piece * size));
  const rest = g.op("Max", [g.op("Sub", [g.unsqueeze(lengths, 1), starts]), g.int(0)]);
  return [held, g.op("Min", [rest, g.int(size)])];
}

/** Gives each choice as many places as it is declared with: those beyond a short history are none. */
function padded(g: OnnxGraph, { numbers, counts }: Chosen, most: number, top: number, rank: number): Value[] {
  if (most >= top) return [numbers, counts];
  const pads = g.ints([...Array(2 * rank - 1).fill(0), top - most]);
  return [g.op("Pad", [numbers, pads], { mode: "constant" }), counts];
}

function topPlaces(
  g: OnnxGraph,
  [scores, lengths]: readonly Value[],
  { attributes: { top }, shapes: [shape] }: Call<{ top: number }>,
): Value[] {
  const places = sizeAt(shape, -1);
  const rank = shape.length;
  const each = rank === 2 ? lengths : g.unsqueeze(lengths, 1);
  const exists = g.op("Less", [numbersOf(g, places), g.unsqueeze(each, -1)]);
  const own = g.where(exists, scores, -1e30);
  // Each list of a row has as many places as the row.
  const available = g.sum(g.cast(g.op("Greater", [own, -1e29]), "int64"), [-1]);
  return padded(g, choose(g, own, available, { places, top }), places, top, rank);
}

interface EqualAttributes {
  readonly top: number;
  readonly field: number;
  readonly member: number;
  readonly members: number;
}

/** Returns the rows `[B, L]` of one of the sequences that run along each other. */
function rowsOfMember(
  g: OnnxGraph,
  history: Value,
  places: number,
  { member, members }: Record<string, number>,
): Value {
  return g.transpose(g.gather(history, Array.from({ length: places }, (_, t) => t * members + member), 0), 1, 0);
}

function equalPlaces(
  g: OnnxGraph,
  [ids, history, lengths]: readonly Value[],
  { attributes: { top, field, member, members }, shapes: [, shape] }: Call<EqualAttributes>,
): Value[] {
  const places = sizeAt(shape, 0) / members;
  const rows = rowsOfMember(g, history, places, { member, members });
  const own = g.transpose(g.slice(ids, 0, field, field + 1), 1, 0);
  const isEqual = g.op("And", [g.op("Equal", [rows, own]), present(g, lengths, places)]);
  return padded(g, chooseNewest(g, isEqual, places, top), places, top, 2);
}

interface SessionAttributes {
  readonly sessions: number;
  readonly size: number;
  readonly member: number;
  readonly members: number;
}

/** Runs of equal rows: the latest ones, and the latest places of each. */
function sessionPlaces(
  g: OnnxGraph,
  [history, lengths]: readonly Value[],
  { attributes: { sessions, size, member, members }, shapes: [shape] }: Call<SessionAttributes>,
): Value[] {
  const places = sizeAt(shape, 0) / members;
  const rows = rowsOfMember(g, history, places, { member, members });
  const exists = present(g, lengths, places);
  const first = g.op("Less", [g.op("Mul", [g.slice(rows, 1, 0, 1), g.int(0)]), g.int(1)]);
  const others = g.op("Not", [g.op("Equal", [g.slice(rows, 1, 1, places), g.slice(rows, 1, 0, places - 1)])]);
  const begins = g.cast(g.op("And", [places > 1 ? g.concat([first, others], 1) : first, exists]), "int64");
  const runs = g.op("CumSum", [begins, g.int(1)]);
  const all = g.sum(begins, [1]);
  const taken = g.op("Min", [all, g.int(sessions)]);
  // Runs count from 1; the oldest one that is taken is session 0.
  const before = g.unsqueeze(g.op("Sub", [all, taken]), 1);
  const numbers = g.op("Add", [g.ints(Array.from({ length: sessions }, (_, s) => s + 1)), before]);
  const isOf = g.op("Equal", [g.unsqueeze(runs, 1), g.unsqueeze(numbers, 2)]);
  const isTaken = g.op("And", [isOf, g.unsqueeze(exists, 1)]);
  return [...padded(g, chooseNewest(g, isTaken, places, size), places, size, 3), taken];
}

function takePlaces(g: OnnxGraph, inputs: readonly Value[], { shapes: [shape, own, counts] }: Call<unknown>): Value {
  const [x, chosen, held] = inputs;
  const [top, lists] = [sizeAt(own, -1), widthOf(counts)];
  const exists = g.op("Less", [numbersOf(g, top), g.unsqueeze(held, -1)]);
  const [numbers, there] = [chosen, exists].map((value) => g.reshape(value, ["B", lists * top]));
  return takeRows(g, x, { numbers, exists: there, places: sizeAt(shape, 1) });
}

/** Buckets of the cosine of the angle to a target. */
function cosineBuckets(
  g: OnnxGraph,
  [q, x, lengths]: readonly Value[],
  { attributes: buckets, shapes: [, shape] }: Call<number>,
): Value {
  const norm = (value: Value, axis: number) => g.op("ReduceL2", [value], { axes: [axis], keepdims: 1 });
  const product = g.squeeze(g.op("MatMul", [x, g.unsqueeze(q, 2)]), 2);
  const norms = g.op("Mul", [norm(q, 1), g.squeeze(norm(x, 2), 2)]);
  const cosine = g.op("Clip", [g.op("Div", [product, g.op("Max", [norms, 1e-30])]), -1, 1]);
  const scaled = g.op("Mul", [g.op("Mul", [g.op("Add", [cosine, 1]), 0.5]), buckets]);
  const bucket = g.op("Min", [g.cast(scaled, "int64"), g.int(buckets - 1)]);
  return g.where(present(g, lengths, sizeAt(shape, 1)), bucket, g.int(0));
}

function bucketValues(g: OnnxGraph, [values, buckets, lengths]: readonly Value[], { outputs }: Call<unknown>): Value {
  const own = g.op("GatherElements", [values, buckets], { axis: 1 });
  return g.where(present(g, lengths, sizeAt(outputs[0], 1)), own, 0);
}

function bucketSums(
  g: OnnxGraph,
  [values, buckets, lengths]: readonly Value[],
  { attributes: count, shapes: [shape] }: Call<number>,
): Value {
  const own = g.where(present(g, lengths, sizeAt(shape, 1)), values, 0);
  const isIn = g.cast(g.op("Equal", [g.unsqueeze(buckets, 2), numbersOf(g, count)]), "float");
  return g.squeeze(g.op("MatMul", [g.unsqueeze(own, 1), isIn]), 1);
}

/** Translations of the ops in `src/ops/sequence/` that pool, compare and choose places. */
export const sequence: Translations = {
  pool_history: translation(pool),
  weighted_pool: weightedPool,
  place_dots: placeDots,
  place_softmax: (g, [scores, lengths], { shapes: [shape] }) =>
    maskedSoftmax(g, scores, present(g, lengths, sizeAt(shape, 1))),
  positions: translation(positions),
  compare,
  latest_places: translation(latest),
  bound_lengths: translation(bound),
  piece_lengths: translation(pieces),
  top_places: translation(topPlaces),
  equal_places: translation(equalPlaces),
  session_places: translation(sessionPlaces),
  take_places: takePlaces,
  cosine_buckets: translation(cosineBuckets),
  bucket_values: bucketValues,
  bucket_sums: translation(bucketSums),
};
