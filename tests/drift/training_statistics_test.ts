import { models } from "../../models/mod.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/checkpoint.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";
import { countFields, countScores, parseTrainingStatistics } from "../../src/drift/training_statistics.ts";
import { Model } from "../../src/model.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const rows = [
  { click: 1, user: "a", age: 10, price: 1, history: ["a", "b"] },
  { click: 0, user: "a", age: 20, price: 2, history: [] },
  { click: 0, user: "b", age: null, price: 3, history: ["b"] },
  { click: 0, user: null, age: 40, price: 4, history: ["a"] },
];
const features = [
  categorical("user"),
  numeric("age", { buckets: 2 }),
  numeric("price"),
  sequence("history", { of: "user" }),
];
const data = readRows(rows, { label: "click", features });

Deno.test("fields are counted by missing, unseen and known values", () => {
  const [user, age, price, history] = countFields(data);
  assertEquals(user, { name: "user", counts: [1, 0, 2, 1] });
  assertEquals([age.name, age.counts.slice(0, 2), age.counts.slice(2).reduce((a, b) => a + b)], ["age", [1, 0], 3]);
  // Four numbers have three different tenths, and one range more.
  assertEquals([price.edges!.length, price.counts], [4, [0, 0, 0, 1, 1, 1, 1]]);
  assertEquals(history, { name: "history", counts: [0, 0, 2, 2] });
  const served = readRows([{ user: "new", age: 5, price: 9, history: ["new", "a"] }], data.schema, { labeled: false });
  assertEquals(countFields(served).map(({ counts }) => counts[1]), [1, 0, 0, 1]);
});

Deno.test("a field of many values has bins for the most frequent ones", () => {
  const many = Array.from({ length: 400 }, (_, r) => ({ click: r % 2, user: `u${Math.floor(Math.sqrt(r))}` }));
  const [{ counts }] = countFields(readRows(many, { label: "click", features: [categorical("user")] }));
  // Value k occurs 2 k + 1 times; the 16 most frequent ones are 19 down to 4, and 16 rows are left.
  assertEquals(counts, [0, 0, ...Array.from({ length: 16 }, (_, i) => 2 * (19 - i) + 1), 16]);
});

Deno.test("scores are counted in tenths of equally many", () => {
  const { edges, counts } = countScores(Float32Array.from({ length: 100 }, (_, i) => (i * 37 % 100) / 128));
  assertEquals(edges, Array.from({ length: 9 }, (_, k) => 10 * (k + 1) / 128));
  assertEquals(counts, new Array(10).fill(10));
  assertEquals(countScores(new Float32Array(5).fill(0.5)), { edges: [0.5], counts: [0, 5] });
});

Deno.test("the file that fit wrote carries statistics of training, of the validation rows where there are some", async () => {
  await inFolder(async (folder) => {
    const device = await gpu();
    const path = `${folder}/model.weft`;
    await using model = await Model.create(models.lr(), data.schema, { device });
    assertEquals(await model.trainingStatistics(), undefined);
    await model.fit(data);
    const { scores, ...trained } = (await model.trainingStatistics())!;
    const fields = countFields(data);
    assertEquals(trained, { rows: 4, labelRates: [0.25], sampleOf: "training", sampleRows: 4, fields });
    assertEquals(scores, [countScores(await model.predict(data))]);
    const validation = data.slice(0, 3);
    await model.fit(data, { validation, checkpoint: { path: `${folder}/run.weft` } });
    await model.save(path);
    const statistics = await model.trainingStatistics();
    assertEquals([statistics!.sampleOf, statistics!.sampleRows, statistics!.rows], ["validation", 3, 4]);
    assertEquals(statistics!.scores, [countScores(await model.predict(validation))]);
    {
      await using loaded = await Model.load(path, models, { device });
      assertEquals(await loaded.trainingStatistics(), statistics);
      await loaded.save(`${folder}/again.weft`);
      assertEquals(await Deno.readFile(`${folder}/again.weft`), await Deno.readFile(path));
      loaded.setParameters({});
      assertEquals(await loaded.trainingStatistics(), undefined);
    }
    await using resumable = await Model.load(`${folder}/run.weft`, models, { device });
    const { scores: none, ...rest } = (await resumable.trainingStatistics())!;
    assertEquals([none, rest.fields], [undefined, statistics!.fields]);
  });
});

Deno.test("a file without statistics loads, and one with those of another schema is refused", async () => {
  await inFolder(async (folder) => {
    const device = await gpu();
    const path = `${folder}/model.weft`;
    await using model = await Model.create(models.lr(), data.schema, { device });
    await model.fit(data);
    await model.save(path);
    const { header, tensors } = await readCheckpoint(path);
    await writeCheckpoint(path, { header: { ...header, statistics: undefined }, tensors });
    await using old = await Model.load(path, models, { device });
    assertEquals(await old.trainingStatistics(), undefined);
    assertEquals(await old.predict(data), await model.predict(data));
    await writeCheckpoint(path, { header: { ...header, statistics: { rows: 4 } }, tensors });
    await assertRejects(() => Model.load(path, models, { device }), TypeError, "of the schema's fields and tasks");
    const statistics = header.statistics as Record<string, never>;
    parseTrainingStatistics(statistics, data.schema);
    for (
      const wrong of [
        null,
        { ...statistics, labelRates: [] },
        { ...statistics, fields: (statistics.fields as unknown[]).slice(1) },
        { ...statistics, scores: [{ edges: [0.5], counts: [1] }] },
        { ...statistics, rows: "4" },
      ]
    ) assertThrows(() => parseTrainingStatistics(wrong as never, data.schema), TypeError);
    assert(statistics);
  });
});

Deno.test("a loaded model that is calibrated has statistics of its new scores", async () => {
  await inFolder(async (folder) => {
    const device = await gpu();
    const noisy = Array.from({ length: 200 }, (_, i) => ({ click: (i * 7) % 5 < i % 3 ? 1 : 0, user: `u${i % 4}` }));
    const clicks = readRows(noisy, { label: "click", features: [categorical("user")] });
    await using model = await Model.create(models.lr(), clicks.schema, { device });
    await model.fit(clicks, { epochs: 5, batchSize: 20, validation: clicks });
    await model.save(`${folder}/model.weft`);
    await using loaded = await Model.load(`${folder}/model.weft`, models, { device });
    const before = await loaded.trainingStatistics();
    await loaded.calibrate(clicks);
    const after = await loaded.trainingStatistics();
    assertEquals(after, { ...before!, scores: [countScores(await loaded.predict(clicks))] });
    await model.calibrate(clicks);
    assertEquals(await model.trainingStatistics(), after);
  });
});
