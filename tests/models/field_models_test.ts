import { afn } from "../../models/afn.ts";
import { ccpm } from "../../models/ccpm.ts";
import { xdeepfm } from "../../models/xdeepfm.ts";
import { cinReference, poolReference } from "../reference/cin.ts";
import { convolutionReference } from "../reference/field_convolution.ts";
import { largest, poolColumns } from "../reference/field_pooling.ts";
import { batchNorm, concat, dense, embed, map, type Matrix, mlp, plus, relu } from "../reference/nn.ts";
import type { Batch, Weights } from "../reference/nn.ts";
import { AWKWARD_SHAPES, checkModel } from "./check_model.ts";

const flat = (rows: Matrix): Float64Array => Float64Array.from(rows.flatMap((row) => [...row]));

/** Cuts numbers into `count` rows. */
function matrix(numbers: Float64Array, count: number): Matrix {
  const width = numbers.length / count;
  return Array.from({ length: count }, (_, b) => numbers.slice(b * width, (b + 1) * width));
}

function xdeepfmReference(weights: Weights, batch: Batch, dim: number, relu: boolean): Matrix {
  const rows = batch.ids.length;
  const fields = batch.ids[0].length;
  const e = embed(batch.ids, weights.embedding, dim);
  const first = embed(batch.ids, weights.linear, 1).map((row) => Float64Array.of(row.reduce((a, b) => a + b)));
  const pooled: Matrix[] = [];
  let x = flat(e);
  for (let k = 0; weights[`cin.${k}.weight`]; k++) {
    const { [`cin.${k}.weight`]: w, [`cin.${k}.bias`]: bias } = weights;
    const sizes = { left: x.length / (rows * dim), right: fields, outs: bias.length, dim };
    x = cinReference({ x, y: flat(e), w, bias }, sizes, relu);
    pooled.push(matrix(poolReference(x, dim), rows));
  }
  return plus(first, dense(concat(...pooled), weights, "cin_top"), mlp(e, weights, "mlp", { batch }));
}

/** Normalizes channels, which are the columns of rows for each number of a channel. */
function channelNorm(x: Matrix, weights: Weights, name: string, channels: number, training: boolean): Matrix {
  const length = x[0].length / channels;
  const columns = x.flatMap((row) =>
    Array.from(
      { length },
      (_, l) => Float64Array.from({ length: channels }, (_, c) => row[c * length + l]),
    )
  );
  const normal = batchNorm(columns, weights, name, training);
  return x.map((row, b) => row.map((_, i) => normal[b * length + i % length][Math.floor(i / length)]));
}

function afnReference(weights: Weights, batch: Batch, dim: number): Matrix {
  const fields = batch.ids[0].length;
  const e = embed(batch.ids, weights.embedding, dim);
  const logs = channelNorm(
    map(e, (value) => Math.log(Math.max(Math.abs(value), 1e-5))),
    weights,
    "log_bn",
    fields,
    batch.training,
  );
  const powers = weights["neurons.powers"];
  const neurons = powers.length / fields;
  const sums = logs.map((row) =>
    Float64Array.from({ length: neurons * dim }, (_, i) => {
      let sum = 0;
      for (let f = 0; f < fields; f++) sum += powers[f * neurons + Math.floor(i / dim)] * row[f * dim + i % dim];
      return sum;
    })
  );
  const even = channelNorm(map(sums, Math.exp), weights, "neurons.bn", neurons, batch.training);
  const logit = mlp(map(dense(even, weights, "neurons"), relu), weights, "mlp", { batch });
  if (!weights["top.weight"]) return logit;
  const deep = mlp(embed(batch.ids, weights.deep_embedding, dim), weights, "deep", { batch });
  return dense(concat(logit, deep), weights, "top");
}

function ccpmReference(weights: Weights, batch: Batch, dim: number, kernels: number[]): Matrix {
  const fields = batch.ids[0].length;
  const count = batch.ids.length;
  let maps = flat(embed(batch.ids, weights.embedding, dim));
  let [channels, rows] = [1, fields];
  kernels.forEach((kernel, i) => {
    const { [`conv.${i}.weight`]: w, [`conv.${i}.bias`]: bias } = weights;
    const sizes = { channels, rows, kernel, outs: bias.length, padding: kernel - 1, dim };
    const wide = rows + kernel - 1;
    const share = 1 - ((i + 1) / kernels.length) ** (kernels.length - i - 1);
    const to = Math.min(wide, i + 1 < kernels.length ? Math.max(3, Math.floor(share * fields)) : 3);
    const z = convolutionReference(maps, w, bias, sizes);
    maps = poolColumns(z, { rows: wide, to, dim }, (column) => largest(column, to)).map(Math.tanh);
    [channels, rows] = [bias.length, to];
  });
  return dense(matrix(maps, count), weights, "top");
}

for (const shape of AWKWARD_SHAPES) {
  const { dim } = shape;
  const label = JSON.stringify(shape);
  for (const cinActivation of ["none", "relu"] as const) {
    const options = { dim, hidden: [5, 3], cin: [6, 5, 3], cinActivation };
    Deno.test(`xdeepfm of three layers, activation ${cinActivation}, equals float64 for ${label}`, () =>
      checkModel(xdeepfm(options), shape, (w, batch) => xdeepfmReference(w, batch, dim, cinActivation === "relu")));
  }
  for (const deep of [[], [4, 3]]) {
    const options = { dim, neurons: 6, hidden: [5, 3], deep };
    Deno.test(`afn ${deep.length > 0 ? "with a deep network " : ""}equals float64 for ${label}`, () =>
      checkModel(afn(options), shape, (w, batch) => afnReference(w, batch, dim), { rtol: 1e-4 }));
  }
  const kernels = [3, 2];
  Deno.test(`ccpm equals float64 for ${label}`, () =>
    checkModel(ccpm({ dim, channels: [3, 2], kernels }), shape, (w, batch) => ccpmReference(w, batch, dim, kernels)));
}
