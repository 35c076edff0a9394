import { deepfm, esmm } from "../../models/mod.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import type { Definition } from "../../src/definition.ts";
import {
  concat,
  defineModel,
  dense,
  embedding,
  flatten,
  mlp,
  type Tensor,
  withAuxiliary,
} from "../../src/layers/mod.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { assertClose, gpu } from "../support.ts";
import { drawClicks } from "./clicks.ts";

/** Heads of their own over one embedding, and a shared layer. */
const heads = defineModel("heads", (x, { hidden = 8 }: { hidden?: number }) => {
  const h = mlp(flatten(embedding(x, 4)), [hidden], { hiddenOnly: true });
  return Object.fromEntries(x.tasks.map((task) => [task, dense(h, 1, { name: task })]));
});

const clicks = drawClicks(1200, 5);

/** Gives rows another schema and labels. */
function withLabels(labels: Float32Array<ArrayBuffer>, declared: { label: string } | { labels: readonly string[] }) {
  const { schema, rows, ids } = clicks;
  const relabeled = new FittedSchema({ declared, missing: [""], fields: schema.fields });
  return new Dataset({ schema: relabeled, rows, ids, values: undefined, labels, labeled: true });
}

const CLICK = Float32Array.from({ length: clicks.rows }, (_, r) => Number(r % 3 === 0));
const single = withLabels(CLICK, { label: "click" });

/** Two tasks; the second knows its label where `knows` says so. */
function twoTasks(knows: (row: number) => boolean): Dataset {
  const buy = Float32Array.from(CLICK, (_, r) => knows(r) ? Number(r % 7 < 2) : -1);
  return withLabels(Float32Array.from([...CLICK, ...buy]), { labels: ["click", "buy"] });
}

/** A purchase needs a click. */
const funnel = withLabels(Float32Array.from([...CLICK, ...CLICK.map((click, r) => click * Number(r % 4 === 0))]), {
  labels: ["click", "buy"],
});

const data = twoTasks((row) => row % 4 > 0);

async function train(rows: Dataset, options: FitOptions = {}) {
  await using model = await Model.create(heads(), rows.schema, { seed: 3, device: await gpu() });
  const history = await model.fit(rows, { batchSize: 256, unseenShare: 0, ...options });
  return { history, parameters: await model.parameters(), metrics: await model.evaluate(rows) };
}

Deno.test("a task without labels in a batch learns nothing from it, and the others as if they were alone", async () => {
  const options: FitOptions = { batchSize: 600, shuffle: false, optimizer: sgd({ lr: 0.5 }), initialBias: "keep" };
  const schedule = (step: number) => step === 0 ? 0.5 : 0;
  const both = await train(twoTasks((row) => row >= 600), { ...options, schedule });
  const alone = await train(single, { ...options, schedule });
  for (const name of ["embedding", "mlp.0.weight", "mlp.0.bias", "click.weight", "click.bias"]) {
    assertEquals(both.parameters[name].data, alone.parameters[name].data, name);
  }
  await using fresh = await Model.create(heads(), data.schema, { seed: 3, device: await gpu() });
  const before = await fresh.parameters();
  for (const name of ["buy.weight", "buy.bias"]) {
    assertEquals(both.parameters[name].data, before[name].data, name);
  }
  assertEquals(Object.keys(both.parameters).includes("task_log_variances"), true);
  assertEquals(Object.keys(alone.parameters).includes("task_log_variances"), false);
});

/** The same, whose logits learn the labels a second time. */
const twiceLearned = defineModel("twice_learned", (x, _: { hidden?: number }) => {
  const logits = heads().build(x) as Record<string, Tensor>; // [B, 1] by task
  const all = concat(...x.tasks.map((task) => logits[task])); // [B, T]
  return { ...logits, click: withAuxiliary(logits.click, all, x.targets) };
});

Deno.test("logits that learn the labels twice double the loss and the gradient, where labels are unknown too", async () => {
  const fitted = async (definition: Definition, lr: number) => {
    await using model = await Model.create(definition, data.schema, { seed: 3, device: await gpu() });
    const options = { shuffle: false, unseenShare: 0, initialBias: "keep", batchSize: 600 } as const;
    const { epochs: [{ loss }] } = await model.fit(data.slice(0, 600), { ...options, optimizer: sgd({ lr }) });
    return { loss, parameters: await model.parameters() };
  };
  const [once, twice] = [await fitted(heads(), 0.2), await fitted(twiceLearned(), 0.1)];
  assertAlmostEquals(twice.loss, 2 * once.loss, 1e-5);
  for (const name of ["embedding", "mlp.0.weight", "click.weight", "buy.weight", "buy.bias"]) {
    const [expected, received] = [once, twice].map(({ parameters }) => parameters[name].data as Float32Array);
    assertClose(received, expected, name, { rtol: 1e-6 });
  }
});

Deno.test("a weight of 0 leaves a task out, and others scale its gradient", async () => {
  const options: FitOptions = { optimizer: sgd({ lr: 0.1 }), initialBias: "keep" };
  const without = await train(data, { ...options, taskWeights: { buy: 0 } });
  const alone = await train(single, options);
  assertEquals(without.parameters["mlp.0.weight"].data, alone.parameters["mlp.0.weight"].data);
  assertEquals(without.history.epochs[0].loss, alone.history.epochs[0].loss);
  const plain = await train(data, options);
  assertEquals((await train(data, { ...options, taskWeights: { click: 1 } })).parameters, plain.parameters);
  const twice = await train(data, { ...options, taskWeights: { click: 2, buy: 2 } });
  assertNotEquals(twice.parameters, plain.parameters);
});

Deno.test("learned variances of tasks grow with the loss", async () => {
  const { parameters } = await train(data, { epochs: 3, taskWeights: "uncertainty", optimizer: sgd({ lr: 0.05 }) });
  const [click, buy] = parameters.task_log_variances.data as Float32Array;
  // The derivative is 1/2 - exp(-s) L: both losses are above 1/2, so s grows, and further where the loss is larger.
  assert(click > buy && buy > 0, `${click} and ${buy}`);
  const { parameters: plain } = await train(data, { epochs: 3, optimizer: sgd({ lr: 0.05 }) });
  assertEquals([...plain.task_log_variances.data as Float32Array], [0, 0]);
});

Deno.test("rows that stream in chunks train tasks to the same bytes", async () => {
  const [whole, chunked] = [await train(data), await train(data, { memoryBudget: 2 ** 14 })];
  assertEquals(chunked.parameters, whole.parameters);
});

Deno.test("a resumed training of several tasks gives the same bytes as one that was not interrupted", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    for (const taskWeights of [undefined, "uncertainty", { buy: 0.3 }] as const) {
      await train(data, { epochs: 1, taskWeights, checkpoint: { path } });
      const resumed = await train(data, { epochs: 2, taskWeights, resume: path });
      assertEquals(resumed.parameters, (await train(data, { epochs: 2, taskWeights })).parameters);
    }
    await assertRejects(
      () => train(data, { epochs: 2, resume: path }),
      TypeError,
      'Cannot resume: the checkpoint was trained with taskWeights {"buy":0.3}, received null',
    );
  }));

Deno.test("metrics are by task over known labels, with their means; predictions are by task", () =>
  inFolder(async (folder) => {
    await using model = await Model.create(heads(), data.schema, { seed: 3, device: await gpu() });
    await model.fit(data, { epochs: 2, batchSize: 256 });
    const metrics = await model.evaluate(data);
    const { click, buy } = metrics.tasks!;
    assertEquals([metrics.rows, click.rows, buy.rows], [1200, 1200, 900]);
    assertAlmostEquals(metrics.auc, (click.auc + buy.auc) / 2, 1e-12);
    const predictions = await model.predictTasks(data);
    assertEquals(Object.keys(predictions), ["click", "buy"]);
    assertEquals(predictions.buy.length, 1200);
    assertEquals(await model.predictTasks(data, { batchSize: 7 }), predictions);
    await assertRejects(() => model.predict(data), TypeError, "there must be one label, received click, buy");
    await model.save(`${folder}/heads.weft`);
    await using loaded = await Model.load(`${folder}/heads.weft`, heads, { device: await gpu() });
    assertEquals(await loaded.predictTasks(data), predictions);
    assertEquals(await loaded.evaluate(data), metrics);
    const unknown = withLabels(Float32Array.from(data.labels, (y, i) => i < data.rows ? y : -1), {
      labels: ["click", "buy"],
    });
    const { auc, notes, tasks } = await model.evaluate(unknown);
    assertEquals([auc, notes?.auc, tasks?.click.auc], [NaN, 'task "buy": no label is known', click.auc]);
  }));

Deno.test("a model of one label predicts by task too", async () => {
  await using model = await Model.create(heads(), single.schema, { seed: 3, device: await gpu() });
  assertEquals(await model.predictTasks(single), { click: await model.predict(single) });
  assertEquals((await model.evaluate(single)).tasks, undefined);
});

Deno.test("early stopping watches the mean over tasks, or one of them", async () => {
  const early = async (monitor: "auc" | "auc.click" | "logloss.buy", epochs = 3) => {
    const { history } = await train(data, { epochs, validation: data, earlyStopping: { monitor, patience: 1 } });
    return history.epochs.map(({ validation }) => validation!.tasks!.click.auc);
  };
  for (const monitor of ["auc", "auc.click", "logloss.buy"] as const) assert((await early(monitor)).length > 0);
  await assertRejects(
    () => early("auc.cart" as "auc"),
    RangeError,
    'and those behind a point with a task of click, buy, received "auc.cart"',
  );
  await assertRejects(
    () => train(single, { validation: single, earlyStopping: { monitor: "auc.click" } }),
    RangeError,
    'received "auc.click"',
  );
});

Deno.test("each task starts at the rate of its known labels", async () => {
  await using model = await Model.create(heads(), data.schema, { seed: 3, device: await gpu() });
  await model.fit(data, { optimizer: sgd(), schedule: () => 0 });
  const { click, buy } = await model.predictTasks(data);
  const mean = (values: Float32Array) => values.reduce((sum, p) => sum + p, 0) / values.length;
  const { known, positives } = data.classesOf(1);
  assertAlmostEquals(mean(click), 1 / 3, 1e-3);
  assertAlmostEquals(mean(buy), positives / known, 1e-3);
});

Deno.test("a task that multiplies the probability of another starts at its rate too", async () => {
  await using model = await Model.create(esmm({ dim: 4, hidden: [8] }), funnel.schema, { device: await gpu() });
  await model.fit(funnel, { optimizer: sgd(), schedule: () => 0 });
  const { click, buy } = await model.predictTasks(funnel);
  const { known, positives } = funnel.classesOf(1);
  assertAlmostEquals(click[0], 1 / 3, 1e-3);
  assertAlmostEquals(buy[0], positives / known, 1e-3);
});

Deno.test("models, tasks and weights that do not go together are refused", async () => {
  const device = await gpu();
  const create = (definition: ReturnType<typeof deepfm>) => Model.create(definition, data.schema, { device });
  await assertRejects(
    () => create(deepfm({ dim: 4 })),
    TypeError,
    "Cannot build deepfm: labels click, buy need logits for each, received one tensor",
  );
  const other = defineModel("other", (x) => ({ click: dense(flatten(embedding(x, 4)), 1) }));
  await assertRejects(() => create(other()), TypeError, "logits must be of the tasks click, buy, received click");
  const wide = defineModel("wide", (x) => {
    const e = flatten(embedding(x, 4));
    return { click: dense(e, 1), buy: dense(e, 2) };
  });
  await assertRejects(() => create(wide()), TypeError, "logits must have shape [B, 1], received [B, 2]");
  const refuse = (weights: object, message: string, rows = data) =>
    assertRejects(() => train(rows, { taskWeights: weights as Record<string, number> }), Error, message);
  await refuse({ cart: 1 }, 'taskWeights are of the tasks click, buy, received "cart"');
  await refuse({ buy: -1 }, "taskWeights.buy must be finite and at least 0, received -1");
  await refuse({ click: 1 }, 'taskWeights need several tasks, received the one label "click"', single);
});
