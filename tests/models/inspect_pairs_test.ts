import { afm, fibinet, fwfm } from "../../models/mod.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { Model } from "../../src/model.ts";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { gpu } from "../support.ts";

const rows = 30;
const { data } = plantedInteractions({ rows, vocabularies: [7, 5, 3], dim: 3, noise: 0.5, seed: 1 });

Deno.test("afm shows attention weights over pairs that sum to 1, without dropout", async () => {
  const definition = afm({ dim: 4, attentionDropout: [0.5, 0.5] });
  await using model = await Model.create(definition, data.schema, { device: await gpu() });
  await model.fit(data, { epochs: 1, batchSize: 10 });
  const { attention } = await model.inspect(data);
  assertEquals(attention.shape, [rows, 3]);
  const weights = attention.data as Float32Array;
  for (let b = 0; b < rows; b++) assertAlmostEquals(weights[3 * b] + weights[3 * b + 1] + weights[3 * b + 2], 1, 1e-6);
  assert(weights.every((weight) => weight > 0));
});

Deno.test("fibinet shows the gates of fields", async () => {
  await using model = await Model.create(fibinet({ dim: 4, hidden: [8] }), data.schema, { device: await gpu() });
  const { senet_gates: gates } = await model.inspect(data);
  assertEquals(gates.shape, [rows, 3]);
  assert((gates.data as Float32Array).every((gate) => gate >= 0));
});

Deno.test("fwfm shows the strengths of pairs of fields", async () => {
  await using model = await Model.create(fwfm({ dim: 4 }), data.schema, { device: await gpu() });
  const { field_strengths: strengths } = await model.inspect(data);
  assertEquals(strengths, (await model.parameters())["fwfm.weight"]);
});
