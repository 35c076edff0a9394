import { finalnet, type FinalnetOptions } from "../../models/mod.ts";
import {
  type Batch,
  batchNorm,
  concat,
  dense,
  embed,
  map,
  type Matrix,
  relu,
  sigmoid,
  type Weights,
  zip,
} from "../reference/nn.ts";
import { AWKWARD_SHAPES, checkModel, crossEntropy } from "./check_model.ts";

function block(x: Matrix, weights: Weights, name: string, batch: Batch, residual: string): Matrix {
  let h = x;
  for (let i = 0; weights[`${name}.${i}.weight`]; i++) {
    const z = dense(h, weights, `${name}.${i}`);
    const half = z[0].length / 2;
    const [a, b] = [z.map((row) => row.slice(0, half)), z.map((row) => row.slice(half))];
    const product = zip((a, b) => a * b, a, b);
    const y = residual === "fold" ? zip((a, p) => a + p, a, product) : concat(a, product);
    const normed = weights[`${name}.${i}.bn.weight`] ? batchNorm(y, weights, `${name}.${i}.bn`, batch.training) : y;
    h = map(normed, relu);
  }
  return h;
}

function streams(weights: Weights, batch: Batch, { dim = 0, gate, residual = "join" }: FinalnetOptions): Matrix[] {
  const e = embed(batch.ids, weights.embedding, dim);
  const fields = e[0].length / dim;
  const gated = gate
    ? e.map((row) =>
      row.map((value, n) => {
        let sum = weights["field_gate.bias"][Math.floor(n / dim)];
        for (let f = 0; f < fields; f++) {
          sum += weights["field_gate.weight"][f * fields + Math.floor(n / dim)] * row[f * dim + n % dim];
        }
        return value * sum;
      })
    )
    : e;
  const y1 = dense(block(gate ? concat(e, gated) : e, weights, "block1", batch, residual), weights, "top1");
  if (!weights["top2.weight"]) return [y1];
  return [y1, dense(block(e, weights, "block2", batch, residual), weights, "top2")];
}

function mean([first, second = first]: Matrix[]): Matrix {
  return zip((a, b) => (a + b) / 2, first, second);
}

function column(x: Matrix): number[] {
  return x.map(([value]) => value);
}

for (const shape of AWKWARD_SHAPES) {
  // One row has no variance to normalize by.
  const batchNorm = shape.rows > 1;
  for (const residual of ["join", "fold"] as const) {
    const options = { dim: shape.dim, hidden1: [6, 4], hidden2: [4], gate: true, residual, batchNorm };
    Deno.test(`finalnet with 2 blocks, halves by ${residual}, equals float64 for ${JSON.stringify(shape)}`, () => {
      // The probability that both streams learn from is a constant to the gradient: it is taken before anything moves.
      let constant: number[] | undefined;
      return checkModel(finalnet(options), shape, (weights, batch) => mean(streams(weights, batch, options)), {
        rtol: 5e-5,
        loss: (weights, batch, labels) => {
          constant ??= column(mean(streams(weights, batch, options))).map(sigmoid);
          const both = streams(weights, batch, options);
          const learned = both.map((y) => crossEntropy(column(y), constant!));
          return crossEntropy(column(mean(both)), labels) + learned[0] + learned[1];
        },
      });
    });
  }
  const single = { dim: shape.dim, hidden1: [6, 4], hidden2: [], gate: false, batchNorm };
  Deno.test(`finalnet with 1 block equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(finalnet(single), shape, (weights, batch) => mean(streams(weights, batch, single)), { rtol: 5e-5 }));
}
