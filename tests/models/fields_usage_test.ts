import { autoint } from "../../models/autoint.ts";
import { defineModel } from "../../src/definition.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import {
  add,
  cin,
  cinLogit,
  dense,
  embedding,
  fmInteraction,
  generateFeatures,
  linear,
  selfAttention,
} from "../../src/layers/mod.ts";
import { Graph } from "../../src/graph/graph.ts";
import { Model } from "../../src/model.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { gpu } from "../support.ts";

const rows = 30;
const { data } = plantedInteractions({ rows, vocabularies: [7, 5, 3], dim: 3, noise: 0.5, seed: 1 });

Deno.test("autoint shows the attention weights of each layer, which sum to 1 over fields", async () => {
  await using model = await Model.create(autoint({ dim: 4, width: 6 }), data.schema, { device: await gpu() });
  await model.fit(data, { epochs: 1, batchSize: 10 });
  const shown = await model.inspect(data);
  for (const name of ["attention_0", "attention_1"]) {
    assertEquals(shown[name].shape, [rows, 2, 3, 3]);
    const weights = shown[name].data as Float32Array;
    for (let i = 0; i < weights.length; i += 3) {
      assertAlmostEquals(weights[i] + weights[i + 1] + weights[i + 2], 1, 1e-5);
    }
  }
});

const generated = defineModel("generated", (x) => {
  const all = generateFeatures(embedding(x, 4), { channels: [3, 2], kernels: 3, recombined: [2, 1], batchNorm: true });
  assertEquals(all.shape, ["B", 3 + 2 * 2 + 1, 4]);
  return add(linear(x), fmInteraction(all));
});

const crossed = defineModel("crossed", (x) => dense(cin(embedding(x, 4), [5, 4], { splitHalf: true }), 1));

for (const definition of [generated(), crossed()]) {
  Deno.test(`a model of one's own, ${definition.name}, trains with these layers`, async () => {
    await using model = await Model.create(definition, data.schema, { device: await gpu(), seed: 3 });
    const { epochs } = await model.fit(data, { epochs: 12, batchSize: 10 });
    assert(epochs[epochs.length - 1].loss < epochs[0].loss, `${epochs.map(({ loss }) => loss)}`);
  });
}

Deno.test("layers over fields refuse sizes that they cannot have", () => {
  const e = new Graph("train").input("e", ["B", 3, 4]);
  assertThrows(() => cin(e, []), RangeError, "each layer needs 1 feature maps or more, received []");
  assertThrows(
    () => cinLogit(e, [4, 1], { splitHalf: true }),
    RangeError,
    "needs 2 feature maps or more, received [4,1]",
  );
  assertThrows(() => selfAttention(e, 6, { heads: 4 }), RangeError, "heads must divide 6 columns, received 4");
  assertThrows(() => generateFeatures(e, { kernels: 4 }), RangeError, "kernels must be odd, received 4");
});
