import { deepfm } from "../../models/mod.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { Model } from "../../src/model.ts";
import { adagrad, adam, ftrl, lion, type Optimizer, rowwiseAdagrad, sgd } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { watch } from "../watched.ts";

const data = plantedInteractions({ rows: 300, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 }).data;

/** The same rows each epoch, so that two epochs are one after the other. */
const OPTIONS: FitOptions = { batchSize: 64, shuffle: false, seed: 3 };

async function create(): Promise<Model> {
  const definition = deepfm({ dim: 4, hidden: [8], dropout: 0.2, batchNorm: true });
  return await Model.create(definition, data.schema, { seed: 5, device: await gpu() });
}

/** Trains by one `fit` after the other and returns the parameters. */
async function train(...fits: FitOptions[]): Promise<unknown> {
  await using model = await create();
  for (const options of fits) await model.fit(data, { ...OPTIONS, ...options });
  return await model.parameters();
}

Deno.test("a fit that keeps the optimizer's state goes on as if it had been one fit, and a fresh one does not", async () => {
  const optimizers: Optimizer[] = [
    adam({ lr: 0.01 }),
    adam({ lr: 0.01, embeddingUpdate: "dense" }),
    ftrl({ lr: 0.1, l1: 0.01 }),
    lion({ lr: 0.001 }),
    rowwiseAdagrad({ lr: 0.05 }),
    sgd({ momentum: 0.9 }),
  ];
  for (const optimizer of optimizers) {
    const whole = await train({ optimizer, epochs: 3 });
    const keep = { optimizer, optimizerState: "keep" } as const;
    assertEquals(await train({ ...keep, epochs: 2 }, keep), whole, optimizer.name);
    assertNotEquals(await train({ optimizer, epochs: 2 }, { optimizer }), whole, optimizer.name);
    assertEquals(await train({ optimizer, epochs: 2 }, keep), await train({ optimizer, epochs: 2 }, { optimizer }));
  }
});

Deno.test("a kept state serves the same kind of optimizer at another rate, and no other kind", async () => {
  await using model = await create();
  const fit = (optimizer: Optimizer, more: FitOptions = {}) =>
    model.fit(data, { ...OPTIONS, optimizer, optimizerState: "keep", ...more });
  await fit(adam());
  await fit(adam({ lr: 1e-4 }));
  const message =
    "Cannot go on from the optimizer's state: it is that of adam with 2 numbers of state and lazy updates";
  for (const optimizer of [sgd(), adagrad(), adam({ embeddingUpdate: "dense" })]) {
    await assertRejects(() => fit(optimizer), TypeError, message);
    await fit(adam(), { optimizerState: "fresh" });
    await fit(adam());
  }
  await assertRejects(() => fit(adam(), { initialBias: "log-odds" }), TypeError, 'initialBias must be "keep"');
  await assertRejects(
    () => fit(adam(), { optimizerState: "none" as "keep" }),
    RangeError,
    'optimizerState must be "fresh" or "keep", received none',
  );
});

Deno.test("state that does not belong to the parameters is not kept", async () => {
  const optimizer = adam({ lr: 0.05 });
  const keep = { optimizerState: "keep", optimizer } as const;
  const between = async (change: (model: Model) => Promise<unknown>, second: FitOptions): Promise<unknown> => {
    await using model = await create();
    await model.fit(data, { ...OPTIONS, ...keep });
    await change(model);
    await model.fit(data, { ...OPTIONS, ...second });
    return await model.parameters();
  };
  const set = async (model: Model) => model.setParameters(await model.parameters());
  assertEquals(await between(set, keep), await between(set, { optimizer }));
  // The rate grows until validation gets worse, so that the model has the parameters of an earlier epoch in the end.
  const stepBack = async (model: Model): Promise<void> => {
    const { epochs, bestEpoch } = await model.fit(data, {
      ...OPTIONS,
      ...keep,
      epochs: 6,
      validation: data,
      earlyStopping: { monitor: "logloss", patience: 1 },
      schedule: (step) => step < 5 ? 1e-3 : 3,
    });
    assertEquals(bestEpoch < epochs.length, true);
  };
  assertEquals(await between(stepBack, keep), await between(stepBack, { optimizer }));
});

Deno.test("a training that took up a state resumes with the same bytes", () =>
  inFolder(async (folder) => {
    const keep = { optimizerState: "keep", optimizer: adam({ lr: 0.01 }) } as const;
    const whole = await train(keep, { ...keep, epochs: 2 });
    const path = `${folder}/run.weft`;
    await using model = await create();
    await model.fit(data, { ...OPTIONS, ...keep });
    const stop = new AbortController();
    const onEpoch = () => stop.abort();
    await model.fit(data, { ...OPTIONS, ...keep, epochs: 2, checkpoint: { path }, signal: stop.signal, onEpoch });
    await using resumed = await create();
    await resumed.fit(data, { ...OPTIONS, ...keep, epochs: 2, resume: path });
    assertEquals(await resumed.parameters(), whole);
  }));

Deno.test("the state stays on the device only where it is kept", async () => {
  const { gpu: device, live } = await watch();
  const definition = deepfm({ dim: 4, hidden: [8] });
  await using model = await Model.create(definition, data.schema, { device });
  const before = live.size;
  await model.fit(data, OPTIONS);
  assertEquals(live.size, before);
  await model.fit(data, { ...OPTIONS, optimizerState: "keep" });
  assertNotEquals(live.size, before);
  await model.fit(data, OPTIONS);
  assertEquals(live.size, before);
});
