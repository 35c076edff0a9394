import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { permutationImportance } from "../../src/report/mod.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { gpu } from "../support.ts";

const features = [
  categorical("noise"),
  categorical("ad"),
  numeric("price"),
  sequence("seen", { maxLength: 3, combiner: "mean" }),
];
const rows = Array.from({ length: 300 }, (_, i) => ({
  // The ad decides most, the values seen the rest.
  click: Number(i % 5 < 2 ? i % 2 === 0 : i % 3 === 0),
  noise: `n${(i * 11) % 4}`,
  ad: i % 5 < 2 ? `strong${i % 2}` : "weak",
  price: (i * 7) % 10,
  seen: [`s${i % 3}`],
}));
const data = readRows(rows, { label: "click", features });

async function trained(): Promise<Model> {
  const model = await Model.create(models.lr(), data.schema, { seed: 1, device: await gpu() });
  await model.fit(data, { epochs: 30, batchSize: 60, optimizer: adam({ lr: 0.1 }) });
  return model;
}

Deno.test("fields that decide are important, fields of noise are not, and sequences count as one", async () => {
  await using model = await trained();
  const told: string[] = [];
  const { rows, repeats, baseline, fields } = await permutationImportance(model, data, {
    repeats: 4,
    onField: ({ field }, done, all) => told.push(`${field} ${done}/${all}`),
  });
  assertEquals(told, ["noise 1/4", "ad 2/4", "price 3/4", "seen 4/4"]);
  assertEquals([rows, repeats], [300, 4]);
  const { auc, logloss } = await model.evaluate(data);
  assertEquals(baseline, { auc, logloss });
  assertEquals(fields.slice(0, 2).map(({ field }) => field).sort(), ["ad", "seen"]);
  for (const { auc, logloss } of fields.slice(0, 2)) assert(auc!.mean > 0.1 && logloss!.mean > 0.1);
  for (const { field, auc } of fields.slice(2)) assert(Math.abs(auc!.mean) < 0.03, `${field} ${auc!.mean}`);
  assert(fields[0].auc!.deviation > 0);
});

Deno.test("the same seed permutes in the same way, and another one in another", async () => {
  await using model = await trained();
  const measure = (seed: number) => permutationImportance(model, data, { repeats: 2, maxRows: 100, seed });
  const [first, again, other] = [await measure(1), await measure(1), await measure(2)];
  assertEquals(first, again);
  assertEquals(first.rows, 100);
  assert(JSON.stringify(other.fields) !== JSON.stringify(first.fields));
});

Deno.test("one repeat has no deviation, and rows of one class no AUC", async () => {
  await using model = await trained();
  const positives = data.select(Uint32Array.from(rows.flatMap(({ click }, i) => click === 1 ? [i] : [])));
  const { baseline, fields } = await permutationImportance(model, positives, { repeats: 1 });
  assertEquals([baseline.auc, fields[0].auc], [null, null]);
  assertEquals(fields[0].logloss!.deviation, 0);
  assertAlmostEquals(baseline.logloss!, (await model.evaluate(positives)).logloss, 1e-12);
});

Deno.test("options out of their range are refused", async () => {
  await using model = await trained();
  await assertRejects(
    () => permutationImportance(model, data, { repeats: 0 }),
    RangeError,
    "repeats must be a positive",
  );
  await assertRejects(
    () => permutationImportance(model, data, { maxRows: 0.5 }),
    RangeError,
    "maxRows must be a positive",
  );
  await assertRejects(() => permutationImportance(model, data, { seed: -1 }), RangeError, "seed must be an integer");
});
