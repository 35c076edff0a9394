import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { encodeColumns } from "../../src/data/encode_columns.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { murmur3 } from "../../src/data/murmur.ts";
import { readDataSplit } from "../../src/data/refit.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, parseSchema, sequence } from "../../src/data/schema.ts";
import { KEPT } from "../../src/ops/embedding/unseen.ts";
import { substitutesOf } from "../../src/trainer/unseen.ts";

Deno.test("murmur3 gives the published numbers", () => {
  // Of the reference implementation, with UTF-8 of one and of two bytes a character and all lengths modulo 4.
  const known: [string, number, number][] = [
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["hello", 0, 0x248bfa47],
    ["aaaa", 0x9747b28c, 0x5a97808a],
    ["Hello, world!", 0x9747b28c, 0x24884cba],
    ["ππππππππ", 0x9747b28c, 0xd58063c1],
    ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
  ];
  for (const [text, seed, hash] of known) assertEquals(murmur3(text, seed), hash, text);
});

Deno.test("murmur3 takes long texts, and texts of other scripts, as their bytes", () => {
  const long = "long text ".repeat(1000);
  assertNotEquals(murmur3(long, 7), murmur3(`${long} `, 7));
  assertEquals(murmur3(`${long}π`, 7), murmur3(`${long}π`, 7));
  assertEquals(murmur3("\ud800", 7), murmur3("\ufffd", 7));
});

Deno.test("short texts that differ in one letter spread evenly over buckets", () => {
  const buckets = 64;
  const counts = new Array(buckets).fill(0);
  const rows = 64_000;
  for (let user = 0; user < rows; user++) counts[murmur3(`u${user}`, 3) % buckets]++;
  const expected = rows / buckets;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // Chi squared of 63 degrees of freedom has mean 63 and deviation 11.2.
  assertEquals(statistic > 63 - 4 * 11.2 && statistic < 63 + 4 * 11.2, true, `${statistic}`);
});

const clicks = [{ y: 1, user: "a" }, { y: 0, user: "b" }, { y: 1, user: null }, { y: 0, user: "a" }];

Deno.test("each value of a hashed field has a row, whenever it comes first", () => {
  const data = readRows(clicks, { label: "y", features: [categorical("user", { hashBuckets: 1000 })] });
  const [{ rows, offset, vocabulary }] = data.schema.fields;
  assertEquals([rows, offset, vocabulary], [1002, 0, []]);
  const bucket = (text: string) => 2 + murmur3(text, murmur3("user", 0)) % 1000;
  assertEquals([...data.ids], [bucket("a"), bucket("b"), 1, bucket("a")]);
  const later = readRows([{ user: "new" }, { user: "a" }, { user: null }], data.schema);
  assertEquals([...later.ids], [bucket("new"), bucket("a"), 1]);
  assertEquals([later.coverage![0].unseen, later.coverage![0].missing, later.outOfVocabulary], [0, 1, [0]]);
});

Deno.test("fields hash the same text with seeds of their own", () => {
  const features = ["user", "item"].map((name) => categorical(name, { column: "user", hashBuckets: 1 << 20 }));
  const { ids, schema } = readRows([{ y: 1, user: "a" }, { y: 0, user: "b" }], { label: "y", features });
  assertNotEquals(ids[0] - schema.fields[0].offset, ids[2] - schema.fields[1].offset);
});

Deno.test("values beside a vocabulary, rare and new ones alike, are hashed to rows of their own", () => {
  const schema = { label: "y", features: [categorical("user", { minCount: 2, newValueBuckets: 8 })] };
  const data = readRows(clicks, schema);
  assertEquals([data.schema.fields[0].rows, data.schema.fields[0].vocabulary], [11, ["a"]]);
  const bucket = (text: string) => 3 + murmur3(text, murmur3("user", 0)) % 8;
  assertEquals([...data.ids], [2, bucket("b"), 1, 2]);
  assertEquals([data.coverage![0].unseen, data.outOfVocabulary], [1, [0]]);
  const later = readRows([{ user: "b" }, { user: "new" }, { user: "a" }], data.schema);
  assertEquals([...later.ids], [bucket("b"), bucket("new"), 2]);
  assertEquals(later.coverage![0].unseen, 2);
});

Deno.test("a sequence shares the buckets of its field", () => {
  const features = [categorical("user", { hashBuckets: 50 }), sequence("friends", { of: "user" })];
  const { schema } = readRows([{ y: 1, user: "a" }, { y: 0, user: "b" }], { label: "y", features });
  const data = readRows([{ user: "new", friends: ["b", "new"] }], schema);
  assertEquals(data.histories[0].ids[1], data.ids[0]);
  assertEquals(data.coverage![1].unseen, 0);
  const served = encodeColumns(schema, 1, new Map([["friends", { values: [["b", "new"]] }]]));
  assertEquals(served.histories[0].ids, data.histories[0].ids);
});

Deno.test("a fitted schema with buckets is the same after JSON, and one without has its JSON of old", async () => {
  for (const options of [{ hashBuckets: 10 }, { minCount: 2, newValueBuckets: 10 }]) {
    const { schema } = readRows(clicks, { label: "y", features: [categorical("user", options)] });
    const again = FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));
    assertEquals(await again.fingerprint(), await schema.fingerprint());
    assertEquals(readRows([{ user: "z" }], again).ids, readRows([{ user: "z" }], schema).ids);
    assertEquals(schema.declared().features, [categorical("user", options)]);
  }
  const { schema } = readRows(clicks, { label: "y", features: [categorical("user")] });
  assertEquals(
    Object.keys(schema.toJSON()).concat(Object.keys((schema.toJSON().fields as [{ feature: object }])[0].feature)),
    [
      ...["label", "missing", "fields"],
      ...["kind", "name", "column", "minCount"],
    ],
  );
});

Deno.test("a split leaves buckets as they are", async () => {
  const schema = { label: "y", features: [categorical("user", { hashBuckets: 10 })] };
  const [training, test] = await readDataSplit(clicks, schema, [0.75, 0.25], { by: "position" });
  assertEquals([training.ids[0], test.ids[0]], [test.ids[0], readRows([{ user: "a" }], training.schema).ids[0]]);
});

Deno.test("training replaces nothing in hashed fields by a row that no value can have", () => {
  const substitutes = (
    rows: typeof clicks,
  ) => [...substitutesOf(readRows(rows, { label: "y", features: [categorical("user", { hashBuckets: 9 })] }), 0.5)];
  assertEquals(substitutes(clicks), [KEPT, KEPT]);
  // Without missing values in training, those to come are in row 0.
  assertEquals(substitutes(clicks.filter(({ user }) => user !== null)), [0, 0]);
});

Deno.test("options of buckets that do not go together are refused", () => {
  const refuses = (options: object, message: string) => {
    const feature = { kind: "categorical", name: "user", ...options };
    assertThrows(() => parseSchema({ label: "y", features: [feature] }), Error, message);
  };
  refuses({ hashBuckets: 0 }, 'hashBuckets of feature "user" must be an integer of at least 1, received 0');
  refuses({ hashBuckets: 9, minCount: 2 }, 'feature "user" must have hashBuckets or minCount, received both');
  refuses({ hashBuckets: 9, newValueBuckets: 2 }, "must have hashBuckets or newValueBuckets, received both");
  refuses({ newValueBuckets: 9 }, "need a minCount of at least 2");
});
