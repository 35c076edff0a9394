import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readCsv } from "../../../src/data/csv.ts";
import { joinTexts } from "../../../src/data/derived/cross.ts";
import { cross } from "../../../src/data/derived/cross.ts";
import { describe } from "../../../src/data/describe.ts";
import { encodeColumns } from "../../../src/data/encode_columns.ts";
import { readCsvFolds, readDataSplit } from "../../../src/data/refit.ts";
import { readEvents } from "../../../src/data/read_events.ts";
import { readRows } from "../../../src/data/rows.ts";
import { categorical, numeric, parseSchema, sequence } from "../../../src/data/schema.ts";
import { InputColumns } from "../../../src/serve/inputs.ts";
import { file, rowsOf } from "../files.ts";
import { contentOf, encodeEverywhere, readEverywhere } from "./sources.ts";

const clicks = [
  { y: "1", user: "a", item: "x", price: "3" },
  { y: "0", user: "a", item: "y", price: "4" },
  { y: "1", user: "b", item: "x", price: "5" },
  { y: "0", user: null, item: "x", price: "6" },
  { y: "0", user: "a", item: "x", price: "7" },
];

Deno.test("texts are joined so that no two lists give the same text", () => {
  const parts = ["", "*", "\\", "\\*", "*\\", "a", "a*", "*a", "a\\"];
  const joined = parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => joinTexts([a, b, c]))));
  assertEquals(new Set(joined).size, parts.length ** 3);
  assertEquals(joinTexts(["u7", "shoes"]), "u7*shoes");
});

Deno.test("a cross has a row for each combination, whatever the rows come from", async () => {
  const schema = { label: "y", features: [cross(["user", "item"]), numeric("price")] };
  const data = await readEverywhere(clicks, schema);
  assertEquals(data.schema.fields[0].vocabulary, ["a*x", "a*y", "b*x"]);
  assertEquals(rowsOf(data, 0), [2, 3, 4, 1, 2]);
  const later = await encodeEverywhere([
    { user: "b", item: "x", price: "1" },
    { user: "b", item: "y", price: "1" },
    { user: "b", item: null, price: "1" },
  ], data.schema);
  assertEquals(rowsOf(later, 0), [4, 0, 1]);
  assertEquals([later.coverage![0].unseen, later.coverage![0].missing], [1, 1]);
});

Deno.test("rare combinations are left out, hashed, or all are hashed", async () => {
  const features = [
    cross(["user", "item"], { minCount: 2, name: "frequent" }),
    cross(["user", "item"], { minCount: 2, newValueBuckets: 4, name: "both" }),
    cross(["user", "item"], { hashBuckets: 4, name: "hashed" }),
  ];
  const data = await readEverywhere(clicks, { label: "y", features });
  assertEquals(data.schema.fields.map(({ rows }) => rows), [3, 7, 6]);
  assertEquals(rowsOf(data, 0), [2, 0, 0, 1, 2]);
  await encodeEverywhere([{ user: "new", item: "x" }, { user: "a", item: "x" }], data.schema);
});

Deno.test("a text that means missing in a part makes the cross missing, and blanks go where they are told to", async () => {
  const schema = { label: "y", features: [cross(["user", "item"])] };
  const rows = [{ y: 1, user: " a", item: "x " }, { y: 0, user: "a", item: "x" }, { y: 0, user: "?", item: "x" }];
  const data = readRows(rows, schema, { missing: ["?"], trim: true });
  assertEquals([data.schema.fields[0].vocabulary, rowsOf(data, 0)], [["a*x"], [2, 2, 1]]);
  const served = encodeColumns(data.schema, 1, new Map([["user", { shared: " a" }], ["item", { shared: " x" }]]));
  assertEquals(rowsOf(served, 0), [2]);
  const exact = readRows(rows, schema, { missing: ["?"] });
  assertEquals(exact.schema.fields[0].vocabulary, [" a*x ", "a*x"]);
  // A combination is no missing value, even if a text that looks like one means missing.
  const odd = await readCsv(file("y,user,item\n1,a,x\n0,b,x\n"), schema, { missing: ["a*x"] });
  assertEquals(rowsOf(odd, 0), [1, 2]);
});

Deno.test("a cross is fitted to the training part alone", async () => {
  const schema = { label: "y", features: [categorical("user"), cross(["user", "item"])] };
  const [training, test] = await readDataSplit(clicks, schema, [0.6, 0.4], { by: "position" });
  assertEquals(contentOf(training), contentOf(readRows(clicks.slice(0, 3), schema, { unknown: "ignore" })));
  assertEquals(rowsOf(test, 1), [0, 1]);
  const lines = ["y,user,item", "1,b,y", ...clicks.map(({ y, user, item }) => `${y},${user ?? ""},${item}`)];
  for (const fold of await readCsvFolds(file(lines.join("\n")), schema, 2, { seed: 1, groups: "item" })) {
    assertEquals(fold.test.coverage![1].unseen, fold.test.rows - fold.test.coverage![1].missing);
  }
});

Deno.test("a cross of columns that all rows of a request share is made once", () => {
  const { schema } = readRows(clicks, { label: "y", features: [cross(["user", "item"])] }, { unknown: "ignore" });
  for (const columns of [["user"], ["item"], ["user", "item"], []]) {
    const given = new Map(["user", "item"].map((name) => [
      name,
      columns.includes(name) ? { shared: clicks[0][name as "user"] } : {
        values: clicks.slice(0, 3).map((row) => columns.length === 0 ? row[name as "user"] : clicks[0][name as "user"]),
      },
    ]));
    const data = encodeColumns(schema, 3, given);
    assertEquals(rowsOf(data, 0), columns.length === 0 ? [2, 3, 4] : [2, 2, 2]);
    assertEquals(data.coverage![0].rows, 3);
  }
});

Deno.test("a server asks for the columns of a cross, and says what is wrong with them", () => {
  const features = [numeric("price"), cross(["user", "price"])];
  const { schema } = readRows(clicks, { label: "y", features }, { unknown: "ignore" });
  const inputs = new InputColumns(schema);
  assertEquals(inputs.descriptions.map(({ name, datatype }) => [name, datatype]), [
    ["price", "BYTES"],
    ["user", "BYTES"],
  ]);
  assertEquals([inputs.isOptional("price"), inputs.isOptional("user")], [false, true]);
  assertThrows(
    () => inputs.encode([{ price: 1, user: 2 ** 60 }]),
    Error,
    'field "user*price": expected a number that a double holds exactly',
  );
  assertEquals(
    new InputColumns(schema, { user: "b" }).encode([{ price: 5 }]).ids,
    inputs.encode([{ price: 5, user: "b" }]).ids,
  );
});

Deno.test("events have crosses beside their histories", async () => {
  const log = [
    { y: 1, user: "a", item: "x", at: 1 },
    { y: 0, user: "a", item: "y", at: 2 },
    { y: 1, user: "b", item: "x", at: 3 },
  ];
  const features = [categorical("item"), cross(["user", "item"]), sequence("history", { of: "item" })];
  const data = await readEvents(log, { label: "y", features }, { user: "user", item: "item", time: "at" });
  assertEquals(data.schema.fields[1].vocabulary, ["a*x", "a*y", "b*x"]);
});

Deno.test("a cross is described by its combinations", async () => {
  const schema = { label: "y", features: [cross(["user", "item"]), categorical("item")] };
  for (const source of [clicks, file("y,user,item\n1,a,x\n0,a,y\n1,b,x\n0,,x\n0,a,x\n")]) {
    const { fields: [field] } = await describe(source, schema, { parts: 1 });
    assertEquals([field.name, field.cardinality, field.missing], ["user*item", 3, 0.2]);
    assertEquals([field.top[0].value, field.top[0].rows, field.top[0].rate], ["a*x", 2, 0.5]);
  }
});

Deno.test("a cross that cannot be is refused", async () => {
  const refuses = (from: unknown, message: string, others = {}) => {
    const features = [{ kind: "categorical", name: "c", from, ...others }];
    assertThrows(() => parseSchema({ label: "y", features }), Error, message);
  };
  refuses({ cross: ["a"] }, 'cross of feature "c" must be a list of at least 2 columns');
  refuses({ cross: ["a", "a"] }, 'cross of feature "c" must be different columns, received a,a');
  refuses({ cross: ["a", 1] }, 'cross of feature "c" must be a text, received 1');
  refuses({ crosses: ["a", "b"] }, 'from of feature "c" can have');
  refuses({ cross: ["a", "y"] }, 'feature "c" must not be the label');
  refuses({ cross: ["a", "b"] }, 'feature "c" must have from or column, received both', { column: "a" });
  const schema = { label: "y", features: [cross(["user", "item"])] };
  const absent = 'no column "item" for feature "user*item"';
  await assertRejects(() => readCsv(file("y,user\n1,a\n"), schema), RangeError, absent);
  assertThrows(() => readRows([{ y: 1, user: ["a"], item: "x" }], schema), TypeError, '"user" must be a text');
});
