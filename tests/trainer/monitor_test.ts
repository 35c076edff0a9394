import { lr } from "../../models/mod.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { Model } from "../../src/model.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { gpu } from "../support.ts";

const data = plantedInteractions({ rows: 300, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 }).data;
const validation = data.slice(0, 100);
const [field] = data.schema.fields;

async function fit(options: FitOptions) {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  const history = await model.fit(data, { validation, epochs: 2, ...options });
  const group = typeof options.group === "string" ? options.group : undefined;
  return {
    history,
    evaluation: await model.evaluate(validation, { metrics: ["ece", "gauc"], group: group ?? field.name }),
  };
}

Deno.test("epochs compute what is monitored and what is asked for, and nothing else", async () => {
  const { epochs: [plain] } = (await fit({})).history;
  assertEquals(Object.keys(plain.validation!), [
    ...["auc", "logloss", "brier", "normalizedEntropy", "calibration", "rows"],
  ]);
  const { history, evaluation } = await fit({
    earlyStopping: { monitor: { gauc: 1, ece: -0.5 } },
    group: field.name,
  });
  const { ece, gauc, averagePrecision, mrr } = history.bestMetrics!;
  assertEquals([ece, gauc], [evaluation.ece, evaluation.gauc]);
  assertEquals([averagePrecision, mrr], [undefined, undefined]);
  const asked = await fit({ metrics: ["averagePrecision", "ndcg@2"], group: field.name, earlyStopping: {} });
  const own = asked.history.epochs[0].validation!;
  assert(own.averagePrecision! > 0 && own["ndcg@2"] > 0);
  assertEquals([own.gauc, own.ece], [undefined, undefined]);
  const grouped = (await fit({ group: Array.from({ length: 100 }, (_, row) => row % 9) })).history.epochs[0]
    .validation!;
  assert(grouped.gauc! > 0 && grouped.mrr === undefined);
  assertEquals(grouped.groups!.groups, 9);
});

Deno.test("an error that is monitored keeps the epoch where it is the least", async () => {
  const { history: { epochs, bestEpoch } } = await fit({ epochs: 4, earlyStopping: { monitor: "brier", patience: 4 } });
  const values = epochs.map(({ validation }) => validation!.brier);
  assertEquals(bestEpoch, values.indexOf(Math.min(...values)) + 1);
});

Deno.test("metrics of groups without a group, and groups of no field, are refused before training", async () => {
  const refuse = (options: FitOptions, error: new (m: string) => Error, message: string) =>
    assertRejects(() => fit(options), error, `Cannot ${message}`);
  const early = (monitor: "gauc" | "ndcg@5") => ({ earlyStopping: { monitor } });
  await refuse(early("gauc"), TypeError, 'train: the monitor "gauc" needs a group, received none');
  await refuse(early("ndcg@0" as "ndcg@5"), RangeError, "train: metrics to monitor are auc");
  await refuse({ metrics: ["gauc"] }, TypeError, 'train: metric "gauc" needs a group, received none');
  await refuse({ group: "user" }, RangeError, "evaluate: rows are grouped and sliced by fields");
  await refuse({ group: [1] }, TypeError, "train: group must be of 100 validation rows, received 1");
  await refuse({ metrics: ["ece"], validation: undefined }, TypeError, "train: metrics needs validation data");
  const { schema, rows, ids, values } = validation;
  const labels = new Float32Array(rows);
  const negatives = new Dataset({ schema, rows, ids, values, labels, labeled: true });
  await refuse(
    { ...early("gauc"), group: field.name, validation: negatives },
    RangeError,
    'train: the monitor "gauc" cannot be computed on the validation data: no group has rows of both classes',
  );
});
