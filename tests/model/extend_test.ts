import { deepfm, din, fm, lr } from "../../models/mod.ts";
import type { CheckpointTensor } from "../../src/checkpoint.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { originsOf } from "../../src/data/grow.ts";
import { randomUnit } from "../../src/data/random.ts";
import { readDataGrown } from "../../src/data/refit_grown.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, type Schema, sequence } from "../../src/data/schema.ts";
import { constant } from "../../src/initializer.ts";
import { Model } from "../../src/model.ts";
import { adagrad, adam, ftrl, lamb, type Optimizer } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const SCHEMA: Schema = {
  label: "y",
  features: [categorical("user"), categorical("item"), sequence("history", { of: "item", maxLength: 4 })],
};

/** Draws a day: item 0 and those up to `items`, of which an item has a rate of its own, and the last one is popular. */
function drawDay(day: number, items: number, rows = 600): Row[] {
  return Array.from({ length: rows }, (_, r) => {
    const draw = (k: number) => randomUnit(7, day, r, k);
    const last = items - 1;
    const item = draw(0) < 0.4 ? last : Math.floor(draw(1) * items);
    const rate = [0.1, 0.6, 0.3, 0.8][item % 4];
    const user = Math.floor(draw(2) * 20);
    const history = [0, 1, 2].map((k) => `i${Math.floor(draw(4 + k) * items)}`).join("|");
    return { y: Number(draw(3) < rate), user: `u${user}`, item: `i${item}`, history };
  });
}

const DAYS = [drawDay(1, 6), drawDay(2, 8), drawDay(3, 8)];
const first = readRows(DAYS[0], SCHEMA);
const read = ({ schema }: Model, day: number): Dataset => readRows(DAYS[day], schema, { labeled: true });
const OPTIONS: FitOptions = { batchSize: 50, epochs: 2, optimizer: adam({ lr: 0.02 }), unseenShare: 0 };

async function create(definition = deepfm({ dim: 4, hidden: [8] })): Promise<Model> {
  return await Model.create(definition, first.schema, { seed: 3, device: await gpu() });
}

const numbers = ({ data }: CheckpointTensor): Float32Array => data as Float32Array;

Deno.test("old rows keep their numbers at their new places, new ones begin as told", async () => {
  await using model = await create(din({ dim: 4, hidden: [8], attention: [5] }));
  await model.fit(first, OPTIONS);
  const today = await readDataGrown(DAYS[1], model.schema);
  const { from, unseen } = originsOf(model.schema, today.schema);
  assert(from.includes(-1), "there are new rows");
  const before = await model.parameters();
  for (const newRows of ["initializer", "unseen"] as const) {
    await using next = await model.extend(today.schema, { newRows, embeddingInitializer: constant(0.25) });
    const after = await next.parameters();
    assertEquals(after.embedding.shape, [today.schema.rowCount, 4]);
    from.forEach((row, to) => {
      const own = numbers(after.embedding).slice(4 * to, 4 * to + 4);
      const source = row >= 0 ? row : newRows === "unseen" ? unseen[to] : undefined;
      const expected = source === undefined
        ? new Float32Array(4).fill(0.25)
        : numbers(before.embedding).slice(4 * source, 4 * source + 4);
      assertEquals(own, expected, `row ${to}`);
    });
    for (const name of Object.keys(before)) {
      if (before[name].shape[0] !== model.schema.rowCount) assertEquals(after[name], before[name], name);
    }
    // Rows of the first day are predicted as before: all their values were known.
    assertEquals(await next.predict(read(next, 0)), await model.predict(read(model, 0)));
    // A new value that begins as unseen ones do is predicted as they were.
    if (newRows === "unseen") {
      assertEquals(await next.predict(read(next, 1)), await model.predict(read(model, 1)));
    }
  }
});

Deno.test("growing beats not growing on a day whose most popular item is new", async () => {
  await using yesterday = await create();
  await yesterday.fit(first, { ...OPTIONS, epochs: 4 });
  // Progressive validation: the rows of a day are evaluated before any model trains on them.
  const stale = await yesterday.evaluate(read(yesterday, 1));
  const train = async (grows: boolean) => {
    const today = grows ? await readDataGrown(DAYS[1], yesterday.schema) : read(yesterday, 1);
    await using next = await yesterday.extend(today.schema);
    await next.fit(today, { ...OPTIONS, epochs: 4 });
    return await next.evaluate(read(next, 2));
  };
  const [grown, kept] = [await train(true), await train(false)];
  assert(grown.logloss < stale.logloss - 0.05, `grown ${grown.logloss}, stale ${stale.logloss}`);
  assert(grown.auc! > kept.auc! + 0.01, `AUC grown ${grown.auc}, kept ${kept.auc}`);
  assert(grown.logloss < kept.logloss - 0.005, `log loss grown ${grown.logloss}, kept ${kept.logloss}`);
});

Deno.test("new items begin as the mean of those of their category, and are told apart before any training", async () => {
  const schema: Schema = { label: "y", features: [categorical("item"), categorical("category")] };
  const drawn = (day: number, first: number, items: number): Row[] =>
    Array.from({ length: 600 }, (_, r) => {
      const item = first + Math.floor(items * randomUnit(5, day, r, 1));
      const rate = [0.1, 0.8][item % 2];
      return { y: Number(randomUnit(5, day, r, 2) < rate), item: `i${item}`, category: `c${item % 2}` };
    });
  const yesterday = readRows(drawn(1, 0, 20), schema);
  await using model = await Model.create(fm({ dim: 4 }), yesterday.schema, { device: await gpu() });
  await model.fit(yesterday, { ...OPTIONS, epochs: 4 });
  const rows = [...drawn(2, 0, 20), ...drawn(3, 20, 10), { y: 1, item: "odd", category: "c9" }, { y: 0, item: "i30" }];
  const today = await readDataGrown(rows, model.schema);
  const content = { data: today, fields: { item: "category" } };
  await using alike = await model.extend(today.schema, { content, newRows: "unseen" });
  await using unlike = await model.extend(today.schema, { newRows: "unseen" });
  const [table, old] = [await alike.parameters(), await model.parameters()].map(({ linear }) => numbers(linear));
  const rowOf = (of: typeof today.schema, item: string) => of.tokenRows(of.fields[0]).get(item)! + of.fields[0].offset;
  const even = Array.from({ length: 10 }, (_, i) => old[rowOf(model.schema, `i${2 * i}`)]);
  assertAlmostEquals(table[rowOf(today.schema, "i22")], even.reduce((sum, w) => sum + w) / 10, 1e-6);
  // Nothing known is like these.
  for (const item of ["odd", "i30"]) assertEquals(table[rowOf(today.schema, item)], old[0]);
  // Rows of one category, which then tells nothing: only the items themselves do.
  const fresh = readRows(drawn(4, 20, 10).map((row) => ({ ...row, category: "c9" })), today.schema, { labeled: true });
  const [told, untold] = [await alike.evaluate(fresh), await unlike.evaluate(fresh)];
  assert(told.auc! > 0.75 && untold.auc! < 0.55, `AUC ${told.auc} against ${untold.auc}`);
  await assertRejects(
    () => model.extend(today.schema, { content: { data: today, fields: { item: "brand" } } }),
    TypeError,
    'Cannot extend model: fields of content are item, category, received "brand"',
  );
  await assertRejects(
    () => model.extend(today.schema, { content: { ...content, data: yesterday } }),
    TypeError,
    "content.data must have the grown schema",
  );
});

Deno.test("a model that grew by nothing trains on as if it had not, with the optimizer's state where it is kept", () =>
  inFolder(async (folder) => {
    const optimizers: FitOptions["optimizer"][] = [
      adam({ lr: 0.02 }),
      adagrad({ lr: 0.05, embeddingUpdate: "dense" }),
      { linear: ftrl({ lr: 0.1, l1: 0.001 }), embedding: adam(), network: adam({ lr: 0.01 }) },
    ];
    for (const [i, optimizer] of optimizers.entries()) {
      const keep = { ...OPTIONS, optimizer, optimizerState: "keep" } as const;
      await using whole = await create(fm({ dim: 4 }));
      await whole.fit(first, keep);
      await whole.fit(first, { ...keep, seed: 9 });
      const expected = await whole.parameters();
      // The rows of a schema that grew by rows with the same values are the same ones.
      const again = await readDataGrown(DAYS[0], first.schema);
      const path = `${folder}/${i}.weft`;
      await using model = await create(fm({ dim: 4 }));
      await model.fit(first, { ...keep, checkpoint: { path } });
      await using next = await model.extend(again.schema);
      await next.fit(again, { ...keep, seed: 9 });
      assertEquals(await next.parameters(), expected);
      // So does the checkpoint.
      await using loaded = await Model.load(path, fm, { device: await gpu(), optimizerState: "keep" });
      await using grown = await loaded.extend((await readDataGrown(DAYS[0], again.schema)).schema);
      assertEquals(grown.schema.generation, 3);
      await grown.fit(read(grown, 0), { ...keep, seed: 9 });
      assertEquals(await grown.parameters(), expected);
      await using fresh = await Model.load(path, fm, { device: await gpu() });
      await fresh.fit(first, { ...keep, seed: 9 });
      assertNotEquals(await fresh.parameters(), expected);
    }
  }));

Deno.test("kept state moves with the rows, and new ones begin with none", async () => {
  const today = await readDataGrown(DAYS[1], first.schema);
  const { from } = originsOf(first.schema, today.schema);
  const rules: Optimizer[] = [ftrl({ lr: 0.1 }), adagrad({ lr: 0.05, initialAccumulator: 0.2 })];
  for (const optimizer of rules) {
    const keep = { ...OPTIONS, optimizer, optimizerState: "keep" } as const;
    await using model = await create(lr());
    await model.fit(first, keep);
    await using next = await model.extend(today.schema, { newRows: "unseen" });
    // A step at rate 0 changes nothing that the state decides.
    const before = await next.parameters();
    await next.fit(today, { ...keep, epochs: 1, schedule: () => 0 });
    assertEquals(await next.parameters(), before, optimizer.name);
    await next.fit(today, { ...keep, epochs: 1 });
    const after = numbers((await next.parameters()).linear);
    // New rows move further than those whose squares were accumulated before.
    const moves = (isNew: boolean) => {
      const rows = [...from.keys()].filter((row) => from[row] < 0 === isNew && today.ids.includes(row));
      return rows.map((row) => Math.abs(after[row] - numbers(before.linear)[row]));
    };
    assert(Math.max(...moves(true)) > Math.max(...moves(false)), optimizer.name);
  }
});

Deno.test("frozen rows stay frozen at their new places", async () => {
  const today = await readDataGrown(DAYS[1], first.schema);
  await using model = await create();
  const items = first.schema.fields[1];
  const rows = [items.offset + 1, items.offset + 3];
  model.freeze({ embedding: rows });
  await using next = await model.extend(today.schema);
  assertEquals(next.frozenRows, { embedding: 2 });
  const before = numbers((await next.parameters()).embedding);
  await next.fit(today, { ...OPTIONS, optimizer: lamb(), l1: { embedding: 0.1 } });
  const after = numbers((await next.parameters()).embedding);
  const { from } = originsOf(first.schema, today.schema);
  const moved = (row: number) => before.slice(4 * row, 4 * row + 4).some((x, i) => x !== after[4 * row + i]);
  for (const row of new Set(today.ids)) assertEquals(moved(row), !rows.includes(from[row]), `row ${row}`);
});

Deno.test("schemas that did not grow from the model's, and state of another optimizer, are refused", () =>
  inFolder(async (folder) => {
    await using model = await create();
    const path = `${folder}/run.weft`;
    await model.fit(first, { ...OPTIONS, checkpoint: { path } });
    const apart = readRows(DAYS[1], { ...SCHEMA, features: [SCHEMA.features[1], SCHEMA.features[0]] }, {
      unknown: "ignore",
    });
    await assertRejects(() => model.extend(apart.schema), TypeError, "Cannot extend model: the schema must have grown");
    await assertRejects(
      () => model.extend(first.schema, { newRows: "zeros" as "unseen" }),
      RangeError,
      'newRows must be "initializer" or "unseen", received "zeros"',
    );
    await using loaded = await Model.load(path, deepfm, { device: await gpu(), optimizerState: "keep" });
    await assertRejects(
      () => loaded.fit(first, { ...OPTIONS, optimizer: ftrl(), optimizerState: "keep" }),
      TypeError,
      "Cannot go on from the optimizer's state: it is that of adam with lazy updates, received ftrl with lazy updates",
    );
    await using small = await model.quantize("int8");
    await assertRejects(() => small.extend(first.schema), TypeError, "Cannot extend model: the tables must be float32");
  }));
