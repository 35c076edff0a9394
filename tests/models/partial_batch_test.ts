/** The last batch of an epoch is padded to the size of the others: its padding must reach no gradient and no statistic. */
import { models } from "../../models/mod.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { categorical, FittedSchema } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import { assertClose, gpu, randomArray } from "../support.ts";

const FIELDS = 4;
const VALUES = 5;
const BATCH = 8;
const REST = 5;

const OPTIONS = { dim: 4, hidden: [6, 4], hidden1: [6, 4], hidden2: [6, 4], batchNorm: true, layers: 2 };

const schema = new FittedSchema({
  declared: { label: "label" },
  missing: [""],
  fields: Array.from({ length: FIELDS }, (_, f) => ({
    feature: categorical(`f${f}`),
    missing: false,
    vocabulary: Array.from({ length: VALUES - 1 }, (_, i) => String(i + 1)),
  })),
});

function dataset(): Dataset {
  const rows = BATCH + REST;
  const random = randomArray((FIELDS + 1) * rows, 11);
  const ids = new Uint32Array(FIELDS * rows);
  schema.fields.forEach(({ offset }, f) => {
    for (let b = 0; b < rows; b++) ids[f * rows + b] = offset + Math.floor((random[f * rows + b] + 1) * VALUES / 2);
  });
  const labels = Float32Array.from({ length: rows }, (_, b) => random[FIELDS * rows + b] > 0 ? 1 : 0);
  return new Dataset({ schema, rows, ids, values: undefined, labels, labelled: true });
}

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
  for (const part of parts) await model.fit(part, { batchSize, shuffle: false, optimizer });
  return await model.parameters();
}

for (const slug of Object.keys(models)) {
  Deno.test(`${slug} learns from a padded batch what it learns from the rows alone`, async () => {
    const all = dataset();
    const padded = await train(slug, [all], BATCH);
    const apart = await train(slug, [all.slice(0, BATCH), all.slice(BATCH, all.rows)], BATCH);
    for (const [name, { data }] of Object.entries(apart)) {
      assertClose(padded[name].data as Float32Array, data as Float32Array, name, { rtol: 2e-5, atol: 2e-6 });
    }
  });
}
