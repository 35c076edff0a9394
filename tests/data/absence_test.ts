import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { encodeColumns } from "../../src/data/encode_columns.ts";
import { readCsvSplit } from "../../src/data/refit.ts";
import { readRows } from "../../src/data/rows.ts";
import { readData } from "../../src/data/read_data.ts";
import { categorical, type Feature, numeric, parseSchema } from "../../src/data/schema.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { file } from "./files.ts";

const NUMBERS = [4, null, 1, 1, 10, null];

/** Reads a column of numbers and returns the values that the model gets. */
function valuesOf(feature: Feature, numbers: readonly (number | null)[] = NUMBERS): number[] {
  const data = readRows(numbers.map((x, i) => ({ y: i % 2, x })), { label: "y", features: [feature] });
  return [...data.values!];
}

Deno.test("a missing number is the mean, median, mode or a given number of the training rows", () => {
  assertEquals(valuesOf(numeric("x", { ifMissing: "mean" })), [4, 4, 1, 1, 10, 4]);
  assertEquals(valuesOf(numeric("x", { ifMissing: "median" })), [4, 2.5, 1, 1, 10, 2.5]);
  assertEquals(valuesOf(numeric("x", { ifMissing: "median" }), [4, null, 1, 10, 1, 2]), [4, 2, 1, 10, 1, 2]);
  assertEquals(valuesOf(numeric("x", { ifMissing: "mode" })), [4, 1, 1, 1, 10, 1]);
  assertEquals(valuesOf(numeric("x", { ifMissing: "mode" }), [3, 2, 2, 3, null, 9]), [3, 2, 2, 3, 2, 9]);
  assertEquals(valuesOf(numeric("x", { ifMissing: { value: -1 } })), [4, -1, 1, 1, 10, -1]);
});

Deno.test("the number that stands in is scaled and cut as others are, and takes no part in fitting", () => {
  const scaled = readRows(NUMBERS.map((x, i) => ({ y: i % 2, x })), {
    label: "y",
    features: [
      numeric("standard", { column: "x", scale: "standard", ifMissing: "mean" }),
      numeric("minmax", { column: "x", scale: "minmax", ifMissing: { value: 100 }, clamp: true }),
      numeric("bucket", { column: "x", buckets: [2, 5], ifMissing: "median" }),
    ],
  });
  const [standard, minmax, bucket] = scaled.schema.fields;
  assertEquals([standard.rows, standard.missing, standard.fill, standard.scaling!.center], [1, false, 4, 4]);
  assertAlmostEquals(standard.scaling!.spread, Math.sqrt(13.5), 1e-12);
  assertEquals([minmax.fill, minmax.scaling!.spread, minmax.range], [100, 9, [1, 10]]);
  assertEquals([...scaled.values!].slice(6, 12), [3 / 9, 1, 0, 0, 1, 1].map(Math.fround));
  assertEquals([...scaled.ids].slice(12).map((id) => id - bucket.offset), [2, 2, 1, 1, 3, 2]);
});

Deno.test("a missing name is the most frequent one, or a given one", () => {
  const rows = ["b", "a", null, "b", null].map((user, i) => ({ y: i % 2, user }));
  const read = (feature: Feature) => readRows(rows, { label: "y", features: [feature] });
  const mode = read(categorical("user", { ifMissing: "mode" }));
  assertEquals([...mode.ids], [1, 2, 1, 1, 1]);
  assertEquals(mode.schema.fields[0].vocabulary, ["b", "a"]);
  // A given value is counted as often as it stands in, so that it has a row.
  const given = read(categorical("user", { ifMissing: { value: "nobody" }, minCount: 2 }));
  assertEquals(given.schema.fields[0].vocabulary, ["b", "nobody"]);
  assertEquals([...given.ids], [1, 0, 2, 1, 2]);
  const known = read(categorical("user", { ifMissing: { value: "a" } }));
  assertEquals([known.schema.fields[0].vocabulary, [...known.ids]], [["a", "b"], [2, 1, 1, 2, 1]]);
});

Deno.test("what stands in is kept in the schema, and the same for requests, columns and rows", async () => {
  const features = [
    categorical("user", { ifMissing: "mode" }),
    numeric("price", { ifMissing: "mean", scale: "minmax", indicator: true }),
    numeric("age", { ifMissing: "median", buckets: 2 }),
  ];
  const text = "y,user,price,age\n1,a,2,20\n0,b,,30\n1,a,4,\n0,,6,40\n";
  const { schema } = await readData(file(text), { label: "y", features });
  const again = FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));
  assertEquals(await again.fingerprint(), await schema.fingerprint());
  assertEquals(again.fields.map(({ fill }) => fill), ["a", 4, undefined, 30]);
  const asked = [{ user: null, price: null, age: null }, { user: "b", price: 6, age: 40 }];
  const rows = readRows(asked, again);
  assertEquals([...rows.ids].map((id, i) => id - schema.fields[i >> 1].offset), [1, 2, 0, 0, 1, 2, 2, 2]);
  assertEquals([...rows.values!].slice(2, 4), [0.5, 1]);
  const columns = new Map(["user", "price", "age"].map((name) => [name, {
    values: asked.map((row) => row[name as "user"]),
  }]));
  const encoded = encodeColumns(again, 2, columns);
  assertEquals([encoded.ids, encoded.values], [rows.ids, rows.values]);
  const shared = encodeColumns(again, 3, new Map([["price", { shared: null }]]));
  assertEquals([...shared.values!].slice(3, 6), [0.5, 0.5, 0.5]);
  assertEquals(shared.coverage!.map(({ missing, filled }) => [missing, filled]), [[3, 3], [3, 3], [3, undefined], [
    3,
    3,
  ]]);
});

Deno.test("missing values that are filled in stay counted as missing", () => {
  const rows = NUMBERS.map((x, i) => ({ y: i % 2, x }));
  const features = [numeric("x", { ifMissing: "mean" }), numeric("own", { column: "x" })];
  const { coverage } = readRows(rows, { label: "y", features });
  assertEquals(coverage, [
    { name: "x", rows: 6, missing: 2, unseen: 0, outside: 0, filled: 2 },
    { name: "own", rows: 6, missing: 2, unseen: 0, outside: 0 },
  ]);
});

Deno.test("an indicator is a field of its own beside the one that it speaks of", () => {
  const features = [
    numeric("x", { indicator: true, ifMissing: { value: 0 } }),
    categorical("user", { indicator: true }),
  ];
  const schema = parseSchema({ label: "y", features });
  assertEquals(schema.features.map(({ name, column }) => [name, column]), [
    ["x", "x"],
    ["x_missing", "x"],
    ["user", "user"],
    ["user_missing", "user"],
  ]);
  assertEquals(parseSchema(schema), schema);
  const rows = [{ y: 1, x: 0.5, user: "a" }, { y: 0, x: null, user: "b" }, { y: 1, x: 3e20, user: null }];
  const data = readRows(rows, { label: "y", features });
  assertEquals(data.schema.fields.map(({ name, rows, missing }) => [name, rows, missing]), [
    ["x", 1, false],
    ["x_missing", 3, true],
    ["user", 4, true],
    ["user_missing", 3, true],
  ]);
  assertEquals([...data.ids].map((id, i) => id - data.schema.fields[Math.floor(i / 3)].offset), [
    ...[0, 0, 0],
    ...[2, 1, 2],
    ...[2, 3, 1],
    ...[2, 2, 1],
  ]);
  assertEquals(data.coverage!.map(({ missing }) => missing), [1, 1, 1, 1]);
});

Deno.test("only training rows decide on what stands in", async () => {
  const text = "y,x,user\n1,2,a\n0,4,a\n1,,\n0,1000,b\n1,1000,b\n0,1000,b\n";
  const features = [numeric("x", { ifMissing: "mean" }), categorical("user", { ifMissing: "mode", indicator: true })];
  const [training, test] = await readCsvSplit(file(text), { label: "y", features }, [0.5, 0.5], { by: "position" });
  assertEquals(training.schema.fields.map(({ fill }) => fill), [3, "a", undefined]);
  assertEquals([...training.values!].slice(0, 3), [2, 4, 3]);
  assertEquals([...test.values!].slice(0, 3), [1000, 1000, 1000]);
});

Deno.test("rows are not divided by numbers of which some are filled in", () => {
  const rows = NUMBERS.map((x, i) => ({ y: i % 2, x }));
  const data = readRows(rows, { label: "y", features: [numeric("x", { ifMissing: "mean" })] });
  const message = '"x" must be known in every row, received one with ifMissing';
  assertThrows(() => data.split([0.5, 0.5], { by: "x" }), RangeError, message);
});

Deno.test("a way that does not exist, or has nothing to go by, is refused", () => {
  const number = (ifMissing: unknown) => () => numeric("x", { ifMissing: ifMissing as "mean" });
  const name = (ifMissing: unknown) => () => categorical("x", { ifMissing: ifMissing as "mode" });
  for (const way of ["means", 3, { value: NaN }, { value: "1" }, { value: 1e39 }, {}, null]) {
    assertThrows(number(way), RangeError, 'ifMissing of feature "x" must be');
  }
  for (const way of ["mean", "median", 3]) assertThrows(name(way), RangeError, "must be own, mode or a value");
  assertThrows(name({ value: 3 }), TypeError, 'value of ifMissing of feature "x" must be a text, received 3');
  assertThrows(number({ value: 1, more: 2 }), TypeError, 'received "more"');
  assertThrows(() => numeric("x", { indicator: 1 as unknown as true }), TypeError, "indicator of feature");
  assertThrows(
    () => categorical("x", { presence: true, ifMissing: "mode" }),
    TypeError,
    "has presence, so it must have no ifMissing or indicator",
  );
  assertThrows(
    () => readRows([{ y: 1, x: null }], { label: "y", features: [numeric("x", { ifMissing: "median" })] }),
    RangeError,
    'field "x" must have a number to take the median of, received none',
  );
  assertThrows(
    () => readRows([{ y: 1, x: null }], { label: "y", features: [categorical("x", { ifMissing: "mode" })] }),
    RangeError,
    'field "x" must have a value to take the mode of, received none',
  );
  assertEquals(numeric("x", { ifMissing: "own" }), numeric("x"));
  const fitted = readRows([{ y: 1, x: 2 }], { label: "y", features: [numeric("x", { ifMissing: "mean" })] }).schema;
  const json = JSON.parse(JSON.stringify(fitted));
  for (const fill of [undefined, "2", null]) {
    const fields = [{ ...json.fields[0], fill }];
    assertThrows(() => FittedSchema.fromJSON({ ...json, fields }), TypeError, "must have a number that fills in");
  }
});
