/**
 * Interactions of fields: factorization machines, cross networks and gates.
 *
 * @module
 */
import { widthOf } from "../../../graph/tensor.ts";
import type { OnnxGraph, Value } from "../graph.ts";
import { type Call, sizeAt, translation, type Translations } from "../translation.ts";
import { affine } from "./dense.ts";
import { normalize } from "./normalization.ts";

/** Sums the element products of all pairs of fields, 1/2 ((sum e)^2 - sum e^2). */
function allPairs(g: OnnxGraph, e: Value): Value {
  const sum = g.sum(e, [1]);
  const squares = g.sum(g.op("Mul", [e, e]), [1]);
  return g.op("Mul", [g.op("Sub", [g.op("Mul", [sum, sum]), squares]), 0.5]);
}

/** Elementary symmetric sums of the fields by order, from 1 on: each field is multiplied into the sums before it. */
function symmetricSums(g: OnnxGraph, e: Value, fields: number, order: number): Value[] {
  const sums: Value[] = [];
  for (let f = 0; f < fields; f++) {
    const own = g.squeeze(g.slice(e, 1, f, f + 1), 1);
    for (let k = Math.min(f, order - 1); k >= 0; k--) {
      const product = k === 0 ? own : g.op("Mul", [own, sums[k - 1]]);
      sums[k] = sums[k] === undefined ? product : g.op("Add", [sums[k], product]);
    }
  }
  return sums;
}

/** Sums of orders that there are too few fields for are 0. */
function symmetric(
  g: OnnxGraph,
  [e]: readonly Value[],
  { attributes: { fields, order } }: Call<{ fields: number; order: number }>,
): Value {
  const sums = symmetricSums(g, e, fields, order);
  const none = () => g.op("Mul", [sums[0], 0]);
  return g.concat(Array.from({ length: order }, (_, k) => g.unsqueeze(sums[k] ?? none(), 1)), 1);
}

function thirdOrder(g: OnnxGraph, [e]: readonly Value[], { attributes: { fields } }: Call<{ fields: number }>): Value {
  const sums = symmetricSums(g, e, fields, 3);
  return g.sum(sums[2] ?? g.op("Mul", [sums[0], 0]), [1], true);
}

/** Adds what is beside x0 to x: x0 z + x, z behind its gate where there is one. */
function crossMatrix(g: OnnxGraph, x0: Value, x: Value, z: Value, gate?: Value): Value {
  const gated = gate === undefined ? z : g.op("Mul", [z, g.op("Sigmoid", [gate])]);
  return g.op("Add", [g.op("Mul", [x0, gated]), x]);
}

/** Crosses a row with itself by vectors, layer by layer. */
function crossVector(g: OnnxGraph, [x, w, bias]: readonly Value[], { shapes: [, own] }: Call<unknown>): Value {
  let y = x;
  for (let layer = 0; layer < sizeAt(own, 0); layer++) {
    const [vector, shift] = [w, bias].map((value) => g.slice(value, 0, layer, layer + 1));
    const factor = g.op("MatMul", [y, g.transpose(vector, 1, 0)]);
    y = g.op("Add", [g.op("Add", [g.op("Mul", [x, factor]), y]), shift]);
  }
  return y;
}

function crossMask(g: OnnxGraph, inputs: readonly Value[], { shapes: [shape] }: Call<unknown>): Value {
  const [x0, x, c, m, b] = inputs;
  const [fields, dim] = [sizeAt(shape, 1), sizeAt(shape, 2)];
  const [crossed, masked] = [c, g.op("Mul", [c, g.op("Relu", [m])])].map((value) =>
    g.reshape(value, ["B", fields, dim / 2])
  );
  const gate = g.op("Add", [g.concat([crossed, masked], 2), g.reshape(b, [fields, dim])]);
  return crossMatrix(g, x0, x, gate);
}

/** A compressed interaction layer: all pairs of rows, mixed by learned weights. */
function cin(g: OnnxGraph, inputs: readonly Value[], { attributes, shapes, outputs }: Call<CinAttributes>): Value[] {
  const [x, y, w, bias] = inputs;
  const [left, right, outs] = [sizeAt(shapes[0], 1), sizeAt(shapes[1], 1), sizeAt(shapes[2], 1)];
  const products = g.op("Mul", [g.unsqueeze(x, 2), g.unsqueeze(y, 1)]);
  const flat = g.reshape(products, ["B", left * right, sizeAt(shapes[0], 2)]);
  const sums = g.op("MatMul", [g.transpose(w, 1, 0), flat]);
  const shifted = g.op("Add", [sums, g.reshape(bias, [outs, 1])]);
  const z = attributes.relu ? g.op("Relu", [shifted]) : shifted;
  // Numbers past the dimensions of an embedding are padding.
  const own = g.slice(z, 2, 0, attributes.dim);
  return [g.padLast(own, ["B", outs, attributes.dim], sizeAt(outputs[0], 2)), g.sum(own, [2])];
}

interface CinAttributes {
  readonly dim: number;
  readonly relu: boolean;
}

/** The last layer of a CIN and the weights above it: form, offset, and the weights of earlier layers. */
function cinTop(
  g: OnnxGraph,
  [weight, bias, top, topBias]: readonly Value[],
  { attributes: dim, shapes: [own, , all], outputs }: Call<number>,
): Value[] {
  const outs = sizeAt(own, 1);
  const earlier = sizeAt(all, 0) - outs;
  const last = g.slice(top, 0, earlier, earlier + outs);
  const form = g.op("MatMul", [weight, last]);
  const shift = g.reshape(g.op("MatMul", [g.reshape(bias, [1, outs]), last]), [1]);
  const offset = g.op("Mul", [shift, dim]);
  const whole = topBias === undefined ? offset : g.op("Add", [offset, g.reshape(topBias, [1])]);
  return [form, whole, earlier > 0 ? g.slice(top, 0, 0, earlier) : g.floats(Array(widthOf(outputs[2])).fill(0))];
}

/** y = offset + z . x0 + pooled . top, sample by sample. */
function cinLogit(g: OnnxGraph, inputs: readonly Value[], { shapes }: Call<unknown>): Value {
  const [offset, z, x0, pooled, top] = inputs;
  const rows = [z, x0].map((value, i) => g.reshape(value, ["B", widthOf(shapes[1 + i])]));
  const product = g.sum(g.op("Mul", rows), [1], true);
  const below = g.op("MatMul", [pooled, g.reshape(top, [widthOf(shapes[4]), 1])]);
  return g.op("Add", [g.op("Add", [product, below]), offset]);
}

/** Gates of fields: a = relu(relu(z W0) W1) of their means z. */
function senet(g: OnnxGraph, [e, w0, w1]: readonly Value[]): Value[] {
  const means = g.mean(e, [2]);
  const hidden = g.op("Relu", [g.op("MatMul", [means, w0])]);
  const gates = g.op("Relu", [g.op("MatMul", [hidden, w1])]);
  return [g.op("Mul", [e, g.unsqueeze(gates, 2)]), means];
}

function factorize(g: OnnxGraph, [z]: readonly Value[], { attributes: kind, shapes }: Call<"join" | "fold">): Value {
  const width = sizeAt(shapes[0], 1) / 2;
  const [h, gate] = [0, 1].map((half) => g.slice(z, 1, half * width, (half + 1) * width));
  const gated = g.op("Mul", [gate, h]);
  return kind === "join" ? g.concat([h, gated], 1) : g.op("Add", [h, gated]);
}

/** Scores of edges between fields; none leads from a field to itself. */
function fieldGraph(g: OnnxGraph, [s]: readonly Value[], { attributes: slope, shapes: [shape] }: Call<number>): Value {
  const fields = sizeAt(shape, 1);
  const [first, second] = [0, 1].map((part) => g.slice(s, 2, part, part + 1));
  const scores = g.op("LeakyRelu", [g.op("Add", [first, g.transpose(second, 0, 2, 1)])], { alpha: slope });
  if (fields === 1) return g.op("Mul", [scores, 0]);
  const diagonal = Array.from({ length: fields * fields }, (_, i) => i % (fields + 1) === 0 ? -1e30 : 0);
  return g.op("Softmax", [g.op("Add", [scores, g.floats(diagonal, [fields, fields])])], { axis: 2 });
}

/** Lifts vectors to a hyperboloid at time 1: e / s and 1 - 1 / s with s = sqrt(1 + |e|^2). */
function hyperboloid(g: OnnxGraph, [e]: readonly Value[]): Value[] {
  const square = g.sum(g.op("Mul", [e, e]), [2], true);
  const s = g.op("Sqrt", [g.op("Add", [square, 1])]);
  return [g.op("Div", [e, s]), g.op("Sub", [g.floats([1], []), g.op("Reciprocal", [s])])];
}

/** A softmax over fields for each head of columns. */
function attendFields(
  g: OnnxGraph,
  [x, s]: readonly Value[],
  { attributes: { fields, dim, heads } }: Call<{ fields: number; dim: number; heads: number }>,
): Value[] {
  const weights = g.op("Softmax", [s], { axis: 1 });
  const columns = g.reshape(x, ["B", fields, heads, dim / heads]);
  const pooled = g.sum(g.op("Mul", [columns, g.unsqueeze(weights, 3)]), [1]);
  return [g.reshape(pooled, ["B", dim]), weights];
}

interface PowerAttributes {
  readonly fields: number;
  readonly dim: number;
  readonly neurons: number;
  readonly eps: number;
}

/** A dense layer over normalized products of powers; x has a row of logarithms, padded, for each dimension. */
function powerDense(
  g: OnnxGraph,
  [x, powers, gain, shift, weight, bias, mean, variance]: readonly Value[],
  { attributes: { fields, dim, neurons, eps } }: Call<PowerAttributes>,
): Value {
  const products = g.op("Exp", [g.op("MatMul", [g.slice(x, 2, 0, fields), powers])]);
  const even = normalize(g, products, [gain, shift, mean, variance], eps);
  return affine(g, g.reshape(g.transpose(even, 0, 2, 1), ["B", neurons * dim]), weight, bias);
}

/** Translations of the ops in `src/ops/interaction/` that know all fields at once. */
export const interaction: Translations = {
  fm: (g, [e]) => g.sum(allPairs(g, e), [1], true),
  biInteraction: (g, [e]) => allPairs(g, e),
  thirdOrder: translation(thirdOrder),
  symmetric_sums: translation(symmetric),
  cross_matrix: (g, [x0, x, z, gate]) => crossMatrix(g, x0, x, z, gate),
  cross_layer: (g, [x0, x, , weight, bias]) => crossMatrix(g, x0, x, affine(g, x, weight, bias)),
  cross_vector: crossVector,
  cross_step: (g, [x0, x, w, bias]) => g.op("Add", [g.op("Add", [g.op("Mul", [x0, g.op("MatMul", [x, w])]), x]), bias]),
  cross_mask: crossMask,
  cin: translation(cin),
  cin_top: translation(cinTop),
  cin_logit: cinLogit,
  senet,
  regulate: translation<number>((g, [x, z], { attributes: factor, shapes: [shape, own], outputs }) => {
    const weights = g.op("Softmax", [g.op("Mul", [z, factor])], { axis: -1 });
    const fields = widthOf(own);
    const rows = g.reshape(x, ["B", fields, widthOf(shape) / fields]);
    return g.reshape(g.op("Mul", [rows, g.reshape(weights, [fields, 1])]), outputs[0]);
  }),
  factorize: translation(factorize),
  field_graph: translation(fieldGraph),
  hyperboloid,
  attend_fields: translation(attendFields),
  inverseNorm: (g, [values]) => {
    const square = g.unsqueeze(g.sum(g.op("Mul", [values, values]), [0]), 1);
    const isNone = g.op("Equal", [square, 0]);
    return g.where(isNone, 0, g.op("Reciprocal", [g.where(isNone, 1, square)]));
  },
  turn_fields: (g, [l], { shapes: [shape], outputs }) => {
    const turned = g.transpose(l, 0, 2, 1);
    return g.padLast(turned, [shape[0], shape[2], shape[1]], sizeAt(outputs[0], 2));
  },
  power_dense: translation(powerDense),
  mix_tokens: (g, [x], { shapes: [shape] }) => {
    const [tokens, width] = [sizeAt(shape, 1), sizeAt(shape, 2)];
    const heads = g.reshape(x, ["B", tokens, tokens, width / tokens]);
    return g.reshape(g.op("Add", [heads, g.transpose(heads, 0, 2, 1, 3)]), shape);
  },
};
