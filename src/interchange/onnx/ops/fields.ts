/**
 * Work along the field axis, and on pairs of fields.
 *
 * @module
 */
import { widthOf } from "../../../graph/tensor.ts";
import type { OnnxGraph, Value } from "../graph.ts";
import { type Call, sizeAt, translation, type Translations } from "../translation.ts";

interface Sizes {
  readonly fields: number;
  readonly dim: number;
}

/** Numbers of the first and of the second field of each pair i < j, in the order (0, 1), (0, 2), ..., (1, 2), ... */
function pairsOf(fields: number): { left: number[]; right: number[] } {
  const left: number[] = [];
  const right: number[] = [];
  for (let i = 0; i < fields; i++) {
    for (let j = i + 1; j < fields; j++) {
      left.push(i);
      right.push(j);
    }
  }
  return { left, right };
}

/** Gathers the left and the right factors of all pairs, `[B, P, D]` each. */
function factorsOf(g: OnnxGraph, u: Value, x: Value, fields: number): [Value, Value] {
  const { left, right } = pairsOf(fields);
  return [g.gather(u, left, 1), g.gather(x, right, 1)];
}

/** Multiplies left factors by a matrix for each pair, `[B, P, D]`. */
function throughMatrices(g: OnnxGraph, left: Value, matrices: Value): Value {
  return g.squeeze(g.op("MatMul", [g.unsqueeze(left, 2), matrices]), 2);
}

function innerProduct(
  g: OnnxGraph,
  [e, strengths]: readonly Value[],
  { attributes: { fields, pairs, summed }, shapes }: Call<Sizes & { pairs: number; summed: boolean }>,
): Value {
  const product = g.op("Mul", factorsOf(g, e, e, fields));
  const own = strengths === undefined
    ? product
    : g.op("Mul", [product, g.reshape(strengths, [pairs, widthOf(shapes[1]) / pairs])]);
  return summed ? g.unsqueeze(g.sum(own, [1, 2]), 1) : g.sum(own, [2]);
}

/** For each pair the vector that the one field has for the other, and the reverse. */
function fieldAware(g: OnnxGraph, v: Value, { fields, dim }: Sizes): Value {
  const { left, right } = pairsOf(fields);
  const vectors = fields - 1;
  const all = g.reshape(v, ["B", fields * vectors, dim]);
  const own = g.gather(all, left.map((i, p) => i * vectors + right[p] - 1), 1);
  const other = g.gather(all, right.map((j, p) => j * vectors + left[p]), 1);
  return g.sum(g.op("Mul", [own, other]), [2]);
}

interface MatrixAttributes extends Sizes {
  readonly form: "each" | "summed" | "products";
}

function pairMatrix(
  g: OnnxGraph,
  [e, matrices]: readonly Value[],
  { attributes: { fields, form }, outputs: [shape] }: Call<MatrixAttributes>,
): Value {
  const [left, right] = factorsOf(g, e, e, fields);
  const products = g.op("Mul", [throughMatrices(g, left, matrices), right]);
  if (form === "products") return g.reshape(products, shape);
  return form === "each" ? g.sum(products, [2]) : g.unsqueeze(g.sum(products, [1, 2]), 1);
}

interface LayerAttributes extends Sizes {
  readonly byMatrices: readonly boolean[];
}

/** A dense layer over the pair products of some sources; a source is fields with matrices, or two sets of fields. */
function pairDense(
  g: OnnxGraph,
  [weight, ...factors]: readonly Value[],
  { attributes: { fields, byMatrices } }: Call<LayerAttributes>,
): Value {
  const products = byMatrices.map((hasMatrices, s) => {
    const [a, b] = factors.slice(2 * s, 2 * s + 2);
    const [left, right] = factorsOf(g, a, hasMatrices ? a : b, fields);
    return g.op("Mul", [hasMatrices ? throughMatrices(g, left, b) : left, right]);
  });
  const all = g.concat(products, 1);
  return g.op("MatMul", [g.op("Flatten", [all], { axis: 1 }), weight]);
}

/** Attention over the element products of pairs: softmax of h relu(x w + c). */
function afm(g: OnnxGraph, inputs: readonly Value[], { attributes }: Call<Sizes & { hidden: number }>): Value[] {
  const [e, weight, bias, head] = inputs;
  const products = g.op("Mul", factorsOf(g, e, e, attributes.fields));
  const hidden = g.op("Relu", [g.op("Add", [g.op("MatMul", [products, weight]), bias])]);
  const scores = g.op("MatMul", [hidden, g.reshape(head, [attributes.hidden, 1])]);
  return [g.sum(g.op("Mul", [products, g.op("Softmax", [scores], { axis: 1 })]), [1])];
}

interface CircularAttributes extends Sizes {
  readonly kind: "correlation" | "convolution";
}

/** Which element of b meets element k of a in element n of a circular product. */
function circularPlaces({ kind, dim }: CircularAttributes): number[] {
  const sign = kind === "correlation" ? 1 : -1;
  return Array.from({ length: dim * dim }, (_, i) => (Math.floor(i / dim) + sign * (i % dim) + dim) % dim);
}

function circularProducts(g: OnnxGraph, [e]: readonly Value[], { attributes }: Call<CircularAttributes>): Value {
  const { fields, dim } = attributes;
  const [left, right] = factorsOf(g, e, e, fields);
  const turned = g.reshape(g.gather(right, circularPlaces(attributes), 2), [
    "B",
    pairsOf(fields).left.length,
    dim,
    dim,
  ]);
  return g.squeeze(g.op("MatMul", [turned, g.unsqueeze(left, 3)]), 3);
}

/** The matrix C of a weighted circular product: C[k, m] = w[n] where element m of b meets element k of a in n. */
function circulant(g: OnnxGraph, [w]: readonly Value[], { attributes }: Call<CircularAttributes>): Value {
  const { kind, dim } = attributes;
  const sign = kind === "correlation" ? -1 : 1;
  const places = Array.from({ length: dim * dim }, (_, i) => (i % dim + sign * Math.floor(i / dim) + dim) % dim);
  return g.reshape(g.gather(w, places, 0), [dim, dim]);
}

interface ConvolutionAttributes {
  readonly channels: number;
  readonly padding: number;
}

/** A convolution of maps along the field axis, dimension by dimension, as one over images one wide. */
function convolution(
  g: OnnxGraph,
  [x, w, bias]: readonly Value[],
  { attributes: { channels, padding }, shapes: [shape, own], outputs }: Call<ConvolutionAttributes>,
): Value {
  const [rows, kernel, outs] = [sizeAt(shape, 1) / channels, sizeAt(own, 0) / channels, sizeAt(own, 1)];
  const maps = g.reshape(x, ["B", channels, rows, sizeAt(shape, 2)]);
  const weights = g.reshape(g.transpose(w, 1, 0), [outs, channels, kernel, 1]);
  const pads = [padding, 0, padding, 0];
  return g.reshape(g.op("Conv", [maps, weights, bias], { kernel_shape: [kernel, 1], pads }), outputs[0]);
}

interface Pooling {
  readonly kind: "largest" | "top";
  readonly channels: number;
  readonly size: number;
}

/** Largest rows of windows, or the largest rows of a map in their order. */
function pooling(
  g: OnnxGraph,
  [x]: readonly Value[],
  { attributes: { kind, channels, size }, shapes: [shape], outputs }: Call<Pooling>,
): Value {
  const [rows, dim] = [sizeAt(shape, 1) / channels, sizeAt(shape, 2)];
  const maps = g.reshape(x, ["B", channels, rows, dim]);
  if (kind === "top") {
    const [, found] = g.ops("TopK", [maps, g.ints([size])], 2, { attributes: { axis: 2 } });
    const [places] = g.ops("TopK", [found, g.ints([size])], 2, { attributes: { axis: 2, largest: 0 } });
    return g.reshape(g.op("GatherElements", [maps, places], { axis: 2 }), outputs[0]);
  }
  const before = Math.min(rows % size, Math.floor(size / 2));
  const pads = [before, 0, Math.ceil(rows / size) * size - rows - before, 0];
  const attributes = { kernel_shape: [size, 1], strides: [size, 1], pads };
  return g.reshape(g.op("MaxPool", [maps], attributes), outputs[0]);
}

/** Sums the fields of each group and multiplies the sums. */
function fieldSum(
  g: OnnxGraph,
  [x]: readonly Value[],
  { attributes: { groups, factor }, shapes: [shape] }: Call<{ groups: number; factor: number }>,
): Value {
  const [fields, dim] = [sizeAt(shape, 1), sizeAt(shape, 2)];
  const sums = g.sum(g.reshape(x, ["B", groups, fields / groups, dim]), [2]);
  return factor === 1 ? sums : g.op("Mul", [sums, factor]);
}

/** Repeats the row of each group at its fields. */
function repeatFields(
  g: OnnxGraph,
  [x]: readonly Value[],
  { attributes: { groups, fields, factor } }: Call<Sizes & { groups: number; factor: number }>,
): Value {
  const rows = g.gather(x, Array.from({ length: groups * fields }, (_, f) => Math.floor(f / fields)), 1);
  return factor === 1 ? rows : g.op("Mul", [rows, factor]);
}

/** Weights of the two orders of each pair together, and those of the diagonal. */
function foldPairs(g: OnnxGraph, [w]: readonly Value[], { shapes: [shape] }: Call<unknown>): Value[] {
  const fields = sizeAt(shape, 0);
  const all = g.reshape(w, [fields * fields, sizeAt(shape, 2)]);
  const { left, right } = pairsOf(fields);
  const [upper, lower] = [[left, right], [right, left]].map(([i, j]) =>
    g.gather(all, i.map((row, p) => row * fields + j[p]), 0)
  );
  const diagonal = g.gather(all, Array.from({ length: fields }, (_, f) => f * (fields + 1)), 0);
  return [g.op("Add", [upper, lower]), diagonal];
}

/** Translations of the ops in `src/ops/interaction/` that go along the fields or over their pairs. */
export const fields: Translations = {
  innerProduct: translation(innerProduct),
  ffm: translation<Sizes>((g, [v], { attributes }) => g.sum(fieldAware(g, v, attributes), [1], true)),
  ffmProducts: translation<Sizes>((g, [v], { attributes }) => fieldAware(g, v, attributes)),
  pairMatrix: translation(pairMatrix),
  pairElements: translation<Sizes>((g, [u, x], { attributes, outputs }) =>
    g.reshape(g.op("Mul", factorsOf(g, u, x, attributes.fields)), outputs[0])
  ),
  pairDense: translation(pairDense),
  pair_fold: foldPairs,
  attentionalPooling: translation(afm),
  circular_products: translation(circularProducts),
  circulant: translation(circulant),
  fieldMatrix: (g, [e, matrices]) => g.squeeze(g.op("MatMul", [g.unsqueeze(e, 2), matrices]), 2),
  field_dense: (g, [x, w]) => g.op("MatMul", [g.transpose(w, 1, 0), x]),
  field_convolution: translation(convolution),
  field_pooling: translation(pooling),
  field_sum: translation(fieldSum),
  repeat_fields: translation(repeatFields),
  shift_fields: (g, [x, row]) => g.op("Add", [x, g.unsqueeze(row, 1)]),
  fields_before: (g, [x]) => g.op("CumSum", [x, g.int(1)], { exclusive: 1 }),
  pad_dimensions: (g, [x], { shapes: [shape], outputs: [wide] }) => g.padLast(x, shape, sizeAt(wide, -1)),
  crop_dimensions: (g, [x], { outputs: [narrow] }) => g.slice(x, 2, 0, sizeAt(narrow, -1)),
  center_fields: (g, [x]) => g.op("Sub", [x, g.mean(x, [1], true)]),
};
