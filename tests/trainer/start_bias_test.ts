import { add, defineModel, embedding, flatten, linear, mlp, rowDot } from "../../src/layers/mod.ts";
import { deepfm, dien, ffm, fnn, lr, mlr, models } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { logitBiases } from "../../src/trainer/start_bias.ts";
import { spaceOf } from "../../src/trace.ts";
import { withHistory } from "../datasets.ts";
import { gpu } from "../support.ts";
import { drawClicks } from "./clicks.ts";

const data = drawClicks(4000, 3);
const space = spaceOf(withHistory(data.schema));
const rate = data.positives / data.rows;

function namesOf(definition: ReturnType<typeof lr>): string[] {
  return logitBiases(definition, space).map(({ parameter }) => parameter.name);
}

/** Models whose formulas add no bias to the logit, or add it twice. */
const WITHOUT_BIAS = ["mlr", "lorentzfm", "dssm", "flen", "fignn", "eulernet"];

Deno.test("every model's logit has a bias where its formula has one", () => {
  const without = Object.keys(models).filter((name) => namesOf(models[name]()).length === 0);
  assertEquals(without, WITHOUT_BIAS);
  assertEquals(namesOf(deepfm()), ["linear.bias"]);
  assertEquals(namesOf(models.dnn()), ["mlp.3.bias"]);
  assertEquals(namesOf(dien({ auxiliary: 1 })), ["mlp.3.bias"]);
  assertEquals(namesOf(models.adaptdhm()), ["star.shared.3.bias"]);
  assertEquals(namesOf(models.star({ domain: data.schema.fields[0].name })), ["star.shared.3.bias"]);
  assertEquals(namesOf(fnn({ hidden: [4] })), ["mlp.1.bias"]);
  assertEquals(namesOf(models.finalnet()), ["top1.bias", "top2.bias"]);
  assertEquals(namesOf(models.sim()), ["mlp.3.bias", "search.3.bias"]);
  assertEquals(namesOf(models.xdeepfm({ cinBias: false, hidden: [] })), []);
  assertEquals(namesOf(ffm({ instanceNorm: true })), []);
  const own = defineModel("own", (x) => {
    const e = flatten(embedding(x, 4));
    return add(rowDot(mlp(e, [8, 2]), mlp(e, [8, 2])), linear(x));
  });
  assertEquals(namesOf(own()), ["linear.bias"]);
});

/** Returns the mean prediction after a step at rate 0. */
async function start(model: Model, options = {}): Promise<number> {
  await model.fit(data, { batchSize: 4096, optimizer: sgd(), schedule: () => 0, ...options });
  const probabilities = await model.predict(data);
  return probabilities.reduce((sum, p) => sum + p, 0) / data.rows;
}

Deno.test("a new model starts at the rate of its labels", async () => {
  const small = { dim: 4, hidden: [8], hidden1: [8], hidden2: [8], gateHidden: [8], cin: [4, 4] };
  for (const name of ["lr", "deepfm", "dnn", "finalnet", "finalmlp", "xdeepfm", "autoint", "dcnv2", "fwfm"]) {
    await using model = await Model.create(models[name](small), data.schema, { device: await gpu() });
    assertAlmostEquals(await start(model), rate, 1e-3, name);
    await using kept = await Model.create(models[name](small), data.schema, { device: await gpu() });
    assertAlmostEquals(await start(kept, { initialBias: "keep" }), 0.5, 1e-3, name);
  }
  await using unbiased = await Model.create(mlr(), data.schema, { device: await gpu() });
  assertAlmostEquals(await start(unbiased), 0.5, 1e-3);
});

Deno.test("a model that was given parameters, trained or loaded keeps its bias", async () => {
  await using given = await Model.create(lr(), data.schema, { device: await gpu() });
  given.setParameters(await given.parameters());
  assertAlmostEquals(await start(given), 0.5, 1e-3);
  assertAlmostEquals(await start(given, { initialBias: "log-odds" }), rate, 1e-3);
  const path = await Deno.makeTempFile();
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  await model.save(path);
  await using loaded = await Model.load(path, lr, { device: await gpu() });
  assertAlmostEquals(await start(loaded), 0.5, 1e-3);
  const before = await start(model);
  await model.fit(data.slice(0, 2000), { schedule: () => 0 });
  assertEquals(await start(model), before);

  await Deno.remove(path);
});
