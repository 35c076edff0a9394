import { din } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, sequence } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { assertEquals } from "@std/assert";
import { gpu } from "../support.ts";

Deno.test("attention over a history can be read item by item, with the items' names", async () => {
  const features = [categorical("item"), sequence("history", { of: "item", maxLength: 3 })];
  const rows = [
    { click: 1, item: "a", history: ["b", "a"] },
    { click: 0, item: "b", history: [] },
    { click: 1, item: "c", history: ["a", "b", "c"] },
  ];
  const data = readRows(rows, { label: "click", features });
  await using model = await Model.create(din({ dim: 4, hidden: [4], softmax: true }), data.schema, {
    device: await gpu(),
  });
  const { attention } = await model.inspect(data);
  assertEquals(attention.shape, [3, 3]);
  const weights = [...attention.data as Float32Array];
  const [first, , last] = rows.map((_, row) =>
    data.valuesOf("history", row).map((name, t) => [name, weights[3 * row + t]])
  );
  assertEquals(first.map(([name]) => name), ["b", "a"]);
  assertEquals(last.map(([name]) => name), ["a", "b", "c"]);
  for (const row of [first, last]) {
    const sum = row.reduce((total, [, weight]) => total + Number(weight), 0);
    assertEquals(Math.round(1e5 * sum), 1e5);
  }
  assertEquals(weights.slice(2, 6), [0, 0, 0, 0]);
});
