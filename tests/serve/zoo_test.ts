/** Every model answers over HTTP with the bits that `predict` gives, or from the processor nearly so. */
import { models } from "../../models/mod.ts";
import { Client } from "../../src/client/mod.ts";
import { normal } from "../../src/initializer.ts";
import { Model } from "../../src/model.ts";
import { createHandler } from "../../src/serve/handler.ts";
import type { ProcessorUse } from "../../src/serve/processor_way.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Service } from "../../src/serve/service.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { gpu } from "../support.ts";

const ROWS = 7;
const OPTIONS = { dim: 4, hidden: [6, 4], hidden1: [6, 4], hidden2: [6, 4], layers: 2 };
const LONGEST = 5;

const schema = withHistory(schemaOf(Array(4).fill(5)), LONGEST);
const data = drawDataset(schema, ROWS, 11);

/** Name of a row of a field's table; the first row is that of unseen values. */
const nameOf = (id: number, { offset, vocabulary = [] }: { offset: number; vocabulary?: readonly string[] }) =>
  vocabulary[id - offset - 1] ?? "unseen";

const columns = schema.fields.map((field, f) => ({
  name: field.name,
  values: Array.from(data.ids.subarray(f * ROWS, (f + 1) * ROWS), (id) => nameOf(id, field)),
}));

const lists = schema.sequences.map((sequence, member) => {
  const { offsets, ids } = data.histories[0];
  const members = schema.sequences.length;
  const values = Array.from({ length: ROWS }, (_, row) =>
    Array.from(
      { length: offsets[row + 1] - offsets[row] },
      (_, t) => nameOf(ids[(offsets[row] + t) * members + member], sequence),
    ));
  return { name: sequence.name, values };
});

const inputs = Object.fromEntries([...columns, ...lists].map(({ name, values }) => [name, values]));
const rows = Array.from(
  { length: ROWS },
  (_, row) => Object.fromEntries([...columns, ...lists].map(({ name, values }) => [name, values[row]])),
);

/** Serves a model by itself, to a client without a network. */
async function clientOf(model: Model, processor: ProcessorUse) {
  const served = await ServedModel.open(model, { name: "model", batchSizes: [8], processor });
  const service = new Service();
  service.set(served);
  const handler = createHandler(service, { onError: (error) => console.error(error) });
  return { served, client: new Client("http://localhost", { fetch: handler }) };
}

async function checkBits(model: Model): Promise<void> {
  const expected = await model.predict(data, { batchSize: 8 });
  const { served, client } = await clientOf(model, "never");
  await using _ = served;
  const [binary, plain] = await Promise.all([client.infer("model", inputs), client.predict(rows)]);
  assertEquals([...binary.floats("score")], [...expected]);
  assertEquals(plain.scores, [...expected]);
  binary.floats("logit").forEach((logit, row) => {
    assert(Math.abs(1 / (1 + Math.exp(-logit)) - expected[row]) < 1e-6, `logit ${logit} of row ${row}`);
  });
}

/** Compares what the processor answers, where it can. */
async function checkProcessor(model: Model): Promise<void> {
  const expected = await model.predict(data, { batchSize: 8 });
  const { served, client } = await clientOf(model, "always").catch((error) => {
    assertMatch(error.message, /Cannot compute on the processor: no form of \w+/);
    return { served: undefined, client: undefined };
  });
  await using _ = served;
  if (!client) return;
  const [binary, plain] = await Promise.all([client.infer("model", inputs), client.predict(rows)]);
  for (const scores of [[...binary.floats("score")], plain.scores]) {
    assertEquals(scores.length, ROWS);
    scores.forEach((score: number, row: number) => {
      assert(Math.abs(score - expected[row]) <= 1e-6, `score ${score} of row ${row}`);
    });
  }
}

for (const slug of Object.keys(models)) {
  Deno.test(`${slug} answers over HTTP with the bits that predict gives`, async () => {
    await using model = await Model.create(models[slug](OPTIONS), schema, { device: await gpu() });
    await checkBits(model);
  });
}

for (const slug of ["deepfm", "din", "ffm", "wide_deep"]) {
  Deno.test(`${slug} answers over HTTP with the bits that predict gives when its tables are quantized`, async () => {
    await using model = await Model.create(models[slug]({ ...OPTIONS, dim: 8 }), schema, {
      device: await gpu(),
      embeddingInitializer: normal(0.5),
    });
    for (const storage of ["f16", "int8", "int4"] as const) {
      await using small = await model.quantize(storage);
      await checkBits(small);
      await checkProcessor(small);
    }
  });
}

for (const slug of Object.keys(models)) {
  Deno.test(`${slug} answers over HTTP from the processor to 1e-6, or is refused by its op`, async () => {
    await using model = await Model.create(models[slug](OPTIONS), schema, { device: await gpu() });
    await checkProcessor(model);
  });
}
