import { deepfm, finalmlp, models, sharedBottom, survival } from "../../models/mod.ts";
import { defineModel, type Definition } from "../../src/definition.ts";
import { embedding, flatten, hazards, mlp } from "../../src/layers/mod.ts";
import { concordance } from "../../src/metrics.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { assertClose, gpu } from "../support.ts";
import { CREATIVES, drawCreatives, ENDS } from "../survival_data.ts";

const training = drawCreatives(6000, 1);
const test = drawCreatives(1200, 2, { schema: training.data.schema, censored: false });
const FIT = { epochs: 8, batchSize: 256, optimizer: adam({ lr: 0.01 }), taskWeights: { short: 0.5, long: 0.5 } };
const SIZES = { dim: 8, hidden: [32] };

/** The best concordance that the planted lifetimes allow on average. */
const best = concordance(test.risks, test.data.lifetimes!.times, test.data.lifetimes!.events);

for (const [name, definition] of [["survival", survival(SIZES)], ["deepfm", deepfm(SIZES)]] as const) {
  Deno.test(`${name} orders planted lifetimes nearly as their rates do, and learns their hazards`, async () => {
    await using model = await Model.create(definition, training.data.schema, { seed: 3, device: await gpu() });
    const before = await model.evaluate(test.data);
    const history = await model.fit(training.data, FIT);
    assertEquals(history.ended, "epochs");
    const after = await model.evaluate(test.data);
    assertEquals(Object.keys(after.tasks!), ["long", "short"]);
    // The short head learns from the ends of seven days alone.
    for (const [head, slack] of [["short", 0.05], ["long", 0.03]] as const) {
      const { concordance: order, calibration } = after.tasks![head];
      assert(order! > best - slack, `${head} ${order} of ${best}`);
      // The test rows are never censored: they reach intervals that no row of their market reached in training.
      assert(Math.abs(calibration - 1) < 0.25, `${head} ${calibration}`);
    }
    assert(after.logloss < before.logloss - 0.2, `${after.logloss} from ${before.logloss}`);
    assert(before.concordance! < 0.6);
    const { long } = await model.predictSurvival(test.data);
    // Lasting 4 days has the probability exp(-4 rate) in an exponential distribution.
    const errors = test.risks.map((risk, row) => Math.abs(long.survival[4 * row] - Math.exp(-4 * Math.exp(risk))));
    const error = errors.reduce((sum, one) => sum + one, 0) / test.data.rows;
    assert(error < 0.06, `${error}`);
  });
}

Deno.test("whether an end was seen, as a label of two classes, orders planted lifetimes far less well", async () => {
  const { data } = drawCreatives(6000, 1, { schema: { label: "stopped", features: CREATIVES.features } });
  await using model = await Model.create(deepfm(SIZES), data.schema, { seed: 3, device: await gpu() });
  await model.fit(data, { epochs: 8, batchSize: 256, optimizer: adam({ lr: 0.01 }) });
  const { times, events } = test.data.lifetimes!;
  const order = concordance(await model.predict(drawCreatives(1200, 2, { schema: data.schema }).data), times, events);
  assert(order < best - 0.05, `${order} of ${best}`);
});

Deno.test("survival curves fall from hazards, and expected times follow from them", async () => {
  await using model = await Model.create(survival(SIZES), training.data.schema, { seed: 3, device: await gpu() });
  const rows = test.data.slice(0, 40);
  const hazardsOf = await model.predictTasks(rows);
  assertEquals(Object.keys(hazardsOf), training.data.schema.tasks);
  const { short } = await model.predictSurvival(rows);
  assertEquals(short.ends, ENDS.short);
  for (let row = 0; row < 40; row++) {
    let [left, expected] = [1, 0];
    ENDS.short.slice(1).forEach((end, k) => {
      left *= 1 - hazardsOf[`short ${ENDS.short[k]}-${end}`][row];
      expected += left * (end - ENDS.short[k]);
      assertAlmostEquals(short.survival[4 * row + k], left, 1e-6);
    });
    assertAlmostEquals(short.expectedTime[row], expected, 1e-6);
  }
  await assertRejects(() => model.predict(rows), TypeError, "there must be one label");
});

Deno.test("hazards start at the shares of ends among the rows that reached an interval", async () => {
  await using model = await Model.create(deepfm(SIZES), training.data.schema, { seed: 3, device: await gpu() });
  await model.fit(training.data, { schedule: () => 0, batchSize: 512 });
  const { "risk.short.bias": bias } = await model.parameters();
  const expected = [4, 5, 6, 7].map((task) => {
    const { known, positives } = training.data.classesOf(task);
    return Math.log(positives / (known - positives));
  });
  assertClose(bias.data as Float32Array, expected, "bias");
});

Deno.test("a tower's hazards are proportional in their odds", async () => {
  await using model = await Model.create(deepfm(SIZES), training.data.schema, { seed: 3, device: await gpu() });
  await model.fit(training.data, { ...FIT, epochs: 1 });
  const predicted = Object.values(await model.predictTasks(test.data.slice(0, 3)));
  const { "risk.short.weight": weight } = await model.parameters();
  const short = predicted.slice(4);
  const logOdds = (k: number, row: number) => Math.log(short[k][row] / (1 - short[k][row]));
  const gaps = [0, 1, 2, 3].map((k) => (logOdds(k, 1) - logOdds(k, 0)) / (weight.data[k] as number));
  gaps.forEach((gap) => assertAlmostEquals(gap, gaps[0], 1e-3));
});

Deno.test("a training of lifetimes is resumed to the same bytes, saved and loaded", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const device = await gpu();
    const data = training.data.slice(0, 600);
    const train = async (options: object) => {
      await using model = await Model.create(survival({ ...SIZES, dropout: 0.1 }), data.schema, { seed: 2, device });
      await model.fit(data, { ...FIT, ...options });
      await model.save(`${folder}/model.weft`);
      return { parameters: await model.parameters(), metrics: await model.evaluate(test.data) };
    };
    const whole = await train({ epochs: 3 });
    await train({ epochs: 1, checkpoint: { path, everySteps: 2 } });
    const resumed = await train({ epochs: 3, resume: path });
    assertEquals(resumed.parameters, whole.parameters);
    await using loaded = await Model.load(`${folder}/model.weft`, models, { device });
    assertEquals(loaded.schema.tasks, data.schema.tasks);
    assertEquals(await loaded.evaluate(test.data), whole.metrics);
  }));

Deno.test("rows that weigh more move lifetimes more, and padding of the last batch counts for nothing", async () => {
  const device = await gpu();
  const fit = async (weights: (row: number) => number, rows = 256) => {
    const data = training.data.slice(0, rows);
    data.lifetimes!.weights.set(Float32Array.from({ length: rows }, (_, row) => weights(row)));
    await using model = await Model.create(survival(SIZES), data.schema, { seed: 3, device });
    const losses: number[] = [];
    await model.fit(data, {
      ...FIT,
      epochs: 1,
      batchSize: 256,
      shuffle: false,
      unseenShare: 0,
      initialBias: "keep",
      onEpoch: ({ loss }) => losses.push(loss),
    });
    return { parameters: await model.parameters(), loss: losses[0] };
  };
  const twice = await fit(() => 2);
  assertEquals((await fit(() => 1)).parameters, twice.parameters);
  const first = await fit((row) => Number(row < 100));
  const part = await fit(() => 1, 100);
  assertAlmostEquals(first.loss, part.loss, 1e-5);
});

Deno.test("lifetimes that stream through the device in chunks train to the bytes of those that stay there", async () => {
  const device = await gpu();
  const data = training.data.slice(0, 600);
  const train = async (options: object) => {
    await using model = await Model.create(survival(SIZES), data.schema, { seed: 2, device });
    await model.fit(data, { ...FIT, batchSize: 64, epochs: 2, ...options });
    return await model.parameters();
  };
  // A row has three fields, a label for each of eight intervals, its weight and its place in the order.
  assertEquals(await train({ memoryBudget: 4 * (3 + 8 + 1 + 1) * 200 }), await train({}));
});

Deno.test("early stopping watches the concordance of a head, and refuses metrics that times do not have", async () => {
  const device = await gpu();
  await using model = await Model.create(survival(SIZES), training.data.schema, { seed: 3, device });
  const fit = (monitor: string, validation = test.data) =>
    model.fit(training.data, { ...FIT, epochs: 1, validation, earlyStopping: { monitor: monitor as "auc" } });
  await assertRejects(() => fit("auc"), RangeError, "labels are times, whose order concordance measures");
  await assertRejects(() => fit("concordance.middle"), RangeError, "with a task of long, short, received");
  const censored = test.data.slice(0, 50);
  censored.lifetimes!.events.fill(0);
  await assertRejects(() => fit("concordance", censored), RangeError, "received 0 ends of 50 rows");
  const { epochs } = await fit("concordance.long");
  assert(epochs[0].validation!.concordance! > 0.5);
});

Deno.test("losses of heads are weighed by their names, by numbers alone", async () => {
  await using model = await Model.create(survival(SIZES), training.data.schema, { seed: 3, device: await gpu() });
  const fit = (taskWeights: object | string) =>
    model.fit(training.data, { epochs: 1, batchSize: 1200, taskWeights: taskWeights as { short: number } });
  await assertRejects(() => fit({ middle: 1 }), TypeError, 'are of the tasks long, short, received "middle"');
  await assertRejects(() => fit("uncertainty"), TypeError, 'must be numbers, received "uncertainty"');
  const before = await model.parameters();
  await fit({ short: 0 });
  const after = await model.parameters();
  assertEquals(after["hazards.short.weight"], before["hazards.short.weight"]);
  assert(after["hazards.long.weight"].data.some((w, i) => w !== before["hazards.long.weight"].data[i]));
});

Deno.test("models of several tasks have a tower for each interval, and others are refused where they cannot", async () => {
  const device = await gpu();
  const { schema } = training.data;
  const sizes = { dim: 4, hidden: [8], tower: [4] };
  await using model = await Model.create(sharedBottom(sizes), schema, { device });
  await model.fit(training.data.slice(0, 400), { epochs: 2, batchSize: 100, optimizer: adam({ lr: 0.01 }) });
  assert((await model.evaluate(test.data)).concordance! > 0.5);
  const refused = (definition: Definition, message: string) =>
    assertRejects(() => Model.create(definition, schema, { device }), TypeError, message);
  await refused(models.dcnv3(), "supervised_mean: training needs the input's targets, received none");
  const wide = defineModel("wide", (x) => mlp(flatten(embedding(x, 2)), [3]));
  await refused(wide(), "logits must have shape [B, 1], received [B, 3]");
  const partial = defineModel("partial", (x) => ({ short: hazards(x, flatten(embedding(x, 2))).short }));
  await refused(partial(), "logits must be of the heads long, short or of their intervals, received short");
  const narrow = defineModel("narrow", (x) => {
    const { short } = hazards(x, flatten(embedding(x, 2)));
    return { short, long: mlp(short, [1]) };
  });
  await refused(narrow(), 'logits of "long" must have shape [B, 4], received [B, 1]');
  await using other = await Model.create(finalmlp({ dim: 4 }), schema, { device });
  assertEquals(other.schema.tasks.length, 8);
});

Deno.test("a model of ordinary labels predicts no survival", async () => {
  const schema = { label: "stopped", features: CREATIVES.features };
  const { data } = drawCreatives(20, 1, { schema });
  await using model = await Model.create(survival(SIZES), data.schema, { device: await gpu() });
  assertEquals(Object.keys(await model.predictTasks(data)), ["stopped"]);
  await assertRejects(() => model.predictSurvival(data), TypeError, "must have survival, received labels stopped");
});
