/** Models with tables of fewer bits: their predictions, their files, and what they refuse. */
import { deepfm, fm, fnn, models } from "../../models/mod.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/checkpoint.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { sequence } from "../../src/data/schema.ts";
import type { Definition } from "../../src/definition.ts";
import { Model, type QuantizedStorage } from "../../src/model.ts";
import { initializeFromFm } from "../../src/transfer.ts";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { inFolder } from "../folder.ts";
import { quantizedReference } from "../reference/quantized.ts";
import { assertClose, gpu, randomArray } from "../support.ts";

const STORAGES = ["int8", "int4", "f16"] as const;
const OPTIONS = { dim: 8, hidden: [6, 4], hidden1: [6, 4], hidden2: [6, 4], layers: 2 };

const schema = withHistory(schemaOf(Array(4).fill(5)), 5);
const data = drawDataset(schema, 9, 11);

/** Creates a model whose tables have numbers between -1 and 1. */
async function create(definition: Definition, own: FittedSchema = schema): Promise<Model> {
  const model = await Model.create(definition, own, { device: await gpu() });
  const parameters = await model.parameters();
  const tables = Object.entries(parameters).filter(([, { shape }]) => shape[0] === own.rowCount);
  model.setParameters(Object.fromEntries(
    tables.map(([name, { shape, data }], i) => [name, { shape, data: Float32Array.from(randomArray(data.length, i)) }]),
  ));
  return model;
}

/** Checks that a model predicts what it predicts in float32 with the numbers that are stored. */
async function checkPredictions(model: Model, storage: QuantizedStorage, rows = data): Promise<void> {
  await using small = await model.quantize(storage);
  const before = await model.parameters();
  const stored = await small.parameters();
  for (const [name, { shape, data }] of Object.entries(stored)) {
    const [from, kind] = [before[name], small.storage[name] as QuantizedStorage | undefined];
    assertEquals(shape, from.shape);
    const expected = kind ? quantizedReference(from.data as Float32Array, shape[1], kind).values : from.data;
    assertEquals(data, Float32Array.from(expected as Float64Array));
  }
  const predicted = await small.predictTasks(rows);
  model.setParameters(stored);
  const expected = await model.predictTasks(rows);
  model.setParameters(before);
  for (const task of rows.schema.tasks) assertClose(predicted[task], expected[task], task, { rtol: 1e-6, atol: 0 });
}

Object.keys(models).forEach((slug, i) => {
  const storage = STORAGES[i % STORAGES.length];
  Deno.test(`${slug} predicts with ${storage} tables what it predicts with their numbers in float32`, async () => {
    await using model = await create(models[slug](OPTIONS));
    await checkPredictions(model, storage);
  });
});

for (const storage of STORAGES) {
  Deno.test(`pooled sequences and several tasks are predicted from ${storage} tables`, async () => {
    const { missing, fields } = schemaOf(Array(4).fill(5));
    const tags = sequence("tags", { of: "f0", combiner: "mean", maxLength: 4 });
    const pooled = new FittedSchema({ declared: { label: "label" }, missing, fields, sequences: [{ feature: tags }] });
    await using single = await create(models.wide_deep(OPTIONS), pooled);
    await checkPredictions(single, storage, drawDataset(pooled, 9, 5));
    const tasks = schemaOf(Array(4).fill(5), undefined, ["click", "buy"]);
    await using several = await create(models.mmoe(OPTIONS), tasks);
    const { rows, ids } = drawDataset(schemaOf(Array(4).fill(5)), 9, 5);
    const labels = Float32Array.from({ length: 2 * rows }, (_, i) => i % 2);
    const inputs = { schema: tasks, rows, ids, values: undefined, labels, labeled: true };
    await checkPredictions(several, storage, new Dataset(inputs));
  });

  Deno.test(`a model with ${storage} tables predicts after it was saved and loaded bit by bit as before`, () =>
    inFolder(async (folder) => {
      const device = await gpu();
      await using model = await create(deepfm(OPTIONS));
      await using small = await model.quantize(storage);
      await small.save(`${folder}/small.weft`);
      await using loaded = await Model.load(`${folder}/small.weft`, deepfm, { device });
      assertEquals(loaded.storage, { embedding: storage, linear: "f16" });
      assertEquals(await loaded.predict(data), await small.predict(data));
      assertEquals(await loaded.evaluate(data), await small.evaluate(data));
      assertEquals(await loaded.parameters(), await small.parameters());
      await loaded.save(`${folder}/again.weft`);
      assertEquals(await Deno.readFile(`${folder}/again.weft`), await Deno.readFile(`${folder}/small.weft`));
      const { header, tensors } = await readCheckpoint(`${folder}/small.weft`);
      assertEquals(header.storage, { embedding: storage, linear: "f16" });
      assert(tensors.embedding.data instanceof Uint32Array);
      assert(tensors["mlp.0.weight"].data instanceof Float32Array);
    }));
}

Deno.test("rows of few numbers become float16, where integers with a center and a scale take no less", async () => {
  const storageOf = async (dim: number, to: QuantizedStorage) => {
    await using model = await Model.create(fm({ dim }), schema, { device: await gpu() });
    await using small = await model.quantize(to);
    return small.storage.embedding;
  };
  assertEquals(await Promise.all([4, 6, 7, 16].map((dim) => storageOf(dim, "int8"))), ["f16", "f16", "int8", "int8"]);
  assertEquals(await Promise.all([4, 5, 16].map((dim) => storageOf(dim, "int4"))), ["f16", "int4", "int4"]);
});

Deno.test("a quantized model refuses whatever would change its parameters", async () => {
  await using model = await create(deepfm(OPTIONS));
  await using small = await model.quantize("int8");
  const state = "the tables must be float32, received embedding as int8, linear as f16";
  await assertRejects(() => small.fit(data), TypeError, `Cannot train: ${state}`);
  await assertRejects(() => small.tuneKernels(data), TypeError, `Cannot tune kernels: ${state}`);
  await assertRejects(() => small.quantize("f16"), TypeError, `Cannot quantize: ${state}`);
  const parameters = await small.parameters();
  assertThrows(() => small.setParameters(parameters), TypeError, `Cannot set parameters: ${state}`);
  await using trained = await create(fm(OPTIONS));
  await using target = await create(fnn(OPTIONS));
  await using refused = await target.quantize("f16");
  await assertRejects(() => initializeFromFm(refused, trained), TypeError, "Cannot set parameters: ");
});

Deno.test("a quantized model keeps the calibration of the original, and can be calibrated itself", async () => {
  await using model = await create(deepfm(OPTIONS));
  const many = drawDataset(schema, 200, 3);
  await model.calibrate(many);
  await using small = await model.quantize("int8");
  assert(model.calibration !== undefined);
  assertEquals(small.calibration, model.calibration);
  const before = await small.predict(data);
  await small.calibrate(many.slice(0, 100));
  assertNotEquals(await small.predict(data), before);
});

Deno.test("storages that there are not, and numbers that a storage does not hold, are refused", async () => {
  await using model = await create(fm(OPTIONS));
  await assertRejects(
    () => model.quantize("int2" as QuantizedStorage),
    TypeError,
    'Cannot quantize: storage must be one of int8, int4, f16, received "int2"',
  );
  const { embedding: { shape, data } } = await model.parameters();
  model.setParameters({ embedding: { shape, data: (data as Float32Array).map((x, i) => i === 20 ? 1e6 : x) } });
  const message = 'Cannot quantize "embedding": f16 holds numbers up to 65504, received 1000000 in row 2';
  await assertRejects(() => model.quantize("f16"), RangeError, message);
});

Deno.test("a float32 model's file says nothing of storage, and one of an unknown storage is refused", () =>
  inFolder(async (folder) => {
    const [path, device] = [`${folder}/model.weft`, await gpu()];
    await using model = await create(fm(OPTIONS));
    await model.save(path);
    const { header, tensors } = await readCheckpoint(path);
    assertEquals(Object.keys(header), ["format", "model", "schema", "seed"]);
    await writeCheckpoint(path, { header: { ...header, storage: { embedding: "int2" } }, tensors });
    const names = "f32, f16, int8, int4";
    await assertRejects(
      () => Model.load(path, fm, { device }),
      SyntaxError,
      `Cannot load "${path}": table "embedding" must be stored as one of ${names}, received "int2"`,
    );
    await writeCheckpoint(path, { header: { ...header, storage: { embedding: "int8" } }, tensors });
    const state = '"embedding" must have shape [60], received [20,8]';
    await assertRejects(() => Model.load(path, fm, { device }), TypeError, `Cannot load parameters: ${state}`);
  }));
