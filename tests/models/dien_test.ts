import { dien } from "../../models/mod.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { assertClose, gpu } from "../support.ts";

const PLACES = 4;
const schema = withHistory(schemaOf([5, 6, 4]), PLACES);
const data = drawDataset(schema, 13, 7); // the first row's history is empty, the second's full
const sizes = { dim: 3, hidden: [4], attention: [5] };

async function create(definition: Definition): Promise<Model> {
  const model = await Model.create(definition, schema, { device: await gpu() });
  const tensors = await model.parameters();
  const { embedding } = tensors;
  embedding.data = Float32Array.from(embedding.data as Float32Array, (value) => 5000 * value);
  model.setParameters(tensors);
  return model;
}

Deno.test("dien scores by dot products before its bilinear kernel has learned", async () => {
  await using bilinear = await create(dien(sizes));
  await using dot = await create(dien({ ...sizes, score: "dot" }));
  assertEquals((await bilinear.parameters())["attention.weight"].shape, [6, 6]);
  assertEquals("attention.weight" in await dot.parameters(), false);
  assertClose(await bilinear.predict(data), await dot.predict(data), "probabilities", { rtol: 1e-6 });
});

for (const score of ["bilinear", "dot", "unit"] as const) {
  Deno.test(`dien's attention by ${score} sums to 1 over a history, and to 0 over an empty one`, async () => {
    await using model = await create(dien({ ...sizes, score }));
    const { attention } = await model.inspect(data);
    assertEquals(attention.shape, [13, PLACES]);
    const sums = Array.from(
      { length: 13 },
      (_, b) =>
        (attention.data as Float32Array).subarray(b * PLACES, (b + 1) * PLACES).reduce(
          (sum, weight) => sum + weight,
          0,
        ),
    );
    const [empty, full] = sums;
    assertEquals(empty, 0);
    assertAlmostEquals(full, 1, 1e-6);
  });
}
