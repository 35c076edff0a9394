import { deepfm } from "../../models/mod.ts";
import { readCheckpoint } from "../../src/checkpoint.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { kernelsOf } from "../../src/kernels/set.ts";
import type { TuningEvent } from "../../src/kernels/tuner.ts";
import { Model } from "../../src/model.ts";
import { ftrl } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { loadTuning } from "../../src/tuning_file.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const { data } = plantedInteractions({ rows: 300, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 });
const definition = deepfm({ dim: 4, hidden: [8], dropout: 0.2, batchNorm: true });

/** Returns a device on the processor whose kernels nobody else uses. */
async function freshDevice(): Promise<Gpu> {
  const { device, profile } = await gpu();
  const fresh = new Gpu(device, { ...profile, kind: "software" });
  await loadKernels(fresh);
  return fresh;
}

interface Trained {
  readonly parameters: Record<string, unknown>;
  readonly kernels: Readonly<Record<string, string>>;
  readonly events: readonly TuningEvent[];
}

async function train(device: Gpu, options: FitOptions = {}): Promise<Trained> {
  let kernels: Trained["kernels"] = {};
  const events: TuningEvent[] = [];
  await using model = await Model.create(definition, data.schema, { seed: 3, device });
  await model.fit(data, {
    batchSize: 64,
    epochs: 2,
    ...options,
    onTuning: (event) => events.push(event),
    onPlan: (plan) => kernels = plan.kernels,
  });
  return { parameters: await model.parameters(), kernels, events };
}

Deno.test("fit times what was not measured before, and trains with the fastest kernels", () =>
  inFolder(async (folder) => {
    const path = `${folder}/tuning.json`;
    const tuned = await freshDevice();
    const first = await train(tuned, { tuneKernels: { path } });
    assert(first.events.length >= 5, `${first.events.length} passes`);
    // A problem that only another variant asks for is measured, too; a step need not run it.
    const { tuning } = kernelsOf(tuned);
    const ran = [...tuning].filter(([key]) => key in first.kernels);
    assert(ran.length >= 5, `${ran.length} of ${tuning.size} measured kernels`);
    for (const [key, { variant }] of ran) assertEquals(first.kernels[key], variant);
    assertEquals((await train(tuned, { tuneKernels: { path } })).events, []);

    // Another process finds the same kernels in the file and gets the same bytes, which tuning itself did not change.
    const second = await train(await freshDevice(), { tuneKernels: { path } });
    assertEquals(second, { ...first, events: [] });
    const plain = await freshDevice();
    for (const [key, choice] of kernelsOf(tuned).tuning) kernelsOf(plain).tuning.set(key, choice);
    assertEquals(await train(plain), { ...first, events: [] });
  }));

Deno.test("tuning between two fits changes neither parameters nor the kept state of the optimizer", () =>
  inFolder(async (folder) => {
    const trainTwice = async (device: Gpu, between: () => FitOptions): Promise<unknown> => {
      await using model = await Model.create(definition, data.schema, { seed: 3, device });
      // Rows stream through the device in chunks.
      const memoryBudget = 4 * (3 + 2) * 130;
      const options: FitOptions = { batchSize: 64, optimizer: ftrl({ lr: 0.1 }), optimizerState: "keep", memoryBudget };
      await model.fit(data, options);
      await model.fit(data, { ...options, ...between(), initialBias: "keep" });
      return await model.parameters();
    };
    const [measured, told] = [await freshDevice(), await freshDevice()];
    let passes = 0;
    const tuneKernels = { path: `${folder}/tuning.json` };
    const tuned = await trainTwice(measured, () => ({ tuneKernels, onTuning: () => passes++ }));
    assert(passes >= 5, `${passes} passes`);
    const copied = await trainTwice(told, () => {
      for (const [key, choice] of kernelsOf(measured).tuning) kernelsOf(told).tuning.set(key, choice);
      return {};
    });
    assertEquals(copied, tuned);
  }));

Deno.test("Model.tuneKernels returns what it measured and leaves the model as it was", () =>
  inFolder(async (folder) => {
    const path = `${folder}/tuning.json`;
    const device = await freshDevice();
    await using model = await Model.create(definition, data.schema, { seed: 3, device });
    const before = await model.parameters();
    let during: Promise<unknown> | undefined;
    const onTuning = (): void => void (during ??= model.parameters());
    const optimizer = ftrl({ lr: 0.1, embeddingUpdate: "dense" });
    const tuned = await model.tuneKernels(data, { batchSize: 64, optimizer, path, onTuning });
    assertEquals(await during, before);
    assertEquals(await model.parameters(), before);
    const { tuning } = kernelsOf(device);
    assertEquals(tuned.map(({ key }) => key), [...tuning.keys()]);
    for (const { key, ms, chosen } of tuned) {
      assertEquals(tuning.get(key)!.variant, chosen);
      assert(Object.values(ms).every((time) => time > 0), JSON.stringify(ms));
    }
    assertEquals(await loadTuning(await freshDevice(), path), tuning.size);
  }));

Deno.test("a resumed training keeps the kernels of its checkpoint, whatever was measured since", () =>
  inFolder(async (folder) => {
    const [path, run] = [`${folder}/tuning.json`, `${folder}/run.weft`];
    const device = await freshDevice();
    await train(device, { epochs: 1, checkpoint: { path: run } });
    const expected = await train(device);
    const { kernels } = (await readCheckpoint(run)).header.training as { kernels: Record<string, string> };
    assertEquals(kernels, expected.kernels);

    const set = kernelsOf(device);
    for (const key of Object.keys(kernels)) {
      const { fitting } = set.choices.get(key)!;
      if (fitting.includes("tiles")) set.tuning.set(key, { variant: "tiles", fitting });
    }
    const other = await train(device);
    assertNotEquals(other.kernels, kernels);
    for (const tuneKernels of [false, { path }]) {
      assertEquals(await train(device, { resume: run, tuneKernels }), expected);
    }
    const goesOn = await train(device, { resume: run, otherKernels: true, tuneKernels: { path } });
    for (const [key, { variant }] of set.tuning) assertEquals(goesOn.kernels[key] ?? variant, variant);
    const tiles = Object.keys(kernels).filter((key) => other.kernels[key] === "tiles");
    assertEquals([tiles.length > 0, tiles.every((key) => goesOn.kernels[key] === "tiles")], [true, true]);
  }));

Deno.test("an interruption ends tuning and training, and nothing is kept", () =>
  inFolder(async (folder) => {
    const path = `${folder}/tuning.json`;
    const device = await freshDevice();
    const enough = new AbortController();
    await using model = await Model.create(definition, data.schema, { seed: 3, device });
    const onTuning = (): void => enough.abort();
    const { ended } = await model.fit(data, { tuneKernels: { path }, signal: enough.signal, onTuning });
    assertEquals([ended, kernelsOf(device).tuning.size], ["interrupted", 0]);
    assertEquals(await loadTuning(await freshDevice(), path), 0);
  }));

Deno.test("a model that is disposed while its kernels are tuned ends the fit", () =>
  inFolder(async (folder) => {
    const model = await Model.create(definition, data.schema, { seed: 3, device: await freshDevice() });
    let disposed: Promise<void> | undefined;
    const onTuning = (): void => void (disposed ??= model[Symbol.asyncDispose]());
    const options = { tuneKernels: { path: `${folder}/tuning.json` }, onTuning };
    await assertRejects(() => model.fit(data, options), Error, "Cannot go on training: the model was disposed");
    await disposed;
  }));

Deno.test("a file of measured kernels that is damaged or cannot be written is told of before measuring", () =>
  inFolder(async (folder) => {
    const path = `${folder}/tuning.json`;
    await Deno.writeTextFile(path, "{");
    const device = await freshDevice();
    let passes = 0;
    const fit = async (path: string): Promise<void> => {
      await using model = await Model.create(definition, data.schema, { seed: 3, device });
      await model.fit(data, { tuneKernels: { path }, batchSize: 64, onTuning: () => passes++ });
    };
    await assertRejects(() => fit(path), SyntaxError, `Cannot read tuning "${path}": it must be JSON: `);
    assertEquals(passes, 0);
    const absent = `${folder}/absent/tuning.json`;
    await assertRejects(() => fit(absent), Error, `Cannot write tuning "${absent}": `);
    assertEquals([passes, kernelsOf(device).tuning.size], [1, 0]);
  }));
