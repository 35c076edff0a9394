/**
 * Normalizations by running statistics or by a row's own, and layers by group of rows.
 *
 * @module
 */
import { widthOf } from "../../../graph/tensor.ts";
import type { OnnxGraph, Value } from "../graph.ts";
import { affine } from "./dense.ts";
import { type Call, sizeAt, translation, type Translations } from "../translation.ts";

interface Eps {
  readonly eps: number;
}

/** Computes gain (x - mean) / sqrt(variance + eps) + bias. */
export function normalize(
  g: OnnxGraph,
  x: Value,
  [gain, bias, mean, variance]: readonly Value[],
  eps: number,
): Value {
  const spread = g.op("Sqrt", [g.op("Add", [variance, eps])]);
  const even = g.op("Div", [g.op("Sub", [x, mean]), spread]);
  return g.op("Add", [g.op("Mul", [even, gain]), bias]);
}

/** Normalizes rows of the last size by their own mean and variance. */
export function layerNorm(g: OnnxGraph, x: Value, gain: Value, bias: Value, eps: number): Value {
  return g.op("LayerNormalization", [x, gain, bias], { axis: -1, epsilon: eps });
}

/** Parameters of `[F, N]` go with fields, which LayerNormalization does not know. */
function layerNormOf(
  g: OnnxGraph,
  [x, gain, bias]: readonly Value[],
  { attributes: eps, shapes: [shape, own] }: Call<number>,
): Value {
  if (own.length === 1) return layerNorm(g, x, gain, bias, eps);
  const width = sizeAt(shape, -1);
  const plain = layerNorm(g, x, g.floats(Array(width).fill(1)), g.floats(Array(width).fill(0)), eps);
  const [wide, shift] = [gain, bias].map((value) => g.reshape(value, shape.slice(1)));
  return g.op("Add", [g.op("Mul", [plain, wide]), shift]);
}

/** Bends shared weights and biases by those of each group; `alone` puts a group of the shared ones before them. */
function star(
  g: OnnxGraph,
  [sharedW, ownW, sharedB, ownB]: readonly Value[],
  { attributes: { alone } }: Call<{ alone: boolean }>,
): Value[] {
  const pairs = [["Mul", sharedW, ownW], ["Add", sharedB, ownB]] as const;
  return pairs.map(([how, shared, own]) => {
    const bent = g.op(how, [own, shared]);
    return alone ? g.concat([g.unsqueeze(shared, 0), bent], 0) : bent;
  });
}

/** Translations of the ops in `src/ops/dense/` that normalize, or take parameters by group of rows. */
export const normalization: Translations = {
  batch_norm: translation<Eps>((g, [x, ...parameters], { attributes: { eps } }) => normalize(g, x, parameters, eps)),
  channel_norm: translation<Eps>((g, [x, ...parameters], { attributes: { eps }, shapes: [shape, own] }) => {
    const channels = widthOf(own);
    const rows = g.reshape(x, ["B", channels, widthOf(shape) / channels]);
    const columns = parameters.map((parameter) => g.unsqueeze(parameter, 1));
    return g.reshape(normalize(g, rows, columns, eps), shape);
  }),
  dice: translation<Eps>((g, [x, slope, mean, variance], { attributes: { eps } }) => {
    const spread = g.op("Sqrt", [g.op("Add", [variance, eps])]);
    const share = g.op("Sigmoid", [g.op("Div", [g.op("Sub", [x, mean]), spread])]);
    const rest = g.op("Mul", [g.op("Sub", [g.floats([1], []), share]), slope]);
    return g.op("Mul", [x, g.op("Add", [share, rest])]);
  }),
  layer_norm: translation(layerNormOf),
  rms_norm: translation<number>((g, [x, gain], { attributes: eps }) => {
    const square = g.mean(g.op("Mul", [x, x]), [-1], true);
    return g.op("Mul", [g.op("Div", [x, g.op("Sqrt", [g.op("Add", [square, eps])])]), gain]);
  }),
  partition_norm: translation<Eps>((g, [x, ...rest], { attributes: { eps } }) => {
    const groups = g.reshape(rest[4], ["B"]);
    const own = rest.slice(0, 4).map((value) => g.op("Gather", [value, groups], { axis: 0 }));
    return normalize(g, x, own, eps);
  }),
  star_parameters: translation(star),
  cluster_routing: (g, [x, centers]) =>
    g.op("ArgMax", [g.op("MatMul", [x, g.transpose(centers, 1, 0)])], { axis: 1, keepdims: 0 }),
  // Sorting rows by group is how kernels share work: here the group of each row stands for it.
  row_groups: (g, [groups]) => {
    const own = g.reshape(groups, ["B"]);
    return [own, own];
  },
  group_dense: (g, [x, w, bias, groups]) => {
    const [matrices, shifts] = [w, bias].map((value) => g.op("Gather", [value, groups], { axis: 0 }));
    return g.op("Add", [g.squeeze(affine(g, g.unsqueeze(x, 1), matrices), 1), shifts]);
  },
};
