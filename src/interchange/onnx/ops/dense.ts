/**
 * Products and arithmetic.
 *
 * @module
 */
import type { Shape } from "../../../graph/tensor.ts";
import { widthOf } from "../../../graph/tensor.ts";
import type { OnnxGraph, Value } from "../graph.ts";
import { type Call, sizeAt, translation, type Translations } from "../translation.ts";

/** Applies an activation by its name. */
export function activate(g: OnnxGraph, x: Value, kind = "none"): Value {
  if (kind === "none") return x;
  if (kind === "leaky_relu") return g.op("LeakyRelu", [x], { alpha: 0.01 });
  return g.op({ relu: "Relu", sigmoid: "Sigmoid", tanh: "Tanh" }[kind]!, [x]);
}

/** Adds a product, and a bias where there is one: x W + b. */
export function affine(g: OnnxGraph, x: Value, weight: Value, bias?: Value): Value {
  const product = g.op("MatMul", [x, weight]);
  return bias === undefined ? product : g.op("Add", [product, bias]);
}

/** Computes x sigmoid(x). */
export function silu(g: OnnxGraph, x: Value): Value {
  return g.op("Mul", [x, g.op("Sigmoid", [x])]);
}

/** Adds from left to right. */
function total(g: OnnxGraph, parts: readonly Value[]): Value {
  return parts.reduce((sum, part) => g.op("Add", [sum, part]));
}

/** Gives b the dimensions that it repeats along in a: it has a's last sizes, or with the batch a's first ones. */
function alongside(g: OnnxGraph, b: Value, [shape, own]: readonly Shape[]): Value {
  if (!own.includes("B") || own.length === shape.length) return b;
  return g.reshape(b, [...own, ...shape.slice(own.length).map(() => 1)]);
}

/** Reads a row's numbers with a bias for each of them, which may be as wide as the row or as its last size. */
function addBias(g: OnnxGraph, [x, b]: readonly Value[], { shapes: [shape, own] }: Call<unknown>): Value {
  const width = widthOf(own);
  return g.op("Add", [x, g.reshape(b, width === shape.at(-1) ? [width] : shape.slice(1))]);
}

/** Multiplies and sums what is beyond the sizes of the result. */
function dot(g: OnnxGraph, [a, b]: readonly Value[], { shapes, outputs: [shape] }: Call<unknown>): Value {
  const product = g.op("Mul", [a, b]);
  return g.sum(g.reshape(product, [...shape, widthOf(shapes[0]) / widthOf(shape)]), [shape.length]);
}

/** Multiplies each group of columns by a matrix of its own. */
function grouped(g: OnnxGraph, [x, w]: readonly Value[], { shapes: [, own], outputs }: Call<unknown>): Value {
  const [groups, width] = [sizeAt(own, 0), sizeAt(own, 1)];
  const rows = g.reshape(x, ["B", groups, 1, width]);
  return g.reshape(g.op("MatMul", [rows, w]), outputs[0]);
}

const transposed = (g: OnnxGraph, x: Value, is: boolean): Value => is ? g.transpose(x, 0, 2, 1) : x;

/** Gates of mixtures: the first `own` ones of a sum are of its own experts, the others of those from `first` on. */
function mixExperts(
  g: OnnxGraph,
  [gates, experts]: readonly Value[],
  { attributes: { own, first }, shapes: [shape, all], outputs }: Call<{ own: number; first: number }>,
): Value {
  const [sums, width] = [sizeAt(shape, 1), sizeAt(shape, 2)];
  const numbers = Array.from(
    { length: sums * width },
    (_, i) => i % width < own ? Math.floor(i / width) * own + i % width : first + i % width - own,
  );
  const chosen = g.reshape(g.gather(experts, numbers, 1), ["B", sums, width, sizeAt(all, 2)]);
  return g.reshape(g.op("MatMul", [g.unsqueeze(gates, 2), chosen]), outputs[0]);
}

/** Computes log(exp(x) + ...) over the last dimension, which is dropped. */
function logSum(g: OnnxGraph, x: Value): Value {
  return g.op("ReduceLogSumExp", [x], { axes: [-1], keepdims: 0 });
}

/** The logit of a mixture of logistic regressions; sums of exponentials keep it from leaving float32. */
function mixture(g: OnnxGraph, [e]: readonly Value[], { attributes: regions, shapes: [shape] }: Call<number>): Value {
  const sums = g.sum(e, [1]);
  const width = sizeAt(shape, 2);
  const gates = g.slice(sums, 1, 0, regions);
  const learners = g.slice(sums, 1, width - regions, width);
  const one = g.op("Neg", [g.op("Softplus", [g.op("Neg", [learners])])]);
  const zero = g.op("Neg", [g.op("Softplus", [learners])]);
  const [yes, no] = [one, zero].map((share) => logSum(g, g.op("Add", [gates, share])));
  return g.unsqueeze(g.op("Sub", [yes, no]), 1);
}

/** The log-odds of a product of probabilities, -log(exp(-a) + exp(-b) + exp(-a - b)). */
function productLogit(g: OnnxGraph, [a, b]: readonly Value[]): Value {
  const [left, right] = [a, b].map((x) => g.op("Neg", [x]));
  const terms = [left, right, g.op("Add", [left, right])].map((x) => g.unsqueeze(x, -1));
  return g.op("Neg", [logSum(g, g.concat(terms, -1))]);
}

/** An angle of a point, in all four quadrants. */
function angleOf(g: OnnxGraph, x: Value, y: Value): Value {
  const negative = g.op("Less", [x, 0]);
  const turn = g.where(g.op("Less", [y, 0]), -Math.PI, Math.PI);
  // Where x is 0 the quotient is infinite, and 0 / 0 at the origin, whose angle is 0.
  const flat = g.op("And", [g.op("Equal", [x, 0]), g.op("Equal", [y, 0])]);
  const angle = g.op("Atan", [g.op("Div", [y, g.where(flat, 1, x)])]);
  return g.where(negative, g.op("Add", [angle, turn]), angle);
}

/** Translations of the ops in `src/ops/dense/`, but for normalizations and groups of rows. */
export const dense: Translations = {
  add: (g, inputs) => total(g, inputs),
  subtract: (g, [a, b]) => g.op("Sub", [a, b]),
  multiply: (g, [a, b], { shapes }) => g.op("Mul", [a, alongside(g, b, shapes)]),
  scale: translation<number>((g, [x], { attributes }) => g.op("Mul", [x, attributes])),
  fill: translation<number>((g, [x], { attributes, node }) => {
    const like = node.inputs[0].dtype === "u32" ? g.cast(x, "float") : x;
    return g.op("Add", [g.op("Mul", [like, 0]), attributes]);
  }),
  row_dot: dot,
  add_bias: addBias,
  dense: translation<{ activation?: string }>((g, [x, weight, bias], { attributes: { activation } }) =>
    activate(g, affine(g, x, weight, bias), activation)
  ),
  dense_beside: (g, [x, w0, b0, w1, b1]) => g.concat([affine(g, x, w0, b0), affine(g, x, w1, b1)], -1),
  matmul: (g, [a, b]) => g.op("MatMul", [a, b]),
  batch_matmul: translation<{ a: boolean; b: boolean }>((g, [a, b], { attributes }) =>
    g.op("MatMul", [transposed(g, a, attributes.a), transposed(g, b, attributes.b)])
  ),
  grouped_matmul: grouped,
  activation: translation<{ activation?: string }>((g, [x], { attributes: { activation } }) =>
    activate(g, x, activation)
  ),
  gelu: (g, [x]) => {
    const share = g.op("Erf", [g.op("Mul", [x, Math.SQRT1_2])]);
    return g.op("Mul", [g.op("Mul", [x, 0.5]), g.op("Add", [share, 1])]);
  },
  silu: (g, [x]) => silu(g, x),
  prelu: (g, [x, slope]) => g.op("PRelu", [x, slope]),
  sigmoid_gate: (g, [x, z]) => g.op("Mul", [g.op("Mul", [x, 2]), g.op("Sigmoid", [z])]),
  softmax: (g, [x]) => g.op("Softmax", [x], { axis: -1 }),
  logarithm: translation<number>((g, [x], { attributes: least }) =>
    g.op("Log", [g.op("Max", [g.op("Abs", [x]), least])])
  ),
  exponential: (g, [x]) => g.op("Exp", [x]),
  polar: (g, [x, y]) => {
    const square = total(g, [g.op("Mul", [x, x]), g.op("Mul", [y, y]), g.floats([1e-8], [])]);
    return [g.op("Mul", [g.op("Log", [square]), 0.5]), angleOf(g, x, y)];
  },
  cartesian: (g, [logRadius, angle]) => {
    const radius = g.op("Exp", [logRadius]);
    return ["Cos", "Sin"].map((part) => g.op("Mul", [radius, g.op(part, [angle])]));
  },
  product_logit: productLogit,
  expert_mixture: translation(mixExperts),
  mixture: translation(mixture),
  gated_experts: (g, [z, c], { shapes: [shape], outputs }) => {
    const gates = g.op("Softmax", [z], { axis: -1 });
    const experts = g.reshape(g.op("Tanh", [c]), ["B", sizeAt(shape, 1), widthOf(outputs[0]) / sizeAt(shape, 1)]);
    return [g.reshape(g.op("Mul", [g.unsqueeze(gates, 2), experts]), outputs[0]), gates];
  },
  distilled_mean: (g, [a, b]) => g.op("Mul", [g.op("Add", [a, b]), 0.5]),
  supervised_mean: (g, [a, b]) => g.op("Mul", [g.op("Add", [a, b]), 0.5]),
};
