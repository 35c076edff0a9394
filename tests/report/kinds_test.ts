/** Reports of models with several labels, labels that are times, and histories. */
import { models } from "../../models/mod.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { collectReport, renderReport } from "../../src/report/mod.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { gpu } from "../support.ts";

const all: Row[] = Array.from({ length: 120 }, (_, i) => ({
  click: i % 3 === 0 ? 1 : 0,
  buy: i % 4 === 0 ? undefined : Number(i % 6 === 0),
  item: `i${i % 9}`,
  price: i % 7,
  weight: i % 10 === 0 ? 0 : 1 + i % 2,
  seen: Array.from({ length: i % 4 }, (_, k) => `i${(i + k) % 9}`),
  duration: 1 + i % 8,
  ended: i % 2,
}));

/** Returns the rows with some columns. */
const rowsWith = (...columns: string[]): Row[] =>
  all.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));

Deno.test("each of several labels has its cards, over the rows that have the label", async () => {
  const features = [categorical("item"), numeric("price")];
  const data = readRows(rowsWith("click", "buy", "item", "price"), { labels: ["click", "buy"], features });
  const definition = models.mmoe({ dim: 4, experts: 2, expertHidden: [8], hidden: [4] } as never);
  await using model = await Model.create(definition, data.schema, { device: await gpu() });
  const report = await collectReport(model, { data, by: ["item"], importance: { repeats: 1 }, resamples: 0 });
  assertEquals(report.tasks.map(({ task, rows }) => [task, rows]), [["click", 120], ["buy", 90]]);
  assertEquals(report.slices.map(({ task, field }) => [task, field]), [["click", "item"], ["buy", "item"]]);
  const page = await renderReport(report);
  assertStringIncludes(page, "<h3>buy: AUC by item</h3>");
  assertEquals(page.split("<h3>ROC curve</h3>").length, 3);
});

Deno.test("rows without weight count for nothing", async () => {
  const data = readRows(rowsWith("click", "weight", "item"), {
    label: "click",
    weight: "weight",
    features: [categorical("item")],
  });
  await using model = await Model.create(models.lr(), data.schema, { device: await gpu() });
  const { tasks: [{ rows: counted }], slices: [{ slices }] } = await collectReport(model, { data, by: ["item"] });
  assertEquals(counted, 108);
  assertEquals(slices.reduce((sum, { rows }) => sum + rows, 0), 108);
});

Deno.test("labels that are times have metrics by head, and no curves", async () => {
  const survival = { time: "duration", event: "ended", heads: { all: [0, 2, 4, 8] } };
  const data = readRows(rowsWith("duration", "ended", "item"), { survival, features: [categorical("item")] });
  await using model = await Model.create(models.survival({ dim: 4, hidden: [8] } as never), data.schema, {
    device: await gpu(),
  });
  const report = await collectReport(model, { data, importance: { repeats: 1 } });
  assertEquals(Object.keys(report.heads!), ["all"]);
  assertEquals(report.heads!.all.map(({ name }) => name), ["concordance", "logloss", "calibration"]);
  assertEquals(report.importance!.fields[0].auc, null);
  assertStringIncludes(await renderReport(report), "Labels are times");
});

Deno.test("attention over a history is told by its places", async () => {
  const features = [categorical("item"), sequence("seen", { of: "item", maxLength: 3 })];
  const data = readRows(rowsWith("click", "item", "seen"), { label: "click", features });
  const definition = models.din({ dim: 4, hidden: [4], softmax: true });
  await using model = await Model.create(definition, data.schema, { device: await gpu() });
  const { inspection, importance, norms, ...report } = await collectReport(model, { data, importance: { repeats: 1 } });
  assertEquals(inspection!.bars.map(({ name, of, labels }) => [name, of, labels]), [["attention", "place", [
    "1",
    "2",
    "3",
  ]]]);
  assertEquals(importance!.fields.map(({ field }) => field).sort(), ["item", "seen"]);
  await renderReport({ ...report, inspection, importance, norms });
});
