import { formatEpoch, formatResult, isFinished, parseLog, type Result, resultsOf } from "../bench/frappe/log.ts";
import type { Recipe } from "../bench/frappe/recipe.ts";
import { RECIPES } from "../bench/frappe/recipes.ts";
import { formatLeaderboard } from "../bench/frappe/table.ts";
import { checkpointPath, isFile, logPath, type Session, trainByRecipe } from "../bench/frappe/training.ts";
import { zipfDataset } from "../src/data/synthetic.ts";
import type { Evaluation } from "../src/model.ts";
import { Model } from "../src/model.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "./folder.ts";
import { frappeSchema } from "./frappe_schema.ts";
import { gpu } from "./support.ts";

const metrics: Evaluation = { auc: 0.9, logloss: 0.25, brier: 0.1, normalizedEntropy: 0.4, calibration: 1, rows: 3 };

const result: Result = {
  model: "fm",
  seed: 7,
  parameters: 59_280,
  epochs: 5,
  ended: "early stopping",
  bestEpoch: 3,
  validation: metrics,
  test: { ...metrics, auc: 0.967208 },
  secondsPerEpoch: 2.04,
  adapter: "adapter",
};

function epochLine(epoch: number, seconds: number): string {
  const report = { epoch, loss: 0.5, lr: 1e-3, validation: metrics, improved: epoch === 1, seconds, rowsPerSecond: 1 };
  return formatEpoch(report);
}

Deno.test("recipes have the published number of parameters on Frappe", async () => {
  const device = await gpu();
  const schema = frappeSchema();
  for (const [name, { definition, parameters }] of Object.entries(RECIPES)) {
    await using model = await Model.create(definition, schema, { device });
    assertEquals(model.parameterCount, parameters, `parameters of ${name}`);
  }
});

Deno.test("a log is read as trainings, each with its resumptions", () => {
  const text = [
    "started 2026-01-01T00:00:00.000Z  fm  seed 7  adapter  Deno 2  fm {}  l2 {}",
    "parameters 59,280",
    epochLine(1, 2),
    epochLine(2, 9),
    "resumed 2026-01-01T00:01:00.000Z  fm  seed 7  adapter  Deno 2  fm {}  l2 {}",
    epochLine(2, 4),
    formatResult(result),
    "started 2026-01-01T00:02:00.000Z  fm  seed 8  adapter  Deno 2  fm {}  l2 {}",
    epochLine(1, 3),
    "",
  ].join("\n");
  const runs = parseLog(text);
  assertEquals(runs.map(({ seed, seconds }) => [seed, [...seconds]]), [[7, [[1, 2], [2, 4]]], [8, [[1, 3]]]]);
  assertEquals(resultsOf(runs), [result]);
  assertEquals([isFinished(runs, 7), isFinished(runs, 8), isFinished(runs, 9)], [true, false, false]);
});

Deno.test("a training that was started anew is not finished, but its earlier result stays in the table", () => {
  const start = "started 2026-01-01T00:00:00.000Z  fm  seed 7  adapter  Deno 2  fm {}  l2 {}";
  const runs = parseLog([start, formatResult(result), start, epochLine(1, 2)].join("\n"));
  assertEquals(isFinished(runs, 7), false);
  assertEquals(resultsOf(runs), [result]);
});

Deno.test("the leaderboard lists a model that was not run with what was published only", () => {
  const page = formatLeaderboard({ fm: RECIPES.fm, deepfm: RECIPES.deepfm }, new Map([["fm", [result]]]));
  const cells = page.trimEnd().split("\n").slice(-2).map((line) => line.split("|").slice(1, -1).map((c) => c.trim()));
  assertEquals(cells, [
    ["FM", "59,280", "3 of 5", "0.96721", "0.2500", "2.0", "0.96711", "+0.00010", "0.2065", "", "", "7"],
    [
      "DeepFM",
      "423,281",
      "",
      "",
      "",
      "",
      "0.98424",
      "",
      "0.1482",
      "0.98395 ± 0.00016",
      "0.1495 ± 0.0018",
      "",
    ],
  ]);
  assertStringIncludes(page, "Run on adapter.");
});

Deno.test("a training paused after an epoch goes on to the result of an unbroken one", () =>
  inFolder(async (folder) => {
    const data = zipfDataset({ rows: 600, fields: 3, totalRows: 90, seed: 3 });
    const split = (from: number, to: number) =>
      data.select(Uint32Array.from({ length: to - from }, (_, i) => from + i));
    const splits = { training: split(0, 400), validation: split(400, 500), test: split(500, 600) };
    const recipe: Recipe = { ...RECIPES.fm, epochs: 3, patience: 9, parameters: 11 * data.schema.rowCount + 1 };
    const run = (name: string, epochs?: number): Promise<Result | undefined> => {
      const places = { results: folder, checkpoints: folder };
      const { signal } = new AbortController();
      const session: Session = { gpu: device, splits, seed: 5, epochs, ...places, signal, print: () => {} };
      return trainByRecipe(name, recipe, session);
    };
    const device = await gpu();
    assertEquals(await run("broken", 1), undefined);
    assert(isFile(checkpointPath(folder, "broken", 5)), "a paused training keeps its checkpoint");
    const [broken, unbroken] = [await run("broken"), await run("unbroken")];
    assertEquals(broken?.epochs, 3);
    const { model: _, secondsPerEpoch, ...rest } = broken!;
    assertEquals({ ...unbroken, ...rest }, unbroken);
    assert(secondsPerEpoch >= 0);
    assertEquals(isFile(checkpointPath(folder, "broken", 5)), false);
    const logged = parseLog(Deno.readTextFileSync(logPath(folder, "broken")));
    assertEquals(resultsOf(logged), [broken]);
    assertEquals([...logged[0].seconds.keys()], [1, 2, 3]);
  }));

Deno.test("a training with the wrong number of parameters is refused", () =>
  inFolder(async (folder) => {
    const data = zipfDataset({ rows: 20, fields: 3, totalRows: 90, seed: 3 });
    const splits = { training: data, validation: data, test: data };
    const { signal } = new AbortController();
    const places = { results: folder, checkpoints: folder };
    const session: Session = { gpu: await gpu(), splits, seed: 5, ...places, signal, print: () => {} };
    await assertRejects(() => trainByRecipe("fm", RECIPES.fm, session), RangeError, "must have 59280 parameters");
  }));
