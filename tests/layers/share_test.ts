import { add, columns, embedding, flatten, linear, mlp, rowDot, selectFields } from "../../src/layers/mod.ts";
import { batchNorm, dense, dropout, type Input, share, type Tensor } from "../../src/layers/mod.ts";
import { defineModel, type Definition } from "../../src/definition.ts";
import { Graph } from "../../src/graph/graph.ts";
import { logitBiases } from "../../src/trainer/start_bias.ts";
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { schemaOf } from "../datasets.ts";
import { checkModel, type ModelShape } from "../models/check_model.ts";
import { type Batch, embed, map, type Matrix, mlp as mlpOf, plus, times, type Weights } from "../reference/nn.ts";

/** Two halves of the embeddings through one network; logit = b + sum of w_f + <MLP(left), MLP(right)>. */
function towers(dim: number, norm = false): Definition {
  return defineModel("towers", (x) => {
    const tower = share((e: Tensor) => mlp(e, [5, 3], { batchNorm: norm }));
    const e = flatten(embedding(x, dim));
    const half = Number(e.shape[1]) / 2;
    return add(linear(x), rowDot(tower(columns(e, 0, half)), tower(columns(e, half, half))));
  })();
}

function sumRows(x: Matrix): Matrix {
  return x.map((row) => Float64Array.of(row.reduce((sum, value) => sum + value, 0)));
}

function reference(weights: Weights, batch: Batch, dim: number): Matrix {
  const e = embed(batch.ids, weights.embedding, dim);
  const half = e[0].length / 2;
  const [left, right] = [0, half].map((first) =>
    mlpOf(e.map((row) => row.subarray(first, first + half)), weights, "mlp", { batch })
  );
  const linear = map(sumRows(embed(batch.ids, weights.linear, 1)), (sum) => sum + weights["linear.bias"][0]);
  return plus(linear, sumRows(times(left, right)));
}

const SHAPES: readonly ModelShape[] = [
  { fields: 2, dim: 1, rows: 1 },
  { fields: 4, dim: 4, rows: 37 },
  { fields: 2, dim: 17, rows: 5 },
];

for (const shape of SHAPES) {
  Deno.test(`two towers of one network equal float64, their gradients add up: ${JSON.stringify(shape)}`, () =>
    checkModel(towers(shape.dim), shape, (weights, batch) => reference(weights, batch, shape.dim)));
}

Deno.test("two towers normalize each batch by itself with one scale and shift", () =>
  checkModel(towers(4, true), SHAPES[1], (weights, batch) => reference(weights, batch, 4)));

Deno.test("parameters of a shared layer exist once, beside those of other layers", () => {
  const graph = new Graph("train");
  const [x, y] = [graph.input("x", ["B", 6]), graph.input("y", ["B", 6])];
  const block = share((z: Tensor) => batchNorm(mlp(z, [6])));
  const outer = share((z: Tensor) => block(dense(z, 6)));
  const inside = share((z: Tensor) => share((h: Tensor) => dense(h, 6))(z));
  for (const z of [x, y]) {
    outer(z);
    inside(z);
    block(z);
  }
  dense(x, 6);
  const names = [...graph.declarations.parameters.keys()].filter((name) => /weight$/.test(name));
  assertEquals(names, ["dense.weight", "mlp.0.weight", "bn.weight", "dense_1.weight", "dense_2.weight"]);
});

Deno.test("each call of a shared layer draws and exposes by itself, and each trace has names of its own", () => {
  const layer = share((z: Tensor) => {
    z.graph.expose("hidden", z);
    return dropout(dense(z, 4), 0.5);
  });
  for (let trace = 0; trace < 2; trace++) {
    const graph = new Graph("train");
    layer(graph.input("x", ["B", 4]));
    layer(graph.input("y", ["B", 4]));
    const salts = graph.nodes.filter(({ op }) => op.name === "dropout").map(({ attributes }) =>
      JSON.stringify(attributes)
    );
    assertEquals(salts.length, 2);
    assertNotEquals(salts[0], salts[1]);
    assertEquals([...graph.exposed.keys()], ["hidden", "hidden_1"]);
    assertEquals([...graph.declarations.parameters.keys()], ["dense.weight", "dense.bias"]);
  }
});

Deno.test("calls of a shared layer that are built otherwise are refused", () => {
  const graph = new Graph("train");
  const [x, wide] = [graph.input("x", ["B", 4]), graph.input("wide", ["B", 6])];
  const byWidth = share((z: Tensor) => dense(z, 3));
  byWidth(x);
  assertThrows(() => byWidth(wide), TypeError, 'Cannot declare "dense.weight": it has shape [4,3], received [6,3]');
  const layer = share((z: Tensor, names: string[]) => names.reduce((h, name) => dense(h, 4, { name }), z));
  layer(x, ["a", "b"]);
  const alike = "Cannot share a layer: its calls must be built alike, expected";
  assertThrows(() => layer(x, ["a", "c"]), TypeError, `${alike} "b", received "c"`);
  assertThrows(() => layer(x, ["a"]), TypeError, `${alike} "b", received nothing`);
  assertThrows(() => layer(x, ["a", "b", "c"]), TypeError, `${alike} no further layer, received "c"`);
  layer(x, ["a", "b"]);
  assertEquals([...graph.declarations.parameters.keys()].filter((name) => /^[a-c]/.test(name)), [
    "a.weight",
    "a.bias",
    "b.weight",
    "b.bias",
  ]);
});

/** Both fields through one tower over one table of rows, which each call looks up. */
function sharedTable(dim: number): Definition {
  return defineModel("shared_table", (x) => {
    const tower = share((z: Input) => mlp(flatten(embedding(z, dim)), [3, 1]));
    return add(tower(selectFields(x, ["f0"])), tower(selectFields(x, ["f1"])));
  })();
}

Deno.test("a table in a shared layer gets the gradients of all its lookups", () => {
  return checkModel(sharedTable(4), { fields: 2, dim: 4, rows: 37 }, (weights, { ids, ...batch }) => {
    const logits = ids[0].map((_, f) => {
      // Each call counts rows from the first of its field, which has four.
      const own = ids.map((row) => [row[f] - 4 * f]);
      return mlpOf(embed(own, weights.embedding, 4), weights, "mlp", { batch: { ids, ...batch } });
    });
    return plus(logits[0], logits[1]);
  });
});

Deno.test("a bias that is added to the logits twice does not start at the log-odds", () => {
  const { fields, rowCount, hasValues } = schemaOf([4, 4]);
  const twice = defineModel("twice", (x) => {
    const tower = share((e: Tensor) => mlp(e, [3, 1]));
    const e = flatten(embedding(x, 4));
    return add(tower(columns(e, 0, 4)), tower(columns(e, 4, 4)));
  });
  assertEquals(logitBiases(twice(), { fields, rowCount, hasValues }), []);
});

Deno.test("an exposed tensor keeps its name beside a layer of that name", () => {
  const graph = new Graph("predict");
  const y = dense(graph.input("x", ["B", 3]), 2, { name: "attention" });
  graph.expose("attention", y);
  assertEquals([...graph.exposed.keys()], ["attention"]);
});
