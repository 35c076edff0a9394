import { star } from "../../models/mod.ts";
import { categorical, Model, numeric, sgd } from "../../mod.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { drawDataset, schemaOf } from "../datasets.ts";
import { bend, groupDense, partitionNorm } from "../reference/domains.ts";
import {
  type Batch,
  batchNorm,
  concat,
  embed,
  map,
  type Matrix,
  mlp,
  plus,
  relu,
  type Weights,
} from "../reference/nn.ts";
import { assertClose, gpu } from "../support.ts";
import { checkModel } from "./check_model.ts";

function flat(x: Matrix): Float64Array {
  return Float64Array.from(x.flatMap((row) => [...row]));
}

function rowsOf(values: Float64Array, columns: number): Matrix {
  return Array.from({ length: values.length / columns }, (_, b) => values.slice(b * columns, (b + 1) * columns));
}

/** Parameters of a layer by group, the shared ones of group 0 first. */
function bent(weights: Weights, prefix: string, layer = ""): [Float64Array, Float64Array] {
  const part = (whose: string, kind: string) => weights[`${prefix}.${whose}${layer}.${kind}`];
  return [
    bend(part("shared", "weight"), part("own", "weight"), "times", true),
    bend(part("shared", "bias"), part("own", "bias"), "plus", true),
  ];
}

/** The first field, whose rows come first in the flat row space, is the domain. */
function reference(dim: number): (weights: Weights, batch: Batch) => Matrix {
  return (weights, batch) => {
    const e = embed(batch.ids, weights.embedding, dim);
    const columns = e[0].length;
    const groups = Float64Array.from(batch.ids, ([domain]) => domain);
    const [gain, shift] = bent(weights, "norm");
    const [mean, variance] = [weights["norm.mean"], weights["norm.variance"]];
    const normed = partitionNorm(
      { x: flat(e), gain, bias: shift, mean, variance, groups },
      { columns, rows: e.length, training: batch.training },
    );
    let h = rowsOf(normed, columns);
    for (let i = 0; weights[`star.own.${i}.bias`]; i++) {
      const [w, bias] = bent(weights, "star", `.${i}`);
      const sizes = { inputs: h[0].length, outputs: weights[`star.shared.${i}.bias`].length };
      const z = rowsOf(groupDense({ x: flat(h), w, bias, groups }, sizes), sizes.outputs);
      h = weights[`star.own.${i + 1}.bias`] ? map(z, relu) : z;
    }
    const indicator = embed(batch.ids.map(([domain]) => [domain]), weights.domain, dim);
    return plus(h, mlp(concat(indicator, e), weights, "auxiliary", { batch }));
  };
}

const sizes = { hidden: [5, 3], auxiliary: [4] };

for (
  const shape of [
    { fields: 1, dim: 1, rows: 1 },
    { fields: 3, dim: 4, rows: 37 },
    // Of four domains, the unseen one included, a batch of three rows lacks one.
    { fields: 2, dim: 5, rows: 3 },
  ]
) {
  Deno.test(`star matches its reference and central differences: ${JSON.stringify(shape)}`, () =>
    checkModel(star({ ...sizes, dim: shape.dim, domain: "f0" }), shape, reference(shape.dim)));
}

Deno.test("star without a domain is a network behind batch norm", () =>
  checkModel(
    star({ ...sizes, dim: 4 }),
    { fields: 3, dim: 4, rows: 37 },
    (weights, batch) => {
      const e = batchNorm(embed(batch.ids, weights.embedding, 4), weights, "bn", batch.training);
      return mlp(e, weights, "mlp", { batch });
    },
  ));

Deno.test("statistics of a domain follow its rows, those of unseen domains all rows, those without rows stay", async () => {
  const schema = schemaOf([4, 5], ["domain", "other"]);
  const drawn = drawDataset(schema, 40, 3);
  const data = drawn.select(Uint32Array.from(drawn.labels.keys()).filter((row) => drawn.ids[row] !== 2));
  const dim = 2;
  await using model = await Model.create(star({ ...sizes, dim, domain: "domain" }), schema, { device: await gpu() });
  const before = await model.parameters();
  const rules = { optimizer: sgd({ lr: 1e-3 }), unseenShare: 0, initialBias: "keep" } as const;
  await model.fit(data, { batchSize: data.rows, epochs: 1, ...rules });
  const after = await model.parameters();
  const table = Float64Array.from(before.embedding.data as Float32Array);
  const ids = Array.from({ length: data.rows }, (_, b) => [data.ids[b], data.ids[data.rows + b]]);
  for (let g = 0; g < 4; g++) {
    const e = embed(g === 0 ? ids : ids.filter(([domain]) => domain === g), table, dim);
    for (let n = 0; n < 2 * dim; n++) {
      const at = g * 2 * dim + n;
      const mean = e.reduce((sum, row) => sum + row[n], 0) / e.length;
      const variance = e.reduce((sum, row) => sum + (row[n] - mean) ** 2, 0) / (e.length - 1);
      const expected = g === 2 ? [0, 1] : [0.1 * mean, 0.9 + 0.1 * variance];
      const actual = [after["norm.mean"].data[at], after["norm.variance"].data[at]].map(Number);
      assertClose(actual, expected, `domain ${g}, column ${n}`, { rtol: 1e-5, atol: 1e-9 });
    }
  }
});

Deno.test("a row's prediction by star does not depend on the other rows", async () => {
  const schema = schemaOf([4, 5], ["domain", "other"]);
  const data = drawDataset(schema, 50, 5);
  await using model = await Model.create(star({ ...sizes, dim: 4, domain: "domain" }), schema, { device: await gpu() });
  await model.fit(data, { batchSize: 20, epochs: 1, optimizer: sgd({ lr: 0.1 }) });
  const all = await model.predict(data);
  assertEquals(await model.predict(data.slice(7, 18)), all.slice(7, 18));
});

Deno.test("star refuses a domain that is numeric or no feature", async () => {
  const schema = new FittedSchema({
    declared: { label: "label" },
    missing: [""],
    fields: [
      { feature: categorical("shop"), missing: false, vocabulary: ["a"] },
      { feature: numeric("price"), missing: true, scaling: { scale: "none", center: 0, spread: 1 } },
    ],
  });
  const device = await gpu();
  const create = (domain: string) => Model.create(star({ ...sizes, domain }), schema, { device });
  await assertRejects(() => create("price"), RangeError, 'must be categorical, received "price"');
  await assertRejects(() => create("market"), RangeError, 'received "market"');
});
