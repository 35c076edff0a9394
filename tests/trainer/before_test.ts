import { lr } from "../../models/mod.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { Model } from "../../src/model.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { FitOptions } from "../../src/trainer/options.ts";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const data = plantedInteractions({ rows: 200, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 }).data;

function withLabels({ schema, rows, ids, values }: Dataset, label: number): Dataset {
  return new Dataset({ schema, rows, ids, values, labels: new Float32Array(rows).fill(label), labeled: true });
}

const negatives = withLabels(data.slice(0, 50), 0);

/** Expects a refusal before the first step. */
async function assertRefused(options: FitOptions, error: new (m: string) => Error, message: string): Promise<void> {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  let steps = 0;
  await assertRejects(() => model.fit(data, { ...options, onProgress: () => steps++ }), error, message);
  assertEquals(steps, 0);
}

Deno.test("validation data of one class trains where nothing needs both, and says which metrics it lacks", async () => {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  const told: string[] = [];
  const history = await model.fit(data, {
    validation: negatives,
    epochs: 2,
    onWarning: (message) => told.push(message),
    onPlan: () => told.push("compiled"),
    earlyStopping: { monitor: "logloss", patience: 2 },
  });
  const warning = "validation has labels of one class, 50 rows with label 0: its AUC cannot be measured";
  assertEquals(told, [warning, "compiled"]);
  const { validation } = history.epochs[1];
  assertEquals(validation!.auc, NaN);
  assert(validation!.logloss > 0);
  assertEquals(validation!.notes!.auc, "labels hold only one class, received 0 positives of 50 rows");
  const { auc, brier, notes } = await model.evaluate(withLabels(negatives, 1));
  assertEquals([auc, notes!.auc], [NaN, "labels hold only one class, received 50 positives of 50 rows"]);
  assert(brier > 0);
  assertEquals((await model.evaluate(data)).notes, undefined);
});

Deno.test("validation rows of which negatives were left out are warned of", async () => {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  const told: string[] = [];
  await model.fit(data, {
    validation: data.downsampleNegatives(0.5, { seed: 1 }),
    onWarning: (text) => told.push(text),
  });
  assertEquals(told, ["validation has 0.5 of its negative rows: log loss and calibration are off"]);
});

Deno.test("a monitor that cannot be computed is refused before training", async () => {
  const only = "labels hold only one class, received 0 positives of 50 rows";
  for (const monitor of ["auc" as const, { logloss: -1, calibration: 1 }]) {
    const name = monitor === "auc" ? "auc" : "calibration";
    const message = `Cannot train: the monitor "${name}" cannot be computed on the validation data: ${only}`;
    await assertRefused({ validation: negatives, earlyStopping: { monitor } }, RangeError, message);
  }
  await assertRefused(
    { validation: data, earlyStopping: { monitor: { acu: 1 } } },
    RangeError,
    "Cannot train: metrics to monitor are auc, logloss, brier, normalizedEntropy, calibration, averagePrecision, ece, " +
      'gauc, gaucMean, mrr, ndcg@K, map@K, hitRate@K, precision@K, recall@K, received "acu"',
  );
  await assertRefused({ earlyStopping: {} }, TypeError, "early stopping needs validation data, received none");
});

Deno.test("options out of range are refused before training", async () => {
  const cases: [FitOptions, string][] = [
    [{ epochs: 1.5 }, "epochs must be a positive integer, received 1.5"],
    [{ clipNorm: 0 }, "clipNorm must be above 0, received 0"],
    [{ clipNorm: NaN }, "clipNorm must be above 0, received NaN"],
    [{ l2: { net: -1 } }, "l2.net must be at least 0, received -1"],
    [{ unseenShare: 0.6 }, "unseenShare must be in [0, 0.5], received 0.6"],
    [{ checkpoint: { path: "x", everySteps: 0 } }, "checkpoint.everySteps must be a positive integer, received 0"],
  ];
  for (const [options, message] of cases) await assertRefused(options, RangeError, `Cannot train: ${message}`);
});

Deno.test("a checkpoint that cannot be written is noticed before training", () =>
  inFolder(async (folder) => {
    const refuse = (path: string): Promise<void> =>
      assertRefused({ checkpoint: { path } }, Error, `Cannot save "${path}": `);
    await refuse(`${folder}/absent/run.weft`);
    await refuse(folder);
    // A file system that nobody can write to, root included.
    if (Deno.build.os === "linux") await refuse("/proc/run.weft");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test({
  name: "a checkpoint that the process may not write is noticed before training",
  permissions: { read: true, sys: true, env: true, ffi: true, write: false },
  fn: async () => {
    const { requireSavable } = await import("../../src/checkpoint.ts");
    await assertRejects(() => requireSavable("run.weft"), Error, 'Cannot save "run.weft": Requires write access');
  },
});
