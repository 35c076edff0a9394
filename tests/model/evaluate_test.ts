import { categorical, lr, Model, numeric, readRows } from "../../mod.ts";
import { groupColumn } from "../../src/model/evaluation_columns.ts";
import { evaluatePredictions } from "../../src/metrics.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { gpu } from "../support.ts";

const rows = Array.from({ length: 240 }, (_, row) => ({
  click: Number((row * 7) % 5 < 2),
  user: row % 11 === 0 ? "" : `u${row % 6}`,
  price: row % 13 === 0 ? "" : row % 40,
  hour: row % 24,
}));
const schema = {
  label: "click",
  features: [categorical("user"), numeric("price", { scale: "log" }), numeric("hour", { buckets: 3 })],
};
const training = readRows(rows, schema);
const test = readRows([...rows.slice(0, 60), { click: 1, user: "new", price: 3, hour: 2 }], training.schema, {
  labeled: true,
});

Deno.test("fields group and slice the rows by their values, unseen and missing ones apart", async () => {
  await using model = await Model.create(lr(), training.schema, { device: await gpu() });
  const { slices, gauc, groups } = await model.evaluate(test, { by: ["user", "price", "hour"], group: "user", k: [1] });
  const valuesOf = (field: string) => slices![field].map(({ value, rows }) => [value, rows]);
  const users = rows.slice(0, 60).map(({ user }) => user);
  assertEquals(Object.fromEntries(valuesOf("user")), {
    ...Object.fromEntries([..."012345"].map((u) => [`u${u}`, users.filter((user) => user === `u${u}`).length])),
    "(unseen)": 1,
    "(missing)": users.filter((user) => user === "").length,
  });
  assertEquals(valuesOf("price").slice(0, 3), [["0", 1], ["1", 2], ["2", 2]]);
  assertEquals(valuesOf("price").at(-1), ["(missing)", 5]);
  assertEquals(valuesOf("hour").map(([value]) => value), ["below 8", "8 to 16", "from 16"]);
  assertEquals(groups!.rowsWithout, 1 + users.filter((user) => user === "").length);
  const column = [...users.map((user) => user || undefined), undefined];
  const probabilities = await model.predict(test);
  assertEquals(gauc, evaluatePredictions(probabilities, test.labels, undefined, { group: column }).gauc);
  const given = await model.evaluate(test, { by: { user: column }, group: column, k: [1] });
  assertEquals([given.gauc, given.mrr], [gauc, given.mrr]);
  assertEquals(new Set(Array.from(groupColumn(test, "user"))).size, 7);
});

Deno.test("a field that is not there is refused, with those that are", async () => {
  await using model = await Model.create(lr(), training.schema, { device: await gpu() });
  const fields = 'rows are grouped and sliced by fields ("user", "price", "hour")';
  const message = `Cannot evaluate: ${fields} or by columns that are given, received "device"`;
  await assertRejects(() => model.evaluate(test, { by: "device" }), RangeError, message);
  await assertRejects(() => model.evaluate(test, { group: "price" }), RangeError, '("user", "hour")');
});
