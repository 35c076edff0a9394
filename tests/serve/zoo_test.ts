/** Every model answers over HTTP with the bits that `predict` gives. */
import { models } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { createHandler } from "../../src/serve/handler.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Service } from "../../src/serve/service.ts";
import { assert, assertEquals } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { gpu } from "../support.ts";
import { join, readBinary, texts } from "./wire.ts";

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
  shape: [ROWS],
  values: Array.from(data.ids.subarray(f * ROWS, (f + 1) * ROWS), (id) => nameOf(id, field)),
}));

const lists = schema.sequences.map((sequence, member) => {
  const { offsets, ids } = data.histories[0];
  const members = schema.sequences.length;
  const values = Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: LONGEST }, (_, t) => {
      const at = offsets[row] + t;
      return at < offsets[row + 1] ? nameOf(ids[at * members + member], sequence) : "";
    })).flat();
  return { name: sequence.name, shape: [ROWS, LONGEST], values };
});

/** A request as the Python client writes it: texts in binary, all outputs wanted in binary. */
function binaryRequest(): Request {
  const tensors = [...columns, ...lists].map(({ name, shape, values }) => ({ name, shape, bytes: texts(...values) }));
  const header = JSON.stringify({
    inputs: tensors.map(({ name, shape, bytes }) => ({
      ...{ name, shape, datatype: "BYTES", parameters: { binary_data_size: bytes.length } },
    })),
    parameters: { binary_data_output: true },
  });
  return new Request("http://localhost/v2/models/model/infer", {
    method: "POST",
    headers: { "inference-header-content-length": `${header.length}` },
    body: join(header, ...tensors.map(({ bytes }) => bytes)),
  });
}

function rowRequest(): Request {
  const rows = Array.from({ length: ROWS }, (_, row) =>
    Object.fromEntries([
      ...columns.map(({ name, values }) => [name, values[row]]),
      ...lists.map(({ name, values }) => [
        name,
        values.slice(row * LONGEST, (row + 1) * LONGEST).filter((value) => value !== ""),
      ]),
    ]));
  return new Request("http://localhost/v1/predict", { method: "POST", body: JSON.stringify({ rows }) });
}

for (const slug of Object.keys(models)) {
  Deno.test(`${slug} answers over HTTP with the bits that predict gives`, async () => {
    await using model = await Model.create(models[slug](OPTIONS), schema, { device: await gpu() });
    const expected = await model.predict(data, { batchSize: 8 });
    await using served = await ServedModel.open(model, { name: "model", batchSizes: [8] });
    const service = new Service();
    service.set(served);
    const handler = createHandler(service, { onError: (error) => console.error(error) });
    const [binary, plain] = await Promise.all([binaryRequest(), rowRequest()].map(handler));
    const { outputs } = await readBinary(binary);
    assertEquals(outputs.score, [...expected]);
    assertEquals((await plain.json()).scores, [...expected]);
    outputs.logit.forEach((logit, row) => {
      assert(Math.abs(1 / (1 + Math.exp(-logit)) - expected[row]) < 1e-6, `logit ${logit} of row ${row}`);
    });
  });
}
