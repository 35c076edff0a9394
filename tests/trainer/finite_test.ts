import { fm, lr } from "../../models/mod.ts";
import { readCheckpoint } from "../../src/checkpoint.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { Model } from "../../src/model.ts";
import { adagrad, adam, adamw, ftrl, lion, type Optimizer, rmsprop, rowwiseAdagrad, sgd } from "../../src/optimizer.ts";
import { cosine } from "../../src/schedule.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DivergenceError } from "../../src/trainer/checks.ts";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const data = plantedInteractions({ rows: 400, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 }).data;
const validation = plantedInteractions({ rows: 100, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 2 }).data;

/** A rate under which sgd learns for some steps and then overflows float32. */
const explodeAt = (at: number) => (step: number): number => step < at ? 0.05 : 1e30;

Deno.test("a checkpoint never holds numbers that are not finite: the last good one stays", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    await using model = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
    const error = await assertRejects(
      () =>
        model.fit(data, {
          batchSize: 40,
          optimizer: sgd(),
          schedule: explodeAt(5),
          checkpoint: { path, everySteps: 1 },
        }),
      DivergenceError,
    );
    assert(error.step > 5 && error.step <= 10, `step ${error.step}`);
    const { header, tensors } = await readCheckpoint(path);
    const { step } = header.training as { step: number };
    assert(step >= 5 && step < error.step, `a checkpoint of step ${step}, a failure at ${error.step}`);
    for (const [name, tensor] of Object.entries(tensors)) {
      assert(tensor.data.every((x) => Number.isFinite(Number(x))), name);
    }
    assertEquals(error.message.startsWith(`Cannot go on training: after step ${error.step}, "`), true, error.message);
    assertStringIncludes(error.message, '" must be finite, received ');
  }));

Deno.test("a loss that is not finite names its step", async () => {
  await using model = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
  const error = await assertRejects(
    () => model.fit(data, { batchSize: 40, optimizer: sgd(), schedule: explodeAt(3) }),
    DivergenceError,
    "Cannot go on training: the loss is not finite at step ",
  );
  assert(error.step > 4 && error.step <= 7, `step ${error.step}`);
});

Deno.test("a training that diverges gives the model its best epoch back", async () => {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  const epochs: number[] = [];
  const options = { batchSize: 40, optimizer: sgd(), validation, earlyStopping: { patience: 9 } };
  const error = await assertRejects(
    () =>
      model.fit(data, {
        ...options,
        epochs: 5,
        schedule: (step) => step < 20 ? 0.05 : 3e38,
        onEpoch: ({ epoch, improved }) => void (improved && epochs.push(epoch)),
      }),
    DivergenceError,
    "the model has the parameters of epoch ",
  );
  assertEquals(error.restoredEpoch, epochs.at(-1));
  assert((await model.predict(validation)).every((p) => p > 0 && p < 1));
});

Deno.test("a model with a number that is not finite is not saved, and the file that was there stays", () =>
  inFolder(async (folder) => {
    const path = `${folder}/model.weft`;
    await using model = await Model.create(lr(), data.schema, { device: await gpu() });
    await model.save(path);
    const before = await Deno.readFile(path);
    const parameters = await model.parameters();
    (parameters.linear.data as Float32Array)[3] = Infinity;
    model.setParameters(parameters);
    await assertRejects(
      () => model.save(path),
      RangeError,
      `Cannot save "${path}": "linear" must be finite, received Infinity at [3, 0]`,
    );
    assertEquals(await Deno.readFile(path), before);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["model.weft"]);
  }));

Deno.test("predict names the first row whose probability is not a number", async () => {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  const parameters = await model.parameters();
  const row = data.ids[data.rows + 10];
  (parameters.linear.data as Float32Array)[row] = NaN;
  model.setParameters(parameters);
  const first = data.ids.subarray(data.rows, 2 * data.rows).indexOf(row);
  const message = `Cannot predict: probabilities must be numbers, received NaN at row ${first}`;
  await assertRejects(() => model.predict(data), RangeError, message);
  await assertRejects(() => model.evaluate(data), RangeError, message);
});

const RULES: readonly [name: string, optimizer: Optimizer][] = [
  ["sgd", sgd({ lr: 0.1, momentum: 0.9 })],
  ["adagrad", adagrad()],
  ["rowwise_adagrad", rowwiseAdagrad()],
  ["adam", adam()],
  ["dense adam", adam({ embeddingUpdate: "dense" })],
  ["adamw", adamw({ weightDecay: 0.1 })],
  ["lion", lion({ weightDecay: 0.1 })],
  ["rmsprop", rmsprop()],
  ["ftrl", ftrl({ l1: 0.01, l2: 0.1 })],
  ["dense ftrl", ftrl({ l1: 0.01, embeddingUpdate: "dense" })],
];

for (const [name, optimizer] of RULES) {
  Deno.test(`a step of ${name} at rate 0 changes no weight, and training ends at it`, async () => {
    await using model = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
    await model.fit(data, { batchSize: 40, optimizer, initialBias: "keep" });
    const before = await model.parameters();
    await model.fit(data, { batchSize: 40, optimizer, schedule: () => 0 });
    assertEquals(await model.parameters(), before);
    await model.fit(data, { batchSize: 40, epochs: 2, optimizer, schedule: cosine({ lr: 0.1, steps: 15 }) });
    assert((await model.predict(data)).every((p) => p > 0 && p < 1));
  });
}

Deno.test("a lower rate of ftrl makes smaller steps and leaves the weights their size", async () => {
  const trained = async (options: { schedule?: (step: number) => number }): Promise<number> => {
    await using model = await Model.create(lr(), data.schema, { device: await gpu() });
    await model.fit(data, { batchSize: 40, epochs: 5, optimizer: ftrl({ lr: 0.2 }), ...options });
    return ((await model.parameters()).linear.data as Float32Array).reduce((sum, w) => sum + Math.abs(w), 0);
  };
  const full = await trained({});
  assertEquals(await trained({ schedule: () => 0.2 }), full);
  const cut = await trained({ schedule: (step) => step < 40 ? 0.2 : 0.02 });
  assert(cut > 0.8 * full && cut < full, `weights of ${cut} after a cut, ${full} without`);
});

Deno.test("ftrl goes on from the weights of an earlier training", async () => {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  await model.fit(data, { batchSize: 40, epochs: 10, optimizer: ftrl({ lr: 0.2 }) });
  const { auc } = await model.evaluate(data);
  await model.fit(data.slice(0, 40), { batchSize: 40, optimizer: ftrl({ lr: 0.001 }) });
  assert((await model.evaluate(data)).auc > auc - 0.01);
});

Deno.test("a rate that is negative or not finite is refused before training, or at its step", async () => {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  const fit = (schedule: (step: number) => number): Promise<unknown> =>
    model.fit(data, { batchSize: 40, epochs: 2, schedule });
  const before = await model.parameters();
  const falling = (step: number): number => 0.1 - 0.01 * step;
  const state = "must be finite and at least 0, received";
  await assertRejects(() => fit(falling), RangeError, `Cannot train: the schedule's rate at step 19 ${state} -0.09`);
  await assertRejects(() => fit(() => NaN), RangeError, `Cannot train: the schedule's rate at step 0 ${state} NaN`);
  await assertRejects(() => fit(() => 1e39), RangeError, `at step 0 ${state} 1e+39`);
  assertEquals((await model.parameters()).linear, before.linear);
  await assertRejects(() => fit((step) => step === 7 ? NaN : 0.1), RangeError, `at step 7 ${state} NaN`);
});
