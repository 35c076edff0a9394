import { deepfm, dnn, fm, lr } from "../../models/mod.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import { adam, ftrl, type Optimizer } from "../../src/optimizer.ts";
import { KEPT } from "../../src/ops/embedding/unseen.ts";
import { assert, assertEquals } from "@std/assert";
import type { FitOptions } from "../../src/trainer/options.ts";
import { substitutesOf } from "../../src/trainer/unseen.ts";
import { gpu } from "../support.ts";
import { drawClicks, forget } from "./clicks.ts";

const [training, test] = drawClicks(40_000, 1).split([0.75, 0.25], { by: "position" });
const rate = training.positives / training.rows;

/** Trains on, an epoch after the other, and returns the mean prediction with k unseen values by k, after each epoch. */
async function predictUnseen(
  definition: Definition,
  epochs: number,
  options: FitOptions,
): Promise<{ means: number[][]; auc: number }> {
  await using model = await Model.create(definition, training.schema, { seed: 5, device: await gpu() });
  const means: number[][] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await model.fit(training, { batchSize: 512, seed: epoch, ...options });
    const row: number[] = [];
    for (let fields = 0; fields <= 5; fields++) {
      const probabilities = await model.predict(forget(test.slice(0, 1000), fields));
      row.push(probabilities.reduce((sum, p) => sum + p, 0) / probabilities.length);
    }
    means.push(row);
  }
  return { means, auc: (await model.evaluate(test)).auc };
}

const CASES: readonly [name: string, definition: Definition, optimizer: Optimizer, epochs: number][] = [
  ["lr", lr(), adam({ lr: 5e-3 }), 4],
  ["lr with ftrl", lr(), ftrl({ lr: 0.05 }), 4],
  ["fm", fm({ dim: 8 }), adam({ lr: 2e-3 }), 4],
  ["deepfm", deepfm({ dim: 8, hidden: [32, 16] }), adam(), 3],
  ["dnn", dnn({ dim: 8, hidden: [32, 16] }), adam(), 3],
];

for (const [name, definition, optimizer, epochs] of CASES) {
  Deno.test(`${name} predicts unseen values within a factor of two of the rate of clicks`, async () => {
    assert(rate > 0.015 && rate < 0.025, `${rate}`);
    const { means, auc } = await predictUnseen(definition, epochs, { optimizer });
    for (const [epoch, row] of means.entries()) {
      for (const [fields, mean] of row.entries()) {
        assert(mean > rate / 2 && mean < 2 * rate, `epoch ${epoch + 1}: ${mean} with ${fields} unseen, rate ${rate}`);
      }
    }
    const without = await predictUnseen(definition, epochs, { optimizer, unseenShare: 0 });
    assert(auc > without.auc - 0.01, `AUC ${auc} with and ${without.auc} without unseen values in training`);
  });
}

Deno.test("rows of rare, missing and numeric values decide what replaces occurrences", () => {
  const schema = new FittedSchema({
    declared: { label: "y" },
    missing: [""],
    fields: [
      { feature: categorical("a"), missing: false, vocabulary: ["x", "y"] },
      { feature: categorical("rare", { minCount: 2 }), missing: false, vocabulary: ["x", "y"] },
      { feature: categorical("gaps"), missing: true, vocabulary: ["x", "y"] },
      { feature: categorical("full"), missing: true, vocabulary: ["x", "y"] },
      { feature: numeric("n"), missing: true, scaling: { scale: "none", center: 0, spread: 1 } },
      { feature: numeric("b", { buckets: 2 }), missing: false, edges: [0.5] },
    ],
  });
  const [a, rare, gaps, full, n, b] = schema.fields.map(({ offset }) => offset);
  const rows = 4;
  const columns = [[1, 2, 1, 2], [0, 1, 2, 1], [2, 1, 3, 2], [2, 2, 3, 3], [0, 0, 0, 0], [1, 2, 1, 2]];
  const ids = Uint32Array.from(columns.flatMap((column, f) => column.map((row) => row + schema.fields[f].offset)));
  const values = new Float32Array(ids.length).fill(1);
  const labels = new Float32Array([0, 1, 0, 1]);
  const data = new Dataset({ schema, rows, ids, values, labels, labeled: true });
  const expected = [a, a, KEPT, KEPT, gaps, gaps, full, full + 1, KEPT, KEPT, b, b];
  assertEquals([...substitutesOf(data, 0.25)], expected);
  assertEquals([...substitutesOf(data, 0.3)].slice(2, 4), [rare, rare]);
  assert(n > 0);
});
