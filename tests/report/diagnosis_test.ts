import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { diagnose, diagnoseUnits } from "../../src/report/mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gpu } from "../support.ts";

const data = readRows(
  Array.from({ length: 240 }, (_, i) => ({
    click: Number((i * 5) % 7 < 3),
    user: `u${(i * 5) % 7}`,
    ad: `a${i % 12}`,
    price: i % 13,
  })),
  { label: "click", features: [categorical("user"), categorical("ad"), numeric("price")] },
);

const create = async (name: "deepfm" | "lr" = "deepfm") =>
  await Model.create(name === "lr" ? models.lr() : models.deepfm({ dim: 4, hidden: [16] }), data.schema, {
    seed: 5,
    device: await gpu(),
  });

Deno.test("rows that training never met are told from those that it moved", async () => {
  await using model = await create();
  const fresh = diagnose(model, await model.parameters());
  assertEquals(fresh.fields.map(({ field, rows, unmoved }) => [field, rows, unmoved]), [
    ["user", 8, 8],
    ["ad", 13, 13],
    ["price", 1, 1],
  ]);
  assertStringIncludes(fresh.advice.join(" "), "Rows of user, ad still have their first values");
  // Rows of the last ads do not occur; those of unseen values are learned only where told so.
  const known = data.select(Uint32Array.from(Array.from({ length: 240 }, (_, i) => i).filter((i) => i % 12 < 8)));
  await model.fit(known, { epochs: 2, batchSize: 32, optimizer: adam({ lr: 0.01 }), unseenShare: 0 });
  const trained = diagnose(model, await model.parameters());
  assertEquals(trained.fields.map(({ unmoved, zeros }) => [unmoved, zeros]), [[1, 0], [5, 0], [0, 0]]);
});

Deno.test("embeddings of one direction have collapsed, and rows of zeros are counted", async () => {
  await using model = await create();
  const { embedding } = await model.parameters();
  const values = new Float32Array(embedding.data.length);
  // All ads along one axis; users along axes of their own, apart from two.
  for (let row = 8; row < 21; row++) values[4 * row + 1] = row;
  for (let row = 0; row < 6; row++) values[4 * row + row % 4] = 1;
  model.setParameters({ embedding: { shape: embedding.shape, data: values } });
  const { fields: [user, ad, price], advice } = diagnose(model, await model.parameters());
  assertEquals([ad.abundance, ad.spectrum, ad.unmoved], [1, [1, 0, 0, 0], 0]);
  assertAlmostEquals(ad.effectiveRank!, 1, 1e-12);
  assertAlmostEquals(user.abundance!, (2 * Math.SQRT2 + 2) / Math.SQRT2, 1e-12);
  assertEquals([user.zeros, price.spectrum, price.abundance], [2, [], null]);
  assertStringIncludes(advice[0], "Embeddings of ad have collapsed: those of ad use about 1.0 of 4 dimensions");
  assertStringIncludes(advice[1], "Rows of user are all zeros");
});

Deno.test("first-order weights stand in for embeddings where a model has none", async () => {
  await using model = await create("lr");
  const { fields } = diagnose(model, await model.parameters());
  assertEquals(fields.map(({ table, dim, abundance }) => [table, dim, abundance]), [
    ["linear", 1, null],
    ["linear", 1, null],
    ["linear", 1, null],
  ]);
});

Deno.test("units that no row makes fire are seen in the outputs of layers with ReLU", async () => {
  await using model = await create();
  const parameters = await model.parameters();
  const name = Object.keys(parameters).find((name) => parameters[name].shape.join() === "16")!;
  const biases = Float32Array.from({ length: 16 }, (_, unit) => (unit < 5 ? -100 : unit === 5 ? 100 : 0));
  model.setParameters({ [name]: { shape: [16], data: biases } });
  const outputs = await model.inspect(data, { what: "relu" });
  const [[layer, { shape, data: numbers }]] = Object.entries(outputs);
  assertEquals([Object.keys(outputs).length, layer, shape], [1, name.replace(".bias", ""), [240, 16]]);
  const units = diagnoseUnits(layer, numbers as Float32Array, 16);
  assert(units.dead >= 5 && units.dead < 16 && units.zeroShare >= 5 / 16 && units.zeroShare < 15 / 16);
  const { advice } = diagnose(model, parameters, [units]);
  assertStringIncludes(advice.at(-1)!, `${units.dead} of 16 units of ${layer} are 0 in every row looked at`);
  assertEquals(diagnoseUnits("x", [0, 1, 0, 2, 0, 0], 2), { layer: "x", units: 2, dead: 1, zeroShare: 4 / 6 });
});

Deno.test("what cannot be inspected is refused", async () => {
  await using model = await create("lr");
  await assertRejects(() => model.inspect(data, { what: "relu" }), TypeError, "it has no layer with ReLU");
  await assertRejects(() => model.inspect(data, { what: "all" as never }), RangeError, 'received "all"');
});
