import { fm, fwfm, lr } from "../models/mod.ts";
import { Dataset } from "../src/data/dataset.ts";
import { plantedInteractions } from "../src/data/synthetic.ts";
import { defineModel } from "../src/definition.ts";
import { GpuError } from "../src/gpu/error.ts";
import { embedding, fmInteraction, linear, senet } from "../src/layers/mod.ts";
import { Model } from "../src/model.ts";
import { add } from "../src/ops/dense/add.ts";
import { adam } from "../src/optimizer.ts";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { gpu } from "./support.ts";
import { watch } from "./watched.ts";

/** A factorization machine over gated embeddings, which exposes the gates. */
const gated = defineModel(
  "gated",
  (x, { dim = 4 }: { dim?: number }) => add(linear(x), fmInteraction(senet(embedding(x, dim)))),
);

function planted(rows: number, seed = 1): Dataset {
  return plantedInteractions({ rows, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed }).data;
}

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

/** Lets everything run that waits for no device. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("calls on one model that overlap over several chunks return what they return alone", async () => {
  const [first, second] = [planted(150_000), planted(140_000, 2)];
  await using model = await Model.create(fm({ dim: 4 }), first.schema, { device: await gpu() });
  const alone = [await model.predict(first), await model.predict(second)];
  assertEquals(await Promise.all([model.predict(first), model.predict(second)]), alone);
});

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

Deno.test("evaluate that onEpoch does not await is one of that epoch", async () => {
  const [data, test] = [planted(2000), planted(70_000, 3)];
  const options = { epochs: 4, batchSize: 100, optimizer: adam({ lr: 0.05 }) };
  const train = async (test: Dataset, validation?: Dataset): Promise<number[][]> => {
    await using model = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
    const evaluations: ReturnType<Model["evaluate"]>[] = [];
    const { epochs } = await model.fit(data, {
      ...options,
      validation,
      onEpoch: () => void evaluations.push(model.evaluate(test), model.evaluate(test.slice(0, 100))),
    });
    const aucs = (await Promise.all(evaluations)).map(({ auc }) => auc);
    return [aucs.filter((_, i) => i % 2 === 0), epochs.map(({ validation }) => validation?.auc ?? NaN)];
  };
  const [overlapping] = await train(test);
  const [, awaited] = await train(data, test);
  assertEquals(overlapping, awaited);
  assertEquals(new Set(awaited).size, 4);
});

Deno.test("a model in training saves and shows the parameters of one moment, and ends as if nobody had looked", async () => {
  const data = planted(2000);
  const options = { epochs: 3, batchSize: 100 };
  const train = async (look: (model: Model, path: string) => Promise<unknown>): Promise<unknown> => {
    await using model = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
    const path = await Deno.makeTempFile({ suffix: ".weft" });
    const looks: Promise<unknown>[] = [];
    await model.fit(data, { ...options, onProgress: () => void looks.push(look(model, path)) });
    await Promise.all(looks);
    await Deno.remove(path);
    return await model.parameters();
  };
  const undisturbed = await train(() => Promise.resolve());
  const pairs: [unknown, unknown][] = [];
  const disturbed = await train(async (model, path) => {
    const [one, other] = await Promise.all([model.parameters(), model.parameters(), model.save(path)]);
    pairs.push([one, other]);
  });
  assertEquals(disturbed, undisturbed);
  for (const [one, other] of pairs) assertEquals(one, other);
});

Deno.test("a second fit, and setParameters while a call runs, are refused and change nothing", async () => {
  const data = planted(500);
  await using model = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
  const parameters = await model.parameters();
  const options = { epochs: 2, batchSize: 50 };
  const first = model.fit(data, options);
  await assertRejects(() => model.fit(data, options), Error, "Cannot train: one fit at a time can change a model");
  assertThrows(() => model.setParameters(parameters), Error, "received a fit that still runs");
  await first;
  const trained = await model.parameters();
  await using alone = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
  await alone.fit(data, options);
  assertEquals(trained, await alone.parameters());
  const reading = model.predict(data);
  assertThrows(() => model.setParameters(parameters), Error, "received a call that reads them that still runs");
  await reading;
  model.setParameters(parameters);
  assertEquals(await model.parameters(), parameters);
});

Deno.test("disposing a model ends its fit with a clear error and waits for calls that read", async () => {
  const data = planted(70_000);
  const { gpu: device, live } = await watch();
  const model = await Model.create(fm({ dim: 4 }), data.schema, { device });
  const fitting = model.fit(data, { epochs: 100, batchSize: 1000 });
  const refused = assertRejects(() => fitting, Error, "Cannot go on training: the model was disposed");
  const reading = model.predict(data);
  await Promise.all([settle().then(() => model[Symbol.asyncDispose]()), refused]);
  assertEquals((await reading).length, 70_000);
  assertEquals([...live.values()], []);
  await assertRejects(() => model.predict(data), Error, "Cannot predict: the model was disposed");
  await assertRejects(() => model.fit(data), Error, "Cannot train: the model was disposed");
  await model[Symbol.asyncDispose]();
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

Deno.test("200 overlapping calls beside a fit on the same device return what they return alone, and leave a bounded rest", async () => {
  const { gpu: device, live, peak } = await watch();
  const data = planted(200_000);
  const sizes = [1, 2, 63, 500, 1025, 4096, 4097, 20_000, 65_536, 65_537, 131_073, 200_000];
  const parts = sizes.map((rows) => data.slice(data.rows - rows, data.rows));
  await using model = await Model.create(gated(), data.schema, { device });
  const kinds = [
    (part: Dataset) => model.predict(part),
    (part: Dataset) => model.predict(part, { batchSize: 1000 }),
    (part: Dataset) => part.rows > 100 ? model.evaluate(part) : model.predict(part, { batchSize: 16 }),
    (part: Dataset) => model.inspect(part),
  ];
  // Few calls take all rows, as many take a few: the software adapter computes on the processor.
  const call = (i: number): Promise<unknown> =>
    kinds[i % 4](parts[Math.floor(i / 4) % 25 < 12 ? Math.floor(i / 4) % 25 : i % 5]);
  const training = planted(2000, 5);
  const fit = async (): Promise<unknown> => {
    await using trained = await Model.create(fm({ dim: 4 }), training.schema, { device });
    await trained.fit(training, { epochs: 20, batchSize: 100 });
    return await trained.parameters();
  };
  const alone: unknown[] = [];
  for (let i = 0; i < 100; i++) alone.push(await call(i));
  const fitted = await fit();
  const [buffers, pipelines] = [live.size, device.pipelines.size];
  const together = Promise.all([fit(), ...Array.from({ length: 200 }, (_, i) => call(i))]);
  const [refitted, ...results] = await together;
  assertEquals(refitted, fitted);
  results.forEach((result, i) => assertEquals(result, alone[i % 100], `call ${i}`));
  assertEquals(device.pipelines.size, pipelines);
  assert(live.size <= buffers + 50, `${live.size} buffers, ${buffers} before`);
  assert(peak() < 300, `${peak()} buffers at a time`);
  const other = await Model.create(lr(), data.schema, { device });
  await other[Symbol.asyncDispose]();
  device.check();
});
