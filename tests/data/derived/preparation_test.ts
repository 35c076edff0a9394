/** Derived features whose texts are unified, and whose missing values are filled in. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cross } from "../../../src/data/derived/cross.ts";
import { pastCount } from "../../../src/data/derived/past.ts";
import { readDataSplit } from "../../../src/data/refit.ts";
import { readRows } from "../../../src/data/rows.ts";
import { categorical, numeric, parseSchema, type Schema } from "../../../src/data/schema.ts";
import { encodeColumns } from "../../../src/data/encode_columns.ts";
import { readPretrained } from "../../../src/pretrained/vectors.ts";
import { rowsOf, valuesOf } from "../files.ts";
import { contentOf, encodeEverywhere, readEverywhere } from "./sources.ts";

const clicks = [
  { y: "1", user: "A", item: " x", age: "3" },
  { y: "0", user: "a", item: "x ", age: "4" },
  { y: "1", user: "b", item: "NA", age: "5" },
  { y: "0", user: "B", item: "x", age: "6" },
];

const schema: Schema = {
  ...{ label: "y", lowerCase: true, trim: true },
  features: [
    cross(["user", "item"]),
    pastCount("user", { scale: "none" }),
    pastCount(["item", "user"], { scale: "none" }),
  ],
};

Deno.test("texts are unified before they are joined or counted, in splits too", async () => {
  const data = await readEverywhere(clicks, schema);
  assertEquals(data.schema.fields[0].vocabulary, ["a*x", "b*na", "b*x"]);
  assertEquals([valuesOf(data, 1), valuesOf(data, 2)], [[0, 1, 0, 1], [0, 1, 0, 0]]);
  const later = await encodeEverywhere([{ user: "A ", item: "X" }, { user: "new", item: "x" }], data.schema);
  assertEquals([rowsOf(later, 0), valuesOf(later, 1)], [[1, 0], [2, 0]]);
  const [training] = await readDataSplit([...clicks, ...clicks], schema, [0.5, 0.5], { by: "position" });
  assertEquals(contentOf(training), contentOf(readRows(clicks, schema, { unknown: "ignore" })));
});

Deno.test("a feature's own rules hold for the columns that it is made of", () => {
  const features = [categorical("c", { from: { cross: ["user", "item"] }, lowerCase: true, trim: true })];
  const own = readRows(clicks, { label: "y", features }, { unknown: "ignore", missing: ["na"] });
  assertEquals([own.schema.fields[0].vocabulary, rowsOf(own, 0)], [["a*x", "b*x"], [2, 2, 1, 3]]);
});

Deno.test("missing combinations and statistics are filled in as told, rare names go to their buckets", () => {
  const features = [
    categorical("c", { from: { cross: ["user", "item"] }, ifMissing: "mode" }),
    numeric("n", { from: { past: "count", of: ["item"] }, ifMissing: { value: 9 } }),
    categorical("user", { minCount: 2, newValueBuckets: 3, ifMissing: { value: "z" } }),
  ];
  const rows = [{ y: 1, user: "a", item: "x" }, { y: 0, user: null, item: null }, { y: 0, user: "a", item: "x" }];
  const data = readRows(rows, { label: "y", features });
  assertEquals([rowsOf(data, 0), valuesOf(data, 1)], [[1, 1, 1], [0, 9, 1]]);
  const later = readRows([{ user: null, item: null }, { user: "z", item: "x" }], data.schema);
  assertEquals([rowsOf(later, 0)[0], valuesOf(later, 1)], [1, [9, 2]]);
  const [filled, hashed] = rowsOf(later, 2);
  assertEquals([filled, rowsOf(data, 2)[1]], [hashed, hashed]);
});

Deno.test("ways that derived or hashed features have no place for are refused", () => {
  const refuses = (feature: object, message: string) =>
    assertThrows(() => parseSchema({ label: "y", features: [{ name: "c", ...feature }] }), TypeError, message);
  const from = { cross: ["a", "b"] };
  refuses({ kind: "categorical", from, indicator: true }, 'feature "c" must have from or indicator, received both');
  refuses({ kind: "categorical", from, presence: true }, 'feature "c" must have from or presence, received both');
  refuses({ kind: "numeric", from: { past: "count", of: ["a"] }, indicator: true }, "must have from or indicator");
  refuses({ kind: "categorical", hashBuckets: 9, ifMissing: "mode" }, "must have hashBuckets or ifMissing");
});

Deno.test("a field without a vocabulary has no values to give pretrained vectors to", async () => {
  const features = [categorical("user", { hashBuckets: 9 }), categorical("item")];
  const { schema } = readRows(clicks, { label: "y", features }, { unknown: "ignore" });
  await assertRejects(
    () => readPretrained(schema, { user: { file: new File(["a 1 2\n"], "v.txt") } }),
    RangeError,
    'fields with vocabularies are "item", received "user"',
  );
});

Deno.test("a missing statistic can come from the nearest rows, and statistics find them for others", async () => {
  const features = [
    pastCount("user", { scale: "none", name: "count" }),
    numeric("age", { ifMissing: "nearest" }),
    numeric("rate", { from: { past: "rate", of: ["user"], smoothing: 1, prior: 0.5 }, ifMissing: "nearest" }),
  ];
  const rows = Array.from({ length: 30 }, (_, row) => ({
    ...{ y: `${row % 3 % 2}`, user: row % 7 === 6 ? null : `u${row % 4}` },
    age: row % 5 === 4 ? null : `${row}`,
  }));
  const { schema } = await readEverywhere(rows, { label: "y", features });
  const asked = [{ user: "u1", age: null }, { user: null, age: "3" }, { user: "new", age: null }];
  const data = await encodeEverywhere(asked, schema);
  assertEquals(data.coverage!.slice(1).map(({ missing, filled }) => [missing, filled]), [[2, 2], [1, 1]]);
  // A value that all rows share stands for each of them alone.
  const columns = new Map([["user", { shared: null }], ["age", { values: ["3", "20"] }]]);
  const expected = readRows([{ user: null, age: "3" }, { user: null, age: "20" }], schema);
  assertEquals(encodeColumns(schema, 2, columns).values, expected.values);
});
