/** Crosses whose parts are features: parts of dates, buckets and other crosses. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cross, joinTexts, splitTexts } from "../../../src/data/derived/cross.ts";
import { dateParts } from "../../../src/data/derived/dates.ts";
import { pastCount } from "../../../src/data/derived/past.ts";
import { describe } from "../../../src/data/describe.ts";
import { FittedSchema } from "../../../src/data/fitted_schema.ts";
import { readCsv } from "../../../src/data/csv.ts";
import { randomUnit } from "../../../src/data/random.ts";
import { readEventsSplit } from "../../../src/data/read_events.ts";
import { readCsvFolds, readDataSplit } from "../../../src/data/refit.ts";
import { readDataGrown } from "../../../src/data/refit_grown.ts";
import { readRows, type Row } from "../../../src/data/rows.ts";
import { findBucket } from "../../../src/data/scaling.ts";
import { categorical, type Feature, numeric, parseSchema, type Schema, sequence } from "../../../src/data/schema.ts";
import { file, rowsOf } from "../files.ts";
import { contentOf, encodeEverywhere, readEverywhere, type TextRow } from "./sources.ts";

const HOURS = dateParts("at", { parts: ["hour"] });
const PRICE = numeric("price", { buckets: 3 });

const clicks: TextRow[] = [
  { y: "1", at: "2026-11-27T17:05:00Z", price: "3", ad: "a" },
  { y: "0", at: "2026-11-27T17:30:00Z", price: "30", ad: "b*c" },
  { y: "1", at: "2026-11-28T09:00:00Z", price: "3.0", ad: "a" },
  { y: "0", at: "2026-11-28T09:01:00Z", price: null, ad: "a" },
  { y: "1", at: "2026-11-29T17:00:00Z", price: "7", ad: null },
  { y: "0", at: "2026-11-30T17:59:00Z", price: "8", ad: "a" },
];

const schemaOf = (...features: Feature[]): Schema => ({ label: "y", features });

Deno.test("hours, buckets and crosses are joined by their texts, and a part that is missing leaves none", async () => {
  const features = [
    cross(["at_hour", "ad"]),
    cross(["price", "ad"], { name: "priced" }),
    cross(["priced", "at_hour"]),
    cross(["ad", "price"], { name: "hashed", hashBuckets: 50 }),
    PRICE,
    ...HOURS,
  ];
  const data = await readEverywhere(clicks, schemaOf(...features));
  const [byHour, byPrice, byBoth] = data.schema.fields;
  assertEquals(byHour.vocabulary, ["17*a", "9*a", "17*b\\*c"]);
  // 3, 3.0, 7, 8 and 30 are cut at 8, whatever the other parts of their rows are.
  assertEquals(data.schema.fields[4].edges, [8]);
  assertEquals([byPrice.vocabulary, rowsOf(data, 1)], [["0*a", "1*a", "1*b\\*c"], [2, 4, 2, 1, 1, 3]]);
  const splits = byBoth.vocabulary!.map((text) => splitTexts(text));
  assertEquals(splits, [["0*a", "17"], ["0*a", "9"], ["1*a", "17"], ["1*b\\*c", "17"]]);
  const asked = [
    { at: "2027-01-01T17:00:00Z", price: "-5", ad: "a" },
    { at: "2027-01-01T09:00:00Z", price: "1e9", ad: "b*c" },
    { at: "2027-01-01T10:00:00Z", price: "8", ad: "new" },
    { at: "2027-01-01T10:00:00Z", price: null, ad: "a" },
  ];
  const later = await encodeEverywhere(asked, data.schema);
  assertEquals([rowsOf(later, 0), rowsOf(later, 1)], [[2, 0, 0, 0], [2, 4, 0, 1]]);
  assertEquals(rowsOf(later, 3)[0], rowsOf(data, 3)[0]);

  // Where a feature stands says nothing.
  const reversed = (await readEverywhere(clicks, schemaOf(...features.toReversed()))).schema;
  for (const field of data.schema.fields) {
    const other = reversed.fields.find(({ name }) => name === field.name)!;
    assertEquals([other.feature, other.vocabulary], [field.feature, field.vocabulary]);
  }
});

Deno.test("texts of a cross are treated as it says, dates and numbers as such", () => {
  const rows = clicks.map(({ y, at, price, ad }) => ({ y, at: ` ${at}`, price: price && `${price} `, ad: ad ?? "?" }));
  const capitals = rows.map((row, r) => r % 2 ? row : { ...row, ad: row.ad.toUpperCase() });
  const c = cross(["at_hour", "price", "ad"], { name: "c" });
  const raw = categorical("raw", { from: { cross: ["at_hour", "price", "ad"] }, lowerCase: false });
  const schema: Schema = { label: "y", trim: true, lowerCase: true, features: [c, raw, PRICE, ...HOURS] };
  const { fields } = readRows(capitals, schema, { missing: ["", "?"] }).schema;
  assertEquals(fields[0].vocabulary, ["17*0*a", "17*1*a", "17*1*b\\*c", "9*0*a"]);
  assertEquals(fields[1].vocabulary, ["17*0*A", "17*1*a", "17*1*b\\*c", "9*0*A"]);
});

Deno.test("texts are split where they were joined", () => {
  for (const texts of [["a", "b"], ["a*", "*b", "\\"], ["", "\\*", "c\\"], [joinTexts(["x*", "y"]), "z"]]) {
    assertEquals(splitTexts(joinTexts(texts)), texts);
  }
});

/** Rows whose prices grow, so that those to come are beyond all of training. */
function drawRows(count: number): Row[] {
  return Array.from({ length: count }, (_, row) => {
    const draw = (what: number, below: number) => Math.floor(randomUnit(3, row, what) * below);
    return {
      ...{ y: draw(0, 2), id: `${row}`, ad: draw(1, 9) === 0 ? null : `a${draw(1, 3)}`, at: 3600 * draw(2, 48) + row },
      ...{ price: draw(3, 10) === 0 ? null : row + draw(3, 20), user: `u${draw(4, 4)}` },
    };
  });
}

const CUT: Schema = schemaOf(cross(["price", "ad"]), cross(["at_hour", "price"]), PRICE, ...HOURS, categorical("id"));

Deno.test("edges and combinations are those of training rows alone, in splits, folds and events", async () => {
  const rows = drawRows(90);
  const [training, test] = await readDataSplit(rows, CUT, [2 / 3, 1 / 3], { by: "position" });
  const alone = readRows(rows.slice(0, 60), CUT, { unknown: "ignore" });
  assertEquals(contentOf(training), contentOf(alone));
  assertEquals(
    contentOf(test),
    contentOf(readRows(rows.slice(60), alone.schema, { labeled: true, unknown: "ignore" })),
  );

  const text = ["y,id,ad,at,price", ...rows.map(({ y, id, ad, at, price }) => [y, id, ad, at, price].join())].join(
    "\n",
  );
  for (const fold of await readCsvFolds(file(text), CUT, 3, { seed: 1 })) {
    const { fields } = fold.training.schema;
    const kept = new Set(fields[4].vocabulary);
    const expected = readRows(rows.filter(({ id }) => kept.has(`${id}`)), CUT, { unknown: "ignore" });
    assertEquals(contentOf(fold.training), contentOf(expected));
  }

  const features = [...CUT.features, categorical("ad"), sequence("history", { of: "ad" })];
  const columns = { user: "user", item: "ad", time: "at", by: "position" } as const;
  const [first] = await readEventsSplit(rows, schemaOf(...features), [2 / 3, 1 / 3], columns);
  const fieldsOf = ({ fields }: FittedSchema) =>
    fields.slice(0, 4).map(({ vocabulary, edges }) => ({ vocabulary, edges }));
  assertEquals(fieldsOf(first.schema), fieldsOf(alone.schema));
});

Deno.test("a schema grows by combinations with the buckets of its first day", async () => {
  const rows = drawRows(90);
  const first = readRows(rows.slice(0, 60), CUT, { unknown: "ignore" });
  const today = await readDataGrown(rows.slice(60), FittedSchema.fromJSON(JSON.parse(JSON.stringify(first.schema))));
  const { edges } = first.schema.fields[2];
  assertEquals(today.schema.fields[2].edges, edges);
  const [before, after] = [first, today].map(({ schema }) => schema.fields[0].vocabulary!);
  assertEquals(after.slice(0, before.length), before);
  const names = rows.slice(60).map(({ price, ad }) => price && ad && `${findBucket(edges!, price as number)}*${ad}`);
  assertEquals(new Set(after), new Set([...before, ...names.filter((name) => name)]));
  const known = ["missing", ...after];
  assertEquals(rowsOf(today, 0).map((row) => known[row - 1]), names.map((name) => name || "missing"));
});

Deno.test("describe tells of crosses with parts of dates, and leaves those of buckets out", async () => {
  const { fields } = await describe(
    clicks,
    schemaOf(cross(["at_hour", "ad"]), cross(["price", "ad"]), PRICE, ...HOURS),
  );
  assertEquals(fields.map(({ name }) => name), ["at_hour*ad", "price", "at_hour"]);
  assertEquals([fields[0].cardinality, fields[0].top[0].value], [3, "17*a"]);
});

Deno.test("a column is meant where it is called one, and in files that were fitted", async () => {
  const declared = schemaOf(cross([{ column: "price" }, "ad"]), PRICE);
  const { schema } = readRows(clicks, declared, { unknown: "ignore" });
  assertEquals(schema.fields[0].name, "price*ad");
  assertEquals(schema.fields[0].vocabulary!.includes("3.0*a"), true);
  const again = FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));
  assertEquals(await again.fingerprint(), await schema.fingerprint());
  // Without such a feature, a name is as good.
  assertEquals(parseSchema(schemaOf(cross([{ column: "user" }, "ad"]))).features, [cross(["user", "ad"])]);
  const json = JSON.parse(JSON.stringify(schema));
  const columns = { cross: ["price", { cross: ["price", "ad"] }] };
  json.fields[0].feature.from = columns;
  const [price, ad] = [{ column: "price" }, "ad"];
  assertEquals(FittedSchema.fromJSON(json).fields[0].feature.from, { cross: [price, { cross: [price, ad] }] });
});

Deno.test("crosses of features that cannot be are refused, whatever their order", async () => {
  const refuses = (features: Feature[], message: string) => {
    for (const list of [features, features.toReversed()]) {
      assertThrows(() => parseSchema(schemaOf(...list)), Error, `Cannot read schema: feature ${message}`);
    }
  };
  refuses(
    [cross(["ad", "x"], { name: "ad" })],
    '"ad" must not be made of itself, received "ad" made of "ad"; { column: "ad" }',
  );
  assertThrows(
    () =>
      parseSchema(
        schemaOf(cross(["b", "x"], { name: "a" }), cross(["c", "x"], { name: "b" }), cross(["a", "y"], { name: "c" })),
      ),
    TypeError,
    'feature "a" must not be made of itself, received "a" made of "b" made of "c" made of "a"',
  );
  refuses([cross(["n", "ad"]), pastCount("ad", { name: "n" })], '"n*ad" must not be made of a statistic of the past');
  refuses([cross(["n", "ad"]), pastCount("ad", { name: "n", buckets: 3 })], '"n*ad" must not be made of a statistic');
  const part = (given: unknown) => categorical("c", { from: { cross: [given as string, "ad"] } });
  refuses([part({ bucket: "price", column: "price" })], '"c" is made of the buckets of feature "price", which must be');
  assertThrows(() => part({ bucket: "price" }), TypeError, 'column of part of feature "c" must be a text');
  assertThrows(() => part({ columns: "price" }), TypeError, 'part of feature "c" can have bucket, column');
  assertThrows(() => part({ date: "at", part: "minute" }), RangeError, 'part of feature "c" must be one of hour');
  assertThrows(() => part({ cross: ["a"] }), TypeError, 'cross of feature "c" must be a list of at least 2 columns');
  const schema = schemaOf(cross(["price", "ad"]), PRICE);
  await assertRejects(
    () => readCsv(file("y,price,ad\n1,cheap,a\n"), schema),
    SyntaxError,
    'field "price*ad": expected a finite number, received "cheap"',
  );
  const data = await readCsv(file("y,price,ad\n1,cheap,a\n0,2,a\n1,3,b\n"), schema, { onBadRow: "skip" });
  assertEquals([data.rows, data.schema.fields[0].vocabulary], [2, ["0*a", "1*b"]]);
});
