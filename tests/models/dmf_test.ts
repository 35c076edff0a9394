import { dmf, type DmfOptions } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { assertEquals, assertNotEquals } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { bucketOf } from "../reference/buckets.ts";
import { type Batch, concat, dense, embed, type Matrix, mlp, plus, type Weights } from "../reference/nn.ts";
import { gpu } from "../support.ts";
import { checkModel, type ModelShape } from "./check_model.ts";

/** Attention whose keys and values are made for each item, from its embedding and its bucket. */
function attended(target: Float64Array, items: Matrix, buckets: readonly number[], weights: Weights): Float64Array {
  const [query] = dense([target], weights, "attention.q");
  const units = query.length;
  const keys = items.map((item, t) => {
    // Weights of keys lie turned: units by columns of an item, and units by buckets.
    const [ofItem, ofBucket] = [weights["attention.k.weight"], weights["attention.bucket_k.weight"]];
    const count = ofBucket.length / units;
    return query.map((_, a) =>
      item.reduce((sum, value, n) => sum + ofItem[a * item.length + n] * value, ofBucket[a * count + buckets[t]])
    );
  });
  const values = items.map((item, t) => {
    const [value] = dense([item], weights, "attention.v");
    return value.map((number, a) => number + weights["attention.bucket_v.weight"][buckets[t] * units + a]);
  });
  const scores = keys.map((key) => Math.exp(key.reduce((sum, k, a) => sum + k * query[a], 0) / Math.sqrt(units)));
  const total = scores.reduce((a, b) => a + b, 0);
  return query.map((_, a) => values.reduce((sum, value, t) => sum + scores[t] / total * value[a], 0));
}

function reference(weights: Weights, batch: Batch, options: DmfOptions): Matrix {
  const { dim = 0, modalDim = 0, buckets: count = 0, share = 0.5 } = options;
  const e = embed(batch.ids, weights.embedding, dim);
  const given = embed(batch.ids, weights.modal, modalDim);
  const parts = e.map((row, b) => {
    const items = embed(batch.events![b], weights.embedding, dim);
    const target = given[b].subarray(0, 2 * modalDim);
    const buckets = embed(batch.events![b], weights.modal, modalDim).map((item) => bucketOf(target, item, count));
    const histogram = new Float64Array(count);
    for (const bucket of buckets) histogram[bucket]++;
    return [attended(row.subarray(0, 2 * dim), items, buckets, weights), histogram];
  });
  const interest = (part: number, name: string, factor: number): Matrix =>
    mlp(parts.map((row) => row[part]), weights, name, { batch, hiddenOnly: true }).map((row) =>
      row.map((value) => factor * value)
    );
  return mlp(concat(e, plus(interest(0, "enriched", share), interest(1, "centric", 1 - share))), weights, "mlp", {
    batch,
  });
}

const cases: [ModelShape, DmfOptions][] = [
  [{ fields: 2, places: 1, dim: 1, rows: 4 }, { modalDim: 2, buckets: 1, units: 1, interest: 1 }],
  [{ fields: 3, places: 7, dim: 3, rows: 13 }, { modalDim: 4, buckets: 5, units: 4, interest: 3, share: 0.3 }],
  [{ fields: 2, places: 4, dim: 17, rows: 5 }, { modalDim: 1, buckets: 8, units: 6, interest: 2 }],
];
for (const [shape, sizes] of cases) {
  const options = { dim: shape.dim, hidden: [5], ...sizes };
  Deno.test(`dmf with ${sizes.buckets} buckets equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(dmf(options), shape, (weights, batch) => reference(weights, batch, options), { rtol: 5e-5 }));
}

Deno.test("dmf keeps the vectors that it was given, and predicts by them", async () => {
  const schema = withHistory(schemaOf([9, 4, 5]), 8);
  const data = drawDataset(schema, 40, 1);
  const definition = dmf({ dim: 3, modalDim: 2, hidden: [4] });
  await using model = await Model.create(definition, schema, { device: await gpu(), seed: 5 });
  const { modal } = await model.parameters();
  const before = await model.predict(data);
  modal.data = Float32Array.from(modal.data as Float32Array, (_, i) => Math.cos(i));
  model.setParameters({ modal });
  assertNotEquals(await model.predict(data), before);
  await model.fit(data, { epochs: 2, batchSize: 10, optimizer: adam({ lr: 0.1 }) });
  assertEquals((await model.parameters()).modal.data, modal.data);
});
