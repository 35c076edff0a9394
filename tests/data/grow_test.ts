import { originsOf } from "../../src/data/grow.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { readDataGrown } from "../../src/data/refit_grown.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";

const SCHEMA: Schema = {
  label: "y",
  features: [
    categorical("user", { minCount: 2 }),
    numeric("price"),
    numeric("age", { buckets: 2 }),
    categorical("item"),
    sequence("history", { of: "item", maxLength: 3 }),
    sequence("words", { maxLength: 3 }),
  ],
};

const row = (y: number, user: string | undefined, price: number, item: string, history: string, words = "w"): Row => ({
  ...{ y, user, price, age: 10 * price, item, history, words },
});

const DAY1 = [
  row(1, "a", 1, "i1", "i2"),
  row(0, "a", 2, "i1", ""),
  row(1, "b", 3, "i2", "i1", "w|x"),
  row(0, "b", 4, "i2", "i1|i2"),
  row(0, "rare", 5, "i3", ""),
];
const first = readRows(DAY1, SCHEMA);

const vocabularies = ({ fields, sequences }: FittedSchema) =>
  Object.fromEntries([
    ...fields.filter(({ kind }) => kind === "categorical").map(({ name, vocabulary }) => [name, vocabulary]),
    ...sequences.filter(({ own }) => own).map(({ name, own }) => [name, own]),
  ]);

Deno.test("a schema grows by the values of new rows; old ones keep their places, scalings and buckets stay", async () => {
  assertEquals(vocabularies(first.schema), { user: ["a", "b"], item: ["i1", "i2", "i3"], words: ["w", "x"] });
  const rows = [
    row(1, "c", 100, "i9", "i1|i9", "new"),
    row(0, "c", 200, "i8", "i9"),
    row(1, "rare", 1, "i9", "i7"),
    row(0, undefined, 2, "i1", "i1"),
  ];
  const grown = await readDataGrown(rows, first.schema);
  assertEquals(vocabularies(grown.schema), {
    user: ["a", "b", "c"],
    item: ["i1", "i2", "i3", "i9", "i8"],
    words: ["w", "x", "new"],
  });
  assertEquals(grown.schema.fields[1].scaling, first.schema.fields[1].scaling);
  assertEquals(grown.schema.fields[2].edges, first.schema.fields[2].edges);
  assertEquals([first.schema.generation, grown.schema.generation], [1, 2]);
  // A history looks up the rows of the field that it shares, new ones as well; one without any is unseen.
  assertEquals([0, 1, 2].map((r) => grown.valuesOf("history", r)), [["i1", "i9"], ["i9"], [undefined]]);
  // The rows are those that the grown schema gives when the file is read again.
  const again = readRows(rows, grown.schema, { labeled: true });
  assertEquals([grown.ids, grown.values, grown.histories], [again.ids, again.values, again.histories]);
  assertNotEquals(await grown.schema.fingerprint(), await first.schema.fingerprint());
});

Deno.test("each row of a grown schema is found in the one before, or is new with the unseen row of its field", async () => {
  const grown = await readDataGrown(
    [row(1, undefined, 100, "i9", "i1", "new"), row(0, "c", 2, "i9", "i1"), row(0, "c", 2, "i9", "i1")],
    first.schema,
  );
  const { from, unseen } = originsOf(first.schema, grown.schema);
  const [user, price, age, item] = first.schema.fields.map(({ offset }) => offset);
  const words = first.schema.sequences[1].offset;
  assertEquals([...from], [
    ...[user, -1, user + 1, user + 2, -1],
    price,
    ...[age, age + 1, age + 2],
    ...[item, item + 1, item + 2, item + 3, -1],
    ...[words, words + 1, words + 2, -1],
  ]);
  assertEquals([...unseen].filter((row) => row >= 0), [user, user, item, words]);
  const fewer = { ...SCHEMA, features: SCHEMA.features.slice(1) };
  const other = readRows(DAY1, fewer, { unknown: "ignore" }).schema;
  assertThrows(() => originsOf(first.schema, other), TypeError, "Cannot extend model: the schema must have grown from");
});

Deno.test("buckets of new values follow the values, and what stands in for missing ones stays", async () => {
  const schema: Schema = {
    label: "y",
    features: [
      categorical("item", { newValueBuckets: 3, minCount: 2 }),
      categorical("page", { hashBuckets: 5 }),
      numeric("price", { ifMissing: "mean" }),
    ],
  };
  const rowsOf = (items: string, prices: readonly (number | null)[]): Row[] =>
    prices.map((price, r) => ({ y: r % 2, item: items[r], page: items[r], price }));
  const old = readRows(rowsOf("aabb", [1, null, 3, 5]), schema);
  const grown = await readDataGrown(rowsOf("ccad", [9, null, 3, 5]), old.schema);
  const [item, page, price] = old.schema.fields;
  assertEquals(grown.schema.fields[0].vocabulary, ["a", "b", "c"]);
  assertEquals([grown.schema.fields[1].rows, grown.schema.fields[2].fill], [page.rows, price.fill]);
  // Only the new value has no row before: its place is behind a and b, before the buckets.
  const { from } = originsOf(old.schema, grown.schema);
  const rows = Array.from({ length: old.schema.rowCount }, (_, row) => row);
  assertEquals([...from], [...rows.slice(0, item.rows - 3), -1, ...rows.slice(item.rows - 3)]);
});

Deno.test("values that some trainings in a row lack are dropped, those that come back in time are not", async () => {
  const days = [["a", "b"], ["b", "c"], ["c", "a"], ["c", "d"]];
  const schema: Schema = {
    label: "y",
    features: [categorical("item"), sequence("past", { of: "item", maxLength: 2 })],
  };
  const rowsOf = (day: readonly string[], past = "") => day.map((item, r) => ({ y: r % 2, item, past }));
  let { schema: fitted } = readRows(rowsOf(days[0]), schema);
  const grow = async (day: readonly string[], past = "") => {
    ({ schema: fitted } = await readDataGrown(rowsOf(day, past), fitted, { dropUnseenFor: 2 }));
    // What was counted is in the file.
    const read = FittedSchema.fromJSON(JSON.parse(JSON.stringify(fitted)));
    assertEquals([read, read.generation], [fitted, fitted.generation]);
    assertEquals(await read.fingerprint(), await fitted.fingerprint());
    fitted = read;
    return fitted.fields[0].vocabulary;
  };
  assertEquals(await grow(days[1]), ["a", "b", "c"]);
  assertEquals(fitted.fields[0].idle, [1, 0, 0]);
  assertEquals(await grow(days[2]), ["a", "b", "c"]);
  assertEquals(fitted.fields[0].idle, [0, 1, 0]);
  // A value that is in a history alone is not unseen.
  assertEquals(await grow(days[3], "a"), ["a", "c", "d"]);
  assertEquals(fitted.fields[0].idle, undefined);
  assertEquals(fitted.generation, 4);
});

Deno.test("new values need to occur often enough, and options out of their range are refused", async () => {
  const rows = ["i8", "i9", "i9", "i9"].map((item, r) => row(r % 2, "c", 1, item, ""));
  const grow = async (minCount?: number) =>
    vocabularies((await readDataGrown(rows, first.schema, { minCount })).schema).item?.slice(3);
  assertEquals([await grow(), await grow(2), await grow(4)], [["i9", "i8"], ["i9"], []]);
  const refuse = (options: object, message: string) =>
    assertRejects(() => readDataGrown(rows, first.schema, options), RangeError, message);
  await refuse({ minCount: 0 }, "Cannot grow schema: minCount must be a positive integer, received 0");
  await refuse({ dropUnseenFor: 1.5 }, "dropUnseenFor must be a positive integer, received 1.5");
  const json = JSON.parse(JSON.stringify(first.schema));
  json.fields[0].idle = [1];
  assertThrows(() => FittedSchema.fromJSON(json), TypeError, "idle must be 2 counts, one for each value");
  assertThrows(
    () => FittedSchema.fromJSON({ ...json, generation: 0 }),
    TypeError,
    "generation must be a positive integer",
  );
  assert(!("generation" in first.schema.toJSON()), "files of schemas that have not grown are as before");
});
