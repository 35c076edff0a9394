import { fm, lr } from "../../models/mod.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gpu } from "../support.ts";
import { watch } from "../watched.ts";
import { gated, planted, settle } from "./planted.ts";

Deno.test("calls on one model that overlap over several chunks return what they return alone", async () => {
  const [first, second] = [planted(150_000), planted(140_000, 2)];
  await using model = await Model.create(fm({ dim: 4 }), first.schema, { device: await gpu() });
  const alone = [await model.predict(first), await model.predict(second)];
  assertEquals(await Promise.all([model.predict(first), model.predict(second)]), alone);
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
