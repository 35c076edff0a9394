import { deepfm, din } from "../../models/mod.ts";
import type { CheckpointTensor } from "../../src/checkpoint.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { countRows } from "../../src/data/row_counts.ts";
import type { Definition } from "../../src/definition.ts";
import { Declarations } from "../../src/graph/parameter.ts";
import { allRows } from "../../src/graph/row_spans.ts";
import { zeros } from "../../src/initializer.ts";
import { Model } from "../../src/model.ts";
import { adam, sgd } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { rowStrengths } from "../../src/trainer/row_l2.ts";
import { UnseenRows } from "../../src/trainer/unseen.ts";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { inFolder } from "../folder.ts";
import { assertClose, gpu, randomArray } from "../support.ts";
import { watch } from "../watched.ts";

/** Items and their categories with histories of both; half of the items occur nowhere. */
const data = withoutLastItems(drawDataset(withHistory(schemaOf([40, 9, 6])), 90, 1));
const definition = din({ dim: 4, hidden: [8], attention: [5] });

function withoutLastItems({ schema, rows, ids, values, histories, labels }: Dataset): Dataset {
  const halved = (id: number): number => id < 40 ? id >> 1 : id;
  const lists = histories.map((list) => ({ ...list, ids: list.ids.map(halved) }));
  return new Dataset({ schema, rows, ids: ids.map(halved), values, histories: lists, labels, labeled: true });
}

type Tensors = Record<string, CheckpointTensor>;

/** Trains from embeddings of any size, and returns the parameters before and after. */
async function train(rows: Dataset, options: FitOptions, model: Definition = definition): Promise<[Tensors, Tensors]> {
  await using created = await Model.create(model, rows.schema, { seed: 3, device: await gpu() });
  const { embedding: { shape } } = await created.parameters();
  created.setParameters({ embedding: { shape, data: Float32Array.from(randomArray(shape[0] * shape[1], 4)) } });
  const before = await created.parameters();
  await created.fit(rows, { shuffle: false, unseenShare: 0, initialBias: "keep", ...options });
  return [before, await created.parameters()];
}

const numbers = ({ data }: CheckpointTensor): Float32Array => data as Float32Array;

Deno.test("a step adds byCount / n to each row of its batch, n counted in fields and histories of all rows", async () => {
  const [lr, byCount] = [0.5, 0.8];
  const counts = countRows(data);
  for (const embeddingUpdate of ["lazy", "dense"] as const) {
    const options = { batchSize: 10, epochs: 1, optimizer: sgd({ lr, embeddingUpdate }) };
    // The batch is a ninth of the rows; the counts are those of all.
    const batch = data.slice(0, 10);
    const touched = countRows(batch);
    const [before, plain] = await train(batch, options);
    const [, held] = await train(batch, { ...options, l2: { byCount, counts } });
    const weights = numbers(before.embedding);
    const expected = numbers(plain.embedding).map((after, i) => {
      const row = i >> 2;
      return after - (touched[row] > 0 ? lr * byCount / counts[row] * weights[i] : 0);
    });
    assertClose(numbers(held.embedding), expected, embeddingUpdate, { rtol: 2e-6, atol: 0 });
    assert(touched.some((n, row) => n > 3 && counts[row] > n), "a row occurs often");
    assert(touched.some((n, row) => n === 0 && counts[row] > 0), "a row occurs elsewhere alone");
    // Counts of the same rows are what is counted where none are given.
    const [, own] = await train(batch, { ...options, l2: { byCount } });
    const [, given] = await train(batch, { ...options, l2: { byCount, counts: touched } });
    assertEquals(own, given);
    // Nothing else is held back by a step.
    for (const name of Object.keys(plain)) if (name !== "embedding") assertEquals(held[name], plain[name], name);
  }
});

Deno.test("L2 by count gives the same bytes when streamed, sorted anywhere or resumed", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const options = { batchSize: 16, l2: { byCount: 0.3, embedding: 0.01 }, unseenShare: 0.1, epochs: 3 };
    const [, whole] = await train(data, options);
    for (const sort of ["host", "gpu"] as const) assertEquals((await train(data, { ...options, sort }))[1], whole);
    assertEquals((await train(data, { ...options, memoryBudget: 3000 }))[1], whole);
    await train(data, { ...options, epochs: 1, checkpoint: { path } });
    assertEquals((await train(data, { ...options, resume: path }))[1], whole);
    assertNotEquals((await train(data, { ...options, l2: { embedding: 0.01 } }))[1], whole);
    await assertRejects(
      () => train(data, { ...options, l2: { embedding: 0.01 }, resume: path }),
      TypeError,
      'Cannot resume: the checkpoint was trained with l2 {"byCount":0.3,"embedding":0.01,"net":0}, received {"embedding"',
    );
    await assertRejects(
      () => train(data, { ...options, l2: { ...options.l2, counts: countRows(data) }, resume: path }),
      TypeError,
      "Cannot resume: the checkpoint was trained with l2 ",
    );
  }));

Deno.test("a fit that keeps the optimizer's state counts for itself, and leaves nothing else on the device", async () => {
  const { gpu: device, live } = await watch();
  await using model = await Model.create(definition, data.schema, { device });
  const before = live.size;
  const options = { batchSize: 30, optimizer: adam(), optimizerState: "keep" } as const;
  await model.fit(data, options);
  const kept = live.size;
  await model.fit(data, { ...options, l2: { byCount: 0.1 } });
  assertEquals(live.size, kept);
  await model.fit(data, options);
  assertEquals(live.size, kept);
  await model.fit(data, { batchSize: 30, l2: { byCount: 0.1 } });
  assertEquals(live.size, before);
});

Deno.test("rows are counted as far as the model reads them, with those that unseen values take over", async () => {
  const of = (model: Definition, unseen?: UnseenRows) => {
    const declarations = new Declarations();
    declarations.table({ name: "t", rows: 55, spans: allRows(55), dim: 1, stride: 1, initializer: zeros() });
    return rowStrengths({ l2: { byCount: 2 }, data, definition: model, declarations, unseen })!;
  };
  const [all, fields] = [countRows(data), countRows(data, { histories: false })];
  assertEquals(of(definition), Float32Array.from(all, (n) => n > 0 ? 2 / n : 0));
  assertEquals(of(deepfm()), Float32Array.from(fields, (n) => n > 0 ? 2 / n : 0));
  const unseen = new UnseenRows(await gpu(), data, 0.4);
  const expected = Float32Array.from(all, (n, row) => {
    // Unseen values make up less than their share in each field.
    const taken = data.schema.fields.some(({ offset }) => offset === row) ? 0.4 * data.rows : 0;
    return n + taken > 0 ? 2 / (n + taken) : 0;
  });
  assertEquals(of(definition, unseen), expected);
  unseen.destroy();
  assertThrows(
    () => rowStrengths({ l2: { byCount: 1 }, data, definition, declarations: new Declarations(), unseen: undefined }),
    TypeError,
    "Cannot train: l2.byCount needs a model with tables, received din, which has none",
  );
});

Deno.test("L2 by count takes no dispatch more", async () => {
  const labels: unknown[] = [];
  for (const l2 of [{}, { byCount: 0.1 }]) await train(data, { l2, onPlan: (plan) => labels.push(plan.labels) });
  assertEquals(labels[1], labels[0]);
});

Deno.test("strengths and counts that make no sense are refused before training", async () => {
  const counts = countRows(data);
  const refuse = (l2: FitOptions["l2"], message: string) =>
    assertRejects(() => train(data, { l2 }), Error, `Cannot train: ${message}`);
  await refuse({ byCount: -1 }, "l2.byCount must be at least 0, received -1");
  await refuse({ byCount: NaN }, "l2.byCount must be at least 0, received NaN");
  await refuse({ counts }, "l2.counts need l2.byCount above 0, received none");
  await refuse(
    { byCount: 1, counts: counts.subarray(1) },
    "l2.counts must be 55, one for each row of the schema, received 54",
  );
  await refuse({ byCount: 1, counts: [...counts].with(7, -3) }, "l2.counts[7] must be at least 0, received -3");
  await refuse(
    { byCounts: 1 } as FitOptions["l2"],
    'l2 has embedding, net, byCount, counts, byField, received "byCounts"',
  );
});
