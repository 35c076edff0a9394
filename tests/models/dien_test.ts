import { dien } from "../../models/mod.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import type { CheckpointTensor } from "../../src/checkpoint.ts";
import { sgd } from "../../src/optimizer.ts";
import { assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
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

const learning = { ...sizes, auxiliary: 1, auxiliaryHidden: [4] };

async function fitted(definition: Definition): Promise<Record<string, CheckpointTensor>> {
  await using model = await create(definition);
  const { "auxiliary.1.weight": drawn } = await model.parameters();
  await model.fit(data, { batchSize: 5, epochs: 2, shuffle: false, optimizer: sgd({ lr: 0.1 }) });
  const after = await model.parameters();
  assertEquals(drawn === undefined, definition.options.auxiliary === undefined);
  if (drawn) assertNotEquals(after["auxiliary.1.weight"].data, drawn.data);
  return after;
}

Deno.test("dien's auxiliary loss trains a network of its own, by the same drawn items each time", async () => {
  const [plain, first, again] = [await fitted(dien(sizes)), await fitted(dien(learning)), await fitted(dien(learning))];
  assertEquals(first, again);
  assertNotEquals(first["extractor.input.weight"].data, plain["extractor.input.weight"].data);
});

Deno.test("dien predicts the same with and without its auxiliary loss", async () => {
  await using plain = await create(dien(sizes));
  await using aided = await create(dien(learning));
  assertEquals(await aided.predict(data), await plain.predict(data));
});

Deno.test("dien takes negatives from a sequence that there is, beside one that holds items", async () => {
  const device = await gpu();
  const make = (negatives: string[]) => Model.create(dien({ ...learning, negatives }), schema, { device });
  await assertRejects(() => make(["other"]), RangeError, 'the sequences are history, beside, received "other"');
  await assertRejects(() => make(["history", "beside"]), RangeError, "received negatives alone");
  await assertRejects(() => make([]), TypeError, '"history" must have negatives, received none');
});
