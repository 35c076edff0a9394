import { fm, fwfm, lr } from "../models/mod.ts";
import { Dataset } from "../src/data/dataset.ts";
import { GpuError } from "../src/gpu/error.ts";
import { normal } from "../src/initializer.ts";
import { Model } from "../src/model.ts";
import { adam } from "../src/optimizer.ts";
import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { gated, planted, settle } from "./model/planted.ts";
import { gpu } from "./support.ts";
import { watch } from "./watched.ts";

function empty({ schema }: Dataset): Dataset {
  return new Dataset({
    schema,
    rows: 0,
    ids: new Uint32Array(),
    values: undefined,
    labels: new Float32Array(),
    labeled: true,
  });
}

Deno.test("inspect returns for many rows what it returns for each part of them", async () => {
  const data = planted(2500);
  await using model = await Model.create(gated(), data.schema, { device: await gpu() });
  const { senet_gates: gates } = await model.inspect(data);
  assertEquals(gates.shape, [2500, 3]);
  const parts = [];
  for (const [from, to] of [[0, 1], [1, 1030], [1030, 2500]]) {
    parts.push(...(await model.inspect(data.slice(from, to))).senet_gates.data as Float32Array);
  }
  assertEquals(gates.data, Float32Array.from(parts));
  await using pairs = await Model.create(fwfm({ dim: 4 }), data.schema, { device: await gpu() });
  const [few, many] = [await pairs.inspect(data.slice(0, 3)), await pairs.inspect(data)];
  assertEquals(few.field_strengths, many.field_strengths);
});

Deno.test("a model leaves a device alone that it was given, with errors that others make there", async () => {
  const device = await (await navigator.gpu.requestAdapter())!.requestDevice();
  const told: string[] = [];
  device.addEventListener(
    "uncapturederror",
    (event) => void told.push((event as GPUUncapturedErrorEvent).error.constructor.name),
  );
  const data = planted(300);
  {
    await using model = await Model.create(fm({ dim: 4 }), data.schema, { device });
    device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
    await model.fit(data, { batchSize: 100, onEpoch: () => void device.createBuffer({ size: 64, usage: 0 }) });
    assertEquals((await model.predict(data)).length, 300);
  }
  assertEquals(told, ["GPUValidationError", "GPUValidationError"]);
  const lost = await Promise.race([device.lost.then(() => true), settle().then(() => false)]);
  assertEquals(lost, false);
  device.destroy();
});

Deno.test("batch sizes that are none, and data sets without rows, are refused before the device is touched", async () => {
  const data = planted(50);
  const { gpu: device, live } = await watch();
  await using model = await Model.create(gated(), data.schema, { device });
  const before = live.size;
  for (const batchSize of [-4, 0, 1.5, NaN, 2 ** 60, "64" as unknown as number, 8n as unknown as number]) {
    const received = typeof batchSize === "string" ? '"64"' : typeof batchSize === "bigint" ? "8n" : String(batchSize);
    const message = `batchSize must be a positive integer, received ${received}`;
    await assertRejects(() => model.predict(data, { batchSize }), RangeError, `Cannot predict: ${message}`);
    await assertRejects(() => model.evaluate(data, { batchSize }), RangeError, `Cannot evaluate: ${message}`);
    await assertRejects(() => model.fit(data, { batchSize }), RangeError, `Cannot train: ${message}`);
  }
  const none = empty(data);
  assertEquals(await model.predict(none), new Float32Array());
  const message = "the data set must have rows, received 0";
  await assertRejects(() => model.evaluate(none), RangeError, `Cannot evaluate: ${message}`);
  await assertRejects(() => model.inspect(none), RangeError, `Cannot inspect: ${message}`);
  await assertRejects(() => model.fit(none), RangeError, `Cannot train: ${message}`);
  await assertRejects(() => model.fit(data, { validation: none }), RangeError, `Cannot train: ${message}`);
  assertEquals(live.size, before);
});

Deno.test("a batch size in place of options is refused with the form that is meant", async () => {
  const data = planted(50);
  await using model = await Model.create(gated(), data.schema, { device: await gpu() });
  for (const name of ["predict", "evaluate", "inspect"] as const) {
    const message = `Cannot ${name}: options must be an object such as { batchSize: 64 }, received 16`;
    await assertRejects(async () => await model[name](data, 16 as never), TypeError, message);
  }
  assertEquals(await model.inspect(data, { batchSize: 8 }), await model.inspect(data));
  await assertRejects(() => model.inspect(data, { batchSize: 0 }), RangeError, "Cannot inspect: batchSize must be");
});

Deno.test("an initializer of embeddings fills them in place of the model's, and nothing else", async () => {
  const { schema } = planted(50);
  const options = { device: await gpu(), seed: 3 };
  await using plain = await Model.create(fm({ dim: 4 }), schema, options);
  await using wide = await Model.create(fm({ dim: 4 }), schema, { ...options, embeddingInitializer: normal(0.2) });
  const [before, { embedding, ...others }] = [await plain.parameters(), await wide.parameters()];
  const expected = new Float32Array(26 * 4);
  normal(0.2).fill(expected, { seed: 3, name: "embedding", fanIn: 26, fanOut: 4 });
  assertEquals(embedding, { shape: [26, 4], data: expected });
  assertEquals({ ...others, embedding: before.embedding }, before);
  await assertRejects(
    () => Model.create(fm(), schema, { ...options, embeddingInitializer: 0.2 as never }),
    TypeError,
    "Cannot create model: embeddingInitializer must be an initializer such as normal(0.01), received 0.2",
  );
});

Deno.test("setParameters changes what it is given, and nothing where a part of that is refused", async () => {
  const data = planted(50);
  await using model = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
  const before = await model.parameters();
  const bias = { shape: [1], data: Float32Array.of(0.5) };
  model.setParameters({ "linear.bias": bias });
  assertEquals(await model.parameters(), { ...before, "linear.bias": bias });
  const other = { shape: [1], data: Float32Array.of(2) };
  const refused: [string, Parameters<Model["setParameters"]>[0][string], string][] = [
    ["bias", other, 'the model has no tensor of that name, received "bias"'],
    ["embedding", other, '"embedding" must have shape [26,4], received [1]'],
    ["linear", { shape: [26, 1], data: new Float32Array(3) }, '"linear" must be a Float32Array of 26, received'],
  ];
  for (const [name, tensor, message] of refused) {
    assertThrows(() => model.setParameters({ "linear.bias": other, [name]: tensor }), TypeError, message);
  }
  assertEquals(await model.parameters(), { ...before, "linear.bias": bias });
});

Deno.test("a batch that is too large is refused each time, leaves nothing behind and does not disturb the disposal", async () => {
  const data = planted(50);
  const { gpu: device, live } = await watch();
  {
    await using model = await Model.create(fm({ dim: 4 }), data.schema, { device });
    const before = live.size;
    for (let i = 0; i < 3; i++) {
      await assertRejects(
        () => model.predict(data, { batchSize: 1e9 }),
        RangeError,
        "Cannot feed rows: a batch of 1000000000 rows",
      );
      await assertRejects(
        () => model.predict(data, { batchSize: 2e7 }),
        RangeError,
        "Cannot feed rows: a batch of 20000000 rows",
      );
    }
    assertEquals(live.size, before);
    assertEquals((await model.predict(data)).length, 50);
  }
  assertEquals(live.size, 0);
});

Deno.test("memory that runs out is found before the first step, by the name of the tensor", async () => {
  const data = planted(2000);
  const tight = await watch(1000);
  await assertRejects(
    () => Model.create(fm({ dim: 4 }), data.schema, { device: tight.gpu }),
    GpuError,
    'Cannot create buffer "linear.slot0.shard0" of 112 bytes: out of memory',
  );
  assertEquals(tight.live.size, 0);
  const { gpu: device, live } = await watch(150_000);
  await using model = await Model.create(fm({ dim: 4 }), data.schema, { device });
  const before = [...live.values()];
  await assertRejects(() => model.predict(data), GpuError, 'Cannot create buffer "data.ids" of');
  await assertRejects(() => model.fit(data, { batchSize: 2000 }), GpuError, 'Cannot create buffer "fm.train.arena');
  assertEquals([...live.values()], before);
  await model.fit(data, { batchSize: 20 });
});

Deno.test("what was refused leaves no buffers behind, and a refused checkpoint no parameters", async () => {
  const data = planted(200);
  const path = await Deno.makeTempFile({ suffix: ".weft" });
  const { gpu: device, live } = await watch();
  await using other = await Model.create(lr(), data.schema, { device: await gpu(), seed: 2 });
  await other.fit(data, { batchSize: 20, checkpoint: { path } });
  await using model = await Model.create(lr(), data.schema, { device });
  const before = [...live.values()];
  const parameters = await model.parameters();
  await assertRejects(() => model.fit(data, { batchSize: 50, resume: path }), TypeError, "trained with batch 20");
  await assertRejects(() => model.fit(data, { resume: `${path}.none` }), Error, "Cannot load");
  await assertRejects(() => model.fit(data, { memoryBudget: 10 }), RangeError, "received a budget of 10");
  await assertRejects(() => model.inspect(data), TypeError, "Cannot inspect lr: it exposes nothing");
  assertEquals([...live.values()], before);
  assertEquals(await model.parameters(), parameters);
  await Deno.remove(path);
});

Deno.test("training releases the optimizer's state, and a second fit starts with a fresh one", async () => {
  const data = planted(200);
  const { gpu: device, live } = await watch();
  await using model = await Model.create(fm({ dim: 4 }), data.schema, { device });
  const before = [...live.values()];
  const options = { batchSize: 50, optimizer: adam({ embeddingUpdate: "dense" }), l2: { embedding: 0.1 } } as const;
  await model.fit(data, options);
  assertEquals([...live.values()], before);
  const trained = await model.parameters();
  await using copy = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
  copy.setParameters(trained);
  await Promise.all([model.fit(data, options), copy.fit(data, options)]);
  assertEquals(await model.parameters(), await copy.parameters());
  assertNotEquals(await model.parameters(), trained);
});

Deno.test("passes of many batch sizes do not pile up on the device", async () => {
  const data = planted(100);
  const { gpu: device, live } = await watch();
  await using model = await Model.create(fm({ dim: 4 }), data.schema, { device });
  const alone = await model.predict(data);
  const counts: number[] = [];
  for (let batchSize = 1; batchSize <= 30; batchSize += 2) {
    assertEquals(await model.predict(data, { batchSize }), alone);
    counts.push(live.size);
  }
  assertEquals(new Set(counts.slice(4)).size, 1);
});
