import { models } from "../../models/mod.ts";
import type { CheckpointTensor } from "../../src/checkpoint.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { schemaOf } from "../datasets.ts";
import { inFolder } from "../folder.ts";
import { assertClose, gpu, randomArray } from "../support.ts";

const TASKS = ["click", "cart", "buy"];
const SLUGS = ["shared_bottom", "mmoe", "ple", "esmm", "aitm", "pepnet", "m2m"];
const schema = schemaOf([9, 7, 5], undefined, TASKS);

/** Rows of a funnel: each task's label follows from two fields, and is unknown in some rows. */
function drawFunnel(rows: number): Dataset {
  const random = randomArray(4 * rows, 3);
  const ids = new Uint32Array(3 * rows);
  schema.fields.forEach(({ offset, rows: size }, f) => {
    for (let r = 0; r < rows; r++) ids[f * rows + r] = offset + Math.floor((random[f * rows + r] + 1) * size / 2);
  });
  const labels = new Float32Array(3 * rows);
  for (let r = 0; r < rows; r++) {
    const [a, b] = [ids[r] - schema.fields[0].offset, ids[rows + r] - schema.fields[1].offset];
    const depth = Number((a + b) % 2 === 0) + Number((a + b) % 4 === 0) + Number((a + b) % 8 === 0);
    TASKS.forEach((_, t) => labels[t * rows + r] = r % (4 + t) === 1 && t > 0 ? -1 : Number(depth > t));
  }
  return new Dataset({ schema, rows, ids, values: undefined, labels, labeled: true });
}

const data = drawFunnel(300);
const SIZES = { dim: 4, hidden: [8, 4], tower: [4], experts: 2, gate: undefined as unknown };

const optionsOf = (slug: string, more: object = {}): Record<string, unknown> => ({
  ...SIZES,
  ...(slug === "pepnet" ? { gate: 4, domain: ["f2"], prior: ["f0"] } : {}),
  ...(slug === "m2m" ? { units: 8, domain: ["f2"] } : {}),
  ...(slug === "ple" ? { layers: 2, own: 2 } : {}),
  ...more,
});

for (const slug of SLUGS) {
  Deno.test(`${slug} learns three tasks, some labels of which are unknown, and is resumed to the same bytes`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/run.weft`;
      const definition = models[slug](optionsOf(slug, { batchNorm: true, dropout: 0.05 }));
      const train = async (options: object) => {
        await using model = await Model.create(definition, schema, { seed: 2, device: await gpu() });
        await model.fit(data, { batchSize: 64, optimizer: adam({ lr: 0.03 }), ...options });
        return { parameters: await model.parameters(), metrics: await model.evaluate(data) };
      };
      const whole = await train({ epochs: 12, checkpoint: { path, everySteps: 7 } });
      const { tasks } = whole.metrics;
      assertEquals(Object.keys(tasks!), TASKS);
      assert(tasks!.click.auc > 0.7, `${slug} ${tasks!.click.auc}`);
      assertEquals(tasks!.buy.rows, data.classesOf(2).known);
      await train({ epochs: 2, checkpoint: { path } });
      assertEquals((await train({ epochs: 12, resume: path })).parameters, whole.parameters);
    }));

  Deno.test(`a row's probabilities by ${slug} do not depend on the rows beside it`, async () => {
    await using model = await Model.create(models[slug](optionsOf(slug)), schema, { seed: 2, device: await gpu() });
    await model.fit(data, { batchSize: 64 });
    const all = await model.predictTasks(data);
    const one = await model.predictTasks(data.slice(17, 18));
    for (const task of TASKS) assertAlmostEquals(one[task][0], all[task][17], 1e-6);
  });
}

/** Returns logits by task of a model with given parameters. */
async function logitsOf(
  slug: string,
  options: object,
  parameters: Record<string, CheckpointTensor>,
): Promise<number[][]> {
  await using model = await Model.create(models[slug](optionsOf(slug, options)), schema, { device: await gpu() });
  model.setParameters(parameters);
  return Object.values(await model.predictTasks(data)).map((column) =>
    Array.from(column, (p) => Math.log(p / (1 - p)))
  );
}

/** Returns random parameters of a model. */
async function drawParameters(slug: string, options: object = {}): Promise<Record<string, CheckpointTensor>> {
  await using model = await Model.create(models[slug](optionsOf(slug, options)), schema, { device: await gpu() });
  const parameters = await model.parameters();
  Object.values(parameters).forEach((tensor, i) =>
    tensor.data = Float32Array.from(randomArray(tensor.data.length, i + 9))
  );
  return parameters;
}

Deno.test("mmoe with one expert is shared_bottom, and ple without own experts is mmoe", async () => {
  const shared = await drawParameters("shared_bottom");
  const rename = (from: Record<string, CheckpointTensor>, pattern: RegExp, to: string) =>
    Object.fromEntries(Object.entries(from).map(([name, tensor]) => [name.replace(pattern, to), tensor]));
  const first = shared["tower.0.weight"].data as Float32Array; // [N, T M], where mmoe has [T, N, M]
  const apart = Float32Array.from(first, (_, i) => first[Math.floor(i / 4) % 4 * 12 + Math.floor(i / 16) * 4 + i % 4]);
  const bottom = rename(shared, /^bottom/, "expert");
  bottom["expert.1.weight"] = { ...bottom["expert.1.weight"], shape: [1, 8, 4] };
  bottom["tower.0.weight"] = { shape: [3, 4, 4], data: apart };
  const expected = await logitsOf("shared_bottom", {}, shared);
  (await logitsOf("mmoe", { experts: 1 }, bottom)).forEach((column, t) => assertClose(column, expected[t], TASKS[t]));
  const experts = await drawParameters("mmoe");
  const layered = rename(experts, /^(expert|gate)/, "extraction.0.$1");
  const mixed = await logitsOf("mmoe", {}, experts);
  const own = await logitsOf("ple", { layers: 1, own: 0 }, layered);
  own.forEach((column, t) => assertEquals(column, mixed[t]));
});

Deno.test("esmm says of a sure conversion what it says of the click, and exposes the rate among clicks", async () => {
  const parameters = await drawParameters("esmm");
  parameters["tower.2.bias"].data = Float32Array.of(0.2, 60, -0.3);
  const [click, cart, buy] = await logitsOf("esmm", {}, parameters);
  assertClose(cart, click, "cart", { atol: 1e-5 });
  await using model = await Model.create(models.esmm(optionsOf("esmm")), schema, { device: await gpu() });
  model.setParameters(parameters);
  const exposed = await model.inspect(data);
  assertEquals(Object.keys(exposed).sort(), ["rate.buy", "rate.cart"]);
  const rates = exposed["rate.buy"].data as Float32Array;
  const product = Array.from(rates, (rate, r) => rate / (1 + Math.exp(-click[r])));
  assertClose(buy.map((z) => 1 / (1 + Math.exp(-z))), product, "buy", { atol: 1e-5 });
});

Deno.test("gates are weights of experts, and pepnet's are around 1", async () => {
  await using mmoe = await Model.create(models.mmoe(optionsOf("mmoe")), schema, { device: await gpu() });
  const { gates } = await mmoe.inspect(data);
  assertEquals(gates.shape, [300, 3, 2]);
  const weights = gates.data as Float32Array;
  for (let i = 0; i < weights.length; i += 2) assertAlmostEquals(weights[i] + weights[i + 1], 1, 1e-6);
  await using pepnet = await Model.create(models.pepnet(optionsOf("pepnet")), schema, { device: await gpu() });
  const exposed = await pepnet.inspect(data);
  assertEquals(Object.keys(exposed), ["domain_gates", "tower.gates.0", "tower.gates.1"]);
  assertEquals(exposed["tower.gates.0"].shape, [300, 24]);
});

Deno.test("the summary of a model of several tasks lists its stacked networks", async () => {
  await using model = await Model.create(models.mmoe(optionsOf("mmoe")), schema, { device: await gpu() });
  const summary = model.summary();
  for (
    const line of [/^expert\.1\.weight +\[2, 8, 4\]/m, /^tower\.1\.weight +\[3, 4, 1\]/m, /^task_log_variances +\[3\]/m]
  ) {
    assert(line.test(summary), summary);
  }
});
