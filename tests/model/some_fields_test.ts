import { defineModel } from "../../src/definition.ts";
import { originsOf } from "../../src/data/grow.ts";
import { readDataGrown } from "../../src/data/refit_grown.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical } from "../../src/data/schema.ts";
import { constant, zeros } from "../../src/initializer.ts";
import { add, dense, embedding, flatten, linear, selectFields } from "../../src/layers/mod.ts";
import { Model } from "../../src/model.ts";
import { adam, sgd } from "../../src/optimizer.ts";
import { diagnose } from "../../src/report/measure/diagnosis.ts";
import { declarationsOf, fieldRows, rowsIn } from "../../src/report/measure/tables.ts";
import type { L2 } from "../../src/store.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose, gpu } from "../support.ts";

const WIDTH = 3;

/** A model with a table of the rows of two fields, the last one first, beside one of all rows. */
const partial = defineModel("partial", (x) => {
  const e = flatten(embedding(selectFields(x, ["tag", "item"]), WIDTH, { name: "own", initializer: constant(0.5) }));
  return add(linear(x, { initializer: zeros() }), dense(e, 1, { name: "top" }));
});

const rowsOf = (users: number, items: number): Row[] =>
  Array.from({ length: 120 }, (_, r) => {
    return { y: Number(r % 7 < 3), user: `u${r % users}`, item: `i${r % items}`, tag: `t${r % 3}` };
  });

const data = readRows(rowsOf(5, 4), { label: "y", features: ["user", "item", "tag"].map((name) => categorical(name)) });
const [, item, tag] = data.schema.fields;
const create = async (options = {}): Promise<Model> =>
  await Model.create(partial(), data.schema, { seed: 3, device: await gpu(), ...options });

/** Returns the rows of the model's own table. */
async function ownRows(model: Model): Promise<number[][]> {
  const data = (await model.parameters()).own.data as Float32Array;
  return Array.from({ length: data.length / WIDTH }, (_, row) => [...data.subarray(row * WIDTH, (row + 1) * WIDTH)]);
}

/** Rows of the schema in the order of the model's table. */
const OWN = [tag, item].flatMap(({ offset, rows }) => Array.from({ length: rows }, (_, i) => offset + i));

/** Trains a step, and returns the rows of the model's table after it. */
async function step(l2: L2): Promise<number[][]> {
  await using model = await create();
  await model.fit(data, {
    ...{ batchSize: 120, epochs: 1, shuffle: false, unseenShare: 0, initialBias: "keep", l2 },
    optimizer: sgd({ lr: 1, embeddingUpdate: "dense" }),
  });
  return await ownRows(model);
}

Deno.test("L2 by field and by count finds the rows of a table that has some fields", async () => {
  const plain = await step({});
  const byField = await step({ byField: { item: 0.2, user: 0.9 } });
  const counts = Float32Array.from({ length: data.schema.rowCount }, (_, row) => row + 1);
  const byCount = await step({ byCount: 0.2, counts });
  const touched = new Set(data.ids);
  const pulled = (strength: (row: number) => number) =>
    Float64Array.from(plain.flatMap((row, i) => row.map((weight) => weight - strength(OWN[i]) * 0.5)));
  assertClose(byField.flat(), pulled((row) => row >= item.offset && row < tag.offset ? 0.2 : 0), "by field", {});
  assertClose(byCount.flat(), pulled((row) => touched.has(row) ? 0.2 / (row + 1) : 0), "by count", {});
});

Deno.test("rows and their state move with a grown schema in a table that has some fields", async () => {
  await using model = await create();
  const options = { batchSize: 30, optimizer: adam({ lr: 0.1 }), unseenShare: 0, optimizerState: "keep" } as const;
  await model.fit(data, options);
  model.freeze({ own: [item.offset + 2] });
  assertEquals(model.frozenRows, { own: 1 });
  const today = await readDataGrown(rowsOf(8, 6), model.schema);
  const { from } = originsOf(model.schema, today.schema);
  const before = await ownRows(model);
  await using next = await model.extend(today.schema, { embeddingInitializer: constant(9) });
  const grown = [today.schema.fields[2], today.schema.fields[1]].flatMap(({ offset, rows }) =>
    Array.from({ length: rows }, (_, i) => offset + i)
  );
  const expected = grown.map((row) => from[row] < 0 ? [9, 9, 9] : before[OWN.indexOf(from[row])]);
  assertEquals(await ownRows(next), expected);
  assert(expected.some(([first]) => first === 9), "there are new rows");
  await next.fit(today, options);
  const after = await ownRows(next);
  grown.forEach((row, i) => {
    const isFrozen = from[row] === item.offset + 2;
    assertEquals(after[i].join() === expected[i].join(), isFrozen || !new Set(today.ids).has(row), `row ${row}`);
  });
});

Deno.test("pretrained vectors find the one table that has rows of their field, and freeze them there", async () => {
  const file = new File(["i1 1 2 3\ni3 4 5 6\n"], "items.txt");
  await using model = await create({ pretrained: { item: { file, frozen: true } } });
  const own = await ownRows(model);
  const place = (value: string): number => OWN.indexOf(item.offset + data.schema.tokenRows(item).get(value)!);
  assertEquals([own[place("i1")], own[place("i3")], own[place("i2")]], [[1, 2, 3], [4, 5, 6], [0.5, 0.5, 0.5]]);
  await model.fit(data, { batchSize: 40, optimizer: adam({ lr: 0.1 }) });
  const after = await ownRows(model);
  assertEquals([after[place("i1")], after[place("i3")]], [[1, 2, 3], [4, 5, 6]]);
  assert(after[place("i2")][0] !== 0.5);
  assertThrows(
    () => model.freeze({ own: [0] }),
    RangeError,
    `Cannot freeze rows: "own" has rows ${tag.offset} to ${tag.offset + tag.rows - 1}, ` +
      `${item.offset} to ${item.offset + item.rows - 1}, received 0`,
  );
});

Deno.test("a report diagnoses the fields that a table has, at their rows", async () => {
  await using model = await create();
  await model.fit(data, { batchSize: 120, epochs: 1, unseenShare: 0, optimizer: adam() });
  const [table] = [...declarationsOf(model).tables.values()].filter(({ name }) => name === "own");
  assertEquals(rowsIn(table, fieldRows(data.schema)).map(({ name, offset }) => [name, offset]), [
    ["item", tag.rows],
    ["tag", 0],
  ]);
  const { fields } = diagnose(model, await model.parameters());
  // Only the rows of unseen values were never met.
  assertEquals(fields.map(({ field, rows, unmoved }) => [field, rows, unmoved]), [["item", item.rows, 1], [
    "tag",
    tag.rows,
    1,
  ]]);
});
