import { assert, assertEquals, assertThrows } from "@std/assert";
import { concatenate } from "../../src/data/concatenate.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";

const rows = [
  { click: 1, buy: 0, user: "a", price: 1.5, history: ["x", "y"], tags: "p:0.5|q:2" },
  { click: 0, buy: null, user: "b", price: 2, history: [], tags: "" },
  { click: 0, buy: 1, user: "a", price: null, history: ["y"], tags: "q:1" },
];

const schema = {
  labels: ["click", "buy"],
  features: [
    categorical("user"),
    numeric("price"),
    sequence("history", { maxLength: 3 }),
    sequence("tags", { separator: "|", weights: ":", maxLength: 2, combiner: "sum" }),
  ],
};

Deno.test("data sets behind each other are what reading all rows gives", () => {
  const whole = readRows(rows, schema);
  const parts = [whole.slice(0, 2), whole.slice(2, 3)];
  const joined = concatenate(parts);
  for (const name of ["ids", "values", "labels", "histories", "rows", "labeled"] as const) {
    assertEquals(joined[name], whole[name], name);
  }
  assert(concatenate([whole]) === whole);
});

Deno.test("data sets of other schemas, or none, are refused", () => {
  assertThrows(() => concatenate([]), TypeError, "Cannot concatenate: data sets must share one schema, received 0");
  assertThrows(() => concatenate([readRows(rows, schema), readRows(rows, schema)]), TypeError, "received 2 data sets");
});
