import { bestAuc, plantedLog, type Rule, RULES } from "../bench/planted/logs.ts";
import { MODELS, POOLED, trainPlanted } from "../bench/planted/models.ts";
import { formatResults, NEAR, parseResults, type PlantedResult } from "../bench/planted/table.ts";
import { assert, assertEquals } from "@std/assert";

/** Names of the items, categories and ages of a row of a log, those of the target behind them. */
function namesOf({ data }: { data: ReturnType<typeof plantedLog>["data"] }, row: number): string[][] {
  const fields = ["item", "category", "age"];
  return ["items", "categories", "ages"].map((sequence, f) => {
    const { offset, vocabulary } = data.schema.fields[f];
    assertEquals(data.schema.fields[f].feature.name, fields[f]);
    const target = vocabulary![data.ids[f * data.rows + row] - offset - 1];
    return [...data.valuesOf(sequence, row).map(String), target];
  });
}

Deno.test("a planted log gives each item its category and its age", () => {
  const log = plantedLog("item", { rows: 50, seed: 3 });
  let longest = 0;
  for (let row = 0; row < 50; row++) {
    const [items, categories, ages] = namesOf(log, row);
    assertEquals(categories, items.map((item) => String(Number(item) % 12)));
    assertEquals(ages, items.map((_, place) => String(items.length - 1 - place)));
    assertEquals(log.probabilities[row], Math.fround(items.slice(0, -1).includes(items.at(-1)!) ? 0.8 : 0.1));
    longest = Math.max(longest, items.length - 1);
  }
  assertEquals(longest, 10);
});

Deno.test("planted clicks come with the probabilities of their rule", () => {
  for (const rule of Object.keys(RULES) as Rule[]) {
    const { data, pooled, probabilities } = plantedLog(rule, { rows: 20_000, seed: 1 });
    assertEquals(pooled.labels, data.labels);
    for (const probability of new Set(probabilities)) {
      const clicks = data.labels.filter((_, row) => probabilities[row] === probability);
      const rate = clicks.reduce((sum, click) => sum + click, 0) / clicks.length;
      const deviation = Math.sqrt(probability * (1 - probability) / clicks.length);
      assert(Math.abs(rate - probability) < 4 * deviation, `${rule}: ${rate} of clicks instead of ${probability}`);
    }
  }
});

Deno.test("din finds what came last, and the mean of the history does not", async () => {
  const log = plantedLog("latest", { rows: 24_000, seed: 1, items: 36, places: 6 });
  const options = { testRows: 8000, epochs: 4, seed: 1 };
  const best = bestAuc(log, options.testRows);
  const [found, pooled] = [await trainPlanted("din", log, options), await trainPlanted(POOLED[0], log, options)];
  assert(found > best - NEAR, `AUC ${found} where the best is ${best}`);
  assert(pooled < best - 2 * NEAR, `AUC ${pooled} of the pooled history where the best is ${best}`);
});

const result: PlantedResult = {
  model: "din",
  rule: "item",
  auc: 0.8,
  best: 0.85,
  rows: 60,
  epochs: 5,
  seed: 1,
  seconds: 9,
};

Deno.test("planted results are written as a table that counts the last run of a model", () => {
  const runs = [result, { ...result, auc: 0.845 }, { ...result, rule: "latest", auc: 0.852 }, {
    ...result,
    model: "bst",
  }];
  const text = runs.map((run) => `${JSON.stringify(run)}\n`).join("");
  assertEquals(formatResults(parseResults(text), ["bst", "din", "eta"]).split("\n"), [
    "| model |             item |           latest | found | seconds |",
    "| ----- | ---------------: | ---------------: | ----- | ------: |",
    "| best  |           0.8500 |           0.8500 |       |         |",
    "| bst   | 0.8000 (-0.0500) |                  | none  |       9 |",
    "| din   | 0.8450 (-0.0050) | 0.8520 (+0.0020) | all   |       9 |",
  ]);
});

Deno.test("all planted models read a history but those that pool it", () => {
  for (const [name, { readsHistories = false }] of Object.entries(MODELS)) {
    assertEquals(readsHistories, !POOLED.includes(name));
  }
});
