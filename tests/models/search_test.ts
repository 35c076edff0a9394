import { dmf, dsin, eta, longer, mirrn, sdim, sim, twin } from "../../models/mod.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { defineModel, type Definition } from "../../src/definition.ts";
import {
  concat,
  dense,
  embeddings,
  equalItems,
  flatten,
  hashLikeness,
  mlp,
  multiHeadTargetAttention,
} from "../../src/layers/mod.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const schema = withHistory(schemaOf([9, 4, 5]), 8);
const data = drawDataset(schema, 40, 1);
const sizes = { dim: 4, hidden: [6], units: 6, window: 3, top: 2 };

Deno.test("directions of hashes depend on the seed, are never trained, and are saved with the model", async () => {
  const device = await gpu();
  const definition = sdim({ ...sizes, hashes: 4, bits: 2 });
  await using model = await Model.create(definition, schema, { device, seed: 7 });
  await using other = await Model.create(definition, schema, { device, seed: 8 });
  const directionsOf = async (of: Model) => (await of.parameters())["hash.directions"];
  const drawn = await directionsOf(model);
  assertEquals(drawn.shape, [4, 2, 8]);
  assertNotEquals(drawn, await directionsOf(other));
  await model.fit(data, { epochs: 2, batchSize: 10 });
  assertEquals(await directionsOf(model), drawn);
  await inFolder(async (folder) => {
    await model.save(`${folder}/model.weft`);
    await using loaded = await Model.load(`${folder}/model.weft`, sdim, { device });
    assertEquals(await loaded.predict(data), await model.predict(data));
  });
});

/** Rows whose label says whether the target is among the items of the history that are older than the newest two. */
function drawRepeats(rows: number, seed: number): Dataset {
  const schema = withHistory(schemaOf([7, 4]), 12);
  const { ids, histories } = drawDataset(schema, rows, seed);
  const [{ offsets, ids: items }] = histories;
  const labels = Float32Array.from({ length: rows }, (_, b) => {
    const old = Array.from({ length: Math.max(0, offsets[b + 1] - offsets[b] - 2) }, (_, t) => offsets[b] + t);
    return Number(old.some((place) => items[2 * place] === ids[b]));
  });
  return new Dataset({ schema, rows, ids, values: undefined, histories, labels, labeled: true });
}

const [repeats, unseen] = [drawRepeats(800, 5), drawRepeats(400, 6)];
const wider = { dim: 8, hidden: [16], units: 8, window: 2, top: 4 };
const searches = [
  sim(wider),
  sim({ ...wider, search: "hard", sequence: "history" }),
  sdim({ ...wider, hashes: 8, bits: 4 }),
  eta(wider),
  twin(wider),
  longer({ dim: 8, hidden: [16], width: 8, merge: 2, globals: 2 }),
  mirrn(wider),
  dsin({ dim: 8, hidden: [16], size: 4, attention: [16] }),
  dmf({ dim: 8, hidden: [16], units: 8, interest: 8, buckets: 8 }),
];

/** Returns the AUC on rows that were not trained on. */
async function learn(definition: Definition): Promise<number> {
  await using model = await Model.create(definition, repeats.schema, { device: await gpu(), seed: 3 });
  await model.fit(repeats, { epochs: 15, batchSize: 100, optimizer: adam({ lr: 0.02 }), unseenShare: 0 });
  return (await model.evaluate(unseen)).auc;
}

for (const definition of searches) {
  const kind = definition.options.search ? ` with a ${definition.options.search} search` : "";
  Deno.test(`${definition.name}${kind} finds old items that are like the target`, async () => {
    const auc = await learn(definition);
    assert(auc > 0.7, `${auc}`);
  });
}

Deno.test("attention to the newest items alone does not see old ones", async () => {
  const newest = defineModel("newest", (x) => {
    const { fields, histories: [history] } = embeddings(x, 8);
    return mlp(concat(flatten(fields), multiHeadTargetAttention(history, { units: 8, window: 2 })), [16, 1]);
  });
  const auc = await learn(newest());
  assert(auc < 0.6, `${auc}`);
});

Deno.test("weights of attention to newest and best items can be looked at", async () => {
  await using model = await Model.create(twin(sizes), schema, { device: await gpu() });
  const shown = await model.inspect(data);
  for (const [name, most] of [["short.weights", sizes.window], ["long.weights", sizes.top]] as const) {
    assertEquals(shown[name].shape, [data.rows, 2, 8]);
    const weights = shown[name].data as Float32Array;
    for (let i = 0; i < weights.length; i += 8) {
      const length = data.histories[0].offsets[Math.floor(i / 16) + 1] - data.histories[0].offsets[Math.floor(i / 16)];
      const row = weights.subarray(i, i + 8);
      assertEquals(row.filter((weight) => weight > 0).length, Math.min(length, most));
      assertAlmostEquals(row.reduce((sum, weight) => sum + weight, 0), Math.min(length, 1), 1e-6);
    }
  }
});

const searched = defineModel("searched", (x, { sequence }: { sequence?: string }) => {
  const { histories: [history] } = embeddings(x, 4);
  const { items, lengths, target } = equalItems(x, history, 3, sequence);
  assertEquals(items.shape, ["B", 3, 8]);
  return dense(multiHeadTargetAttention({ items, lengths, target }, { project: false }), 1);
}, { readsHistories: true });

Deno.test("a search by the row of a field names its sequence, and heads need no projections", async () => {
  for (const sequence of [undefined, "history"]) {
    await using model = await Model.create(searched({ sequence }), schema, { device: await gpu() });
    assertEquals(Object.keys(await model.parameters()), ["dense.weight", "dense.bias", "embedding"]);
    await model.predict(data);
  }
  await assertRejects(
    async () => await Model.create(searched({ sequence: "f0" }), schema, { device: await gpu() }),
    RangeError,
    'the sequence must be of a field (history, beside), received "f0"',
  );
});

Deno.test("layers over histories refuse heads and bits that they cannot have", async () => {
  const hashed = defineModel("hashed", (x, { bits, heads }: { bits?: number; heads?: number }) => {
    const { histories: [history] } = embeddings(x, 4);
    hashLikeness(history, { bits });
    return dense(multiHeadTargetAttention(history, { heads, units: 6 }), 1);
  });
  const device = await gpu();
  await assertRejects(() => Model.create(hashed({ bits: 40 }), schema, { device }), RangeError, "multiple of 32");
  await assertRejects(() => Model.create(hashed({ heads: 4 }), schema, { device }), RangeError, "divide 6 columns");
});
