import { onetrans, type OnetransOptions } from "../../models/mod.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { sequence } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { assertRejects } from "@std/assert";
import { schemaOf } from "../datasets.ts";
import { type Batch, dense, embed, map, type Matrix, plus, type Weights } from "../reference/nn.ts";
import { gelu } from "../reference/pointwise.ts";
import { gpu } from "../support.ts";
import { checkModel, type ModelShape } from "./check_model.ts";

const HEADS = 2;

/** Tokens of one row of a batch; those from `first` on have weights of their own. */
interface List {
  readonly x: Matrix;
  readonly first: number;
}

function product({ x, first }: List, weights: Weights, name: (kind: string) => string): Matrix {
  const own = weights[`${name("tokens")}.weight`];
  const size = own.length / (x.length - first);
  return x.map((row, t) => {
    if (t < first) return dense([row], weights, name("history"))[0];
    return dense([row], { "w.weight": own.subarray((t - first) * size, (t - first + 1) * size) }, "w")[0];
  });
}

function rms(x: Matrix, scale: (t: number) => Float64Array): Matrix {
  return x.map((row, t) => {
    const mean = row.reduce((sum, value) => sum + value * value, 0) / row.length;
    return row.map((value, n) => scale(t)[n] * value / Math.sqrt(mean + 1e-6));
  });
}

/** Each token attends to itself and all before it. */
function attention(qkv: Matrix, width: number): Matrix {
  const size = width / HEADS;
  return qkv.map((row, i) =>
    Float64Array.from({ length: width }, (_, c) => {
      const head = Math.floor(c / size) * size;
      const weights = qkv.slice(0, i + 1).map((other) => {
        let dot = 0;
        for (let d = 0; d < size; d++) dot += row[head + d] * other[width + head + d];
        return Math.exp(dot / Math.sqrt(size));
      });
      const sum = weights.reduce((a, b) => a + b);
      return weights.reduce((total, weight, j) => total + weight / sum * qkv[j][2 * width + c], 0);
    })
  );
}

function block({ x, first }: List, weights: Weights, prefix: string, kept: number): List {
  const name = (part: string) => (kind: string): string => `${prefix}.${kind}.${part}`;
  const isLast = weights[`${name("out")("history")}.weight`] === undefined;
  const norm = (x: Matrix, first: number, part: string): Matrix =>
    rms(x, (t) => weights[`${name(part)(t < first ? "history" : "tokens")}.weight`]);
  const o = attention(product({ x: norm(x, first, "rms1"), first }, weights, name("qkv")), x[0].length);
  const dropped = isLast ? first : Math.max(0, first - kept);
  const rest = first - dropped;
  const z = plus(x.slice(dropped), product({ x: o.slice(dropped), first: rest }, weights, name("out")));
  const hidden = map(product({ x: norm(z, rest, "rms2"), first: rest }, weights, name("ffn.0")), gelu);
  return { x: plus(z, product({ x: hidden, first: rest }, weights, name("ffn.1"))), first: rest };
}

function reference(
  weights: Weights,
  { ids, events }: Batch,
  options: OnetransOptions,
  kept: readonly number[],
): Matrix {
  const { dim = 0, width = 0 } = options;
  const fields = dense(embed(ids, weights.embedding, dim), weights, "tokens");
  const flat = fields.map((all, b) => {
    const items = embed(events![b], weights.embedding, dim).map((item) => dense([item], weights, "history")[0]);
    const tokens = Array.from({ length: all.length / width }, (_, t) => all.subarray(t * width, (t + 1) * width));
    let list: List = { x: [...items, ...tokens], first: items.length };
    kept.forEach((count, l) => list = block(list, weights, l === 0 ? "mixed" : `mixed_${l}`, count));
    return Float64Array.from(rms(list.x, () => weights["rms.weight"]).flatMap((row) => [...row]));
  });
  return dense(flat, weights, "top");
}

const cases: [ModelShape, OnetransOptions, number[]][] = [
  [{ fields: 2, places: 4, dim: 2, rows: 5 }, { tokens: 2, width: 4, layers: 1 }, [4]],
  [{ fields: 3, places: 5, dim: 3, rows: 5 }, { tokens: 3, width: 6, layers: 3, latest: 1, feedForward: 5 }, [5, 3, 1]],
];
for (const [shape, sizes, kept] of cases) {
  const options = { dim: shape.dim, heads: HEADS, ...sizes };
  Deno.test(`onetrans with ${sizes.layers} blocks equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(onetrans(options), shape, (weights, batch) => reference(weights, batch, options, kept), { rtol: 5e-5 }));
}

Deno.test("onetrans refuses a second history", async () => {
  const device = await gpu();
  const { label, missing, fields } = schemaOf([3, 4]);
  const sequences = ["f0", "f1"].map((of) => ({ feature: sequence(`of_${of}`, { of, maxLength: 3 }) }));
  const schema = new FittedSchema({ declared: { label }, missing, fields, sequences });
  const refusal = "the schema must have one history, received 2";
  await assertRejects(() => Model.create(onetrans(), schema, { device }), RangeError, refusal);
});
