/** The last batch of an epoch is padded to the size of the others: its padding must reach no gradient and no statistic. */
import { models } from "../../models/mod.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { assertClose, gpu, randomArray } from "../support.ts";

const FIELDS = 4;
const VALUES = 5;
const BATCH = 8;
const REST = 5;

const OPTIONS = { dim: 4, hidden: [6, 4], hidden1: [6, 4], hidden2: [6, 4], batchNorm: true, layers: 2 };

const schema = withHistory(schemaOf(Array(FIELDS).fill(VALUES)));

/** Trains on parts in turn, each in batches of `batchSize` rows, and returns all parameters. */
async function train(slug: string, parts: readonly Dataset[], batchSize: number) {
  await using model = await Model.create(models[slug](OPTIONS), schema, { device: await gpu() });
  const parameters = await model.parameters();
  Object.entries(parameters).forEach(([name, tensor], i) => {
    if (/\.(mean|variance)$/.test(name)) return;
    tensor.data = Float32Array.from(randomArray(tensor.data.length, i + 1), (value) => 0.5 * value);
  });
  model.setParameters(parameters);
  const optimizer = sgd({ lr: 0.1, embeddingUpdate: "lazy" });
  for (const part of parts) await model.fit(part, { batchSize, shuffle: false, optimizer, unseenShare: 0 });
  return await model.parameters();
}

for (const slug of Object.keys(models)) {
  Deno.test(`${slug} learns from a padded batch what it learns from the rows alone`, async () => {
    const all = drawDataset(schema, BATCH + REST, 11);
    const padded = await train(slug, [all], BATCH);
    const apart = await train(slug, [all.slice(0, BATCH), all.slice(BATCH, all.rows)], BATCH);
    for (const [name, { data }] of Object.entries(apart)) {
      assertClose(padded[name].data as Float32Array, data as Float32Array, name, { rtol: 2e-5, atol: 2e-6 });
    }
  });
}
