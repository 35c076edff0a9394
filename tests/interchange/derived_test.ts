/** Fields with hash buckets or made of several columns, in the formats of other tools. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { models } from "../../models/mod.ts";
import {
  categorical,
  cross,
  dateParts,
  type Feature,
  type FittedSchema,
  numeric,
  pastCount,
  readRows,
  type Row,
  sequence,
} from "../../mod.ts";
import { hashSeed } from "../../src/data/hash_buckets.ts";
import { mapRows } from "../../src/interchange/state_dict/rows.ts";
import { formatVocabulary } from "../../src/interchange/vocabulary.ts";
import { Model } from "../../src/model.ts";
import { gpu } from "../support.ts";
import { assertScores, drawParameters, runSession, scoresOf, tensorOf, withSession } from "./onnx_run.ts";

const features: readonly Feature[] = [
  categorical("user", { hashBuckets: 20 }),
  cross(["user", "item"], { minCount: 2, newValueBuckets: 3 }),
  pastCount("user"),
];

const clicks: Row[] = ["a", "b", "a", null].map((user, i) => ({ y: i % 2, user, item: "x" }));

const fit = (used: readonly Feature[]): FittedSchema =>
  readRows(clicks, { label: "y", features: used }, { unknown: "ignore" }).schema;

Deno.test("row numbers of hashed and crossed fields, and statistics as numbers, go into a graph", async () => {
  const schema = fit(features);
  await using model = await Model.create(models.fm({ dim: 4 }), schema, { device: await gpu() });
  await drawParameters(model);
  const rows = ["a", "new", null].map((user) => ({ user, item: "x" }));
  const data = readRows(rows, schema);
  const ids = schema.fields.slice(0, 2).map(({ name, offset }, f) => [
    name,
    tensorOf("int64", Array.from({ length: 3 }, (_, row) => data.ids[3 * f + row] - offset), [3, 1]),
  ]);
  const columns = { ...Object.fromEntries(ids), user_count: tensorOf("float32", [2, 0, NaN], [3, 1]) };
  const expected = await scoresOf(model, data);
  await withSession(model, {}, async (session) => {
    assertScores(await runSession(session, columns), expected, schema.tasks);
  });
});

Deno.test("texts of hashed and crossed fields are refused, because no operator hashes or joins them", async () => {
  const refuses = async (used: Parameters<typeof fit>[0], slug: string, message: string) => {
    await using model = await Model.create(models[slug]({}), fit(used), { device: await gpu() });
    const run = () => withSession(model, { strings: true }, () => Promise.resolve());
    await assertRejects(run, TypeError, message);
  };
  await refuses(features.slice(0, 1), "lr", 'field "user" hashes texts');
  await refuses([cross(["user", "item"])], "lr", 'field "user*item" is made of columns');
  await refuses([pastCount("user")], "lr", 'field "user_count" is made of columns');
});

Deno.test("vocabularies say how values are hashed and joined", () => {
  const { fields } = JSON.parse([...formatVocabulary(fit(features))].join(""));
  assertEquals(fields.user.hash, { seed: hashSeed("user"), buckets: 20, first: 2 });
  assertEquals(fields["user*item"].from, { cross: ["user", "item"] });
  assertEquals(fields["user*item"].hash.first, 3);
  assertEquals(fields["user*item"].values, { "a*x": 2 });
  assertEquals(fields.user_count.past, { values: ["a", "b"], rows: [2, 1], clicks: [0, 0], all: [4, 0] });
});

Deno.test("vocabularies say which buckets and parts of dates are joined, and a graph takes their row numbers", async () => {
  const used = [
    cross(["price", "item"]),
    cross(["at_hour", "price"], { name: "both" }),
    numeric("price", { buckets: [2, 3] }),
    ...dateParts("at", { parts: ["hour"] }),
  ];
  const rows = [1, 2, 3, 4].map((price, i) => ({ y: i % 2, price, item: "x", at: 3600 * i }));
  const { schema } = readRows(rows, { label: "y", features: used });
  const { fields } = JSON.parse([...formatVocabulary(schema)].join(""));
  const bucket = { bucket: "price", column: "price" };
  assertEquals(fields["price*item"].from, { cross: [bucket, "item"] });
  assertEquals(fields.both.from, {
    cross: [{ date: "at", part: "hour", format: "auto", timeZone: "UTC" }, bucket],
  });
  assertEquals([fields["price*item"].values, fields.price.edges], [{ "2*x": 1, "0*x": 2, "1*x": 3 }, [2, 3]]);
  await using model = await Model.create(models.fm({ dim: 4 }), schema, { device: await gpu() });
  await drawParameters(model);
  const data = readRows(rows.map(({ y: _, ...row }) => row), schema);
  const ids = schema.fields.flatMap(({ name, offset, kind }, f) => {
    const rowNumbers = Array.from({ length: 4 }, (_, row) => data.ids[4 * f + row] - offset);
    return kind === "categorical" ? [[name, tensorOf("int64", rowNumbers, [4, 1])]] : [];
  });
  const columns = { ...Object.fromEntries(ids), price: tensorOf("float32", [1, 2, 3, 4], [4, 1]) };
  const expected = await scoresOf(model, data);
  await withSession(model, {}, async (session) => {
    assertScores(await runSession(session, columns), expected, schema.tasks);
  });
});

Deno.test("tables of other tools have no rows for hash buckets", () => {
  const schema = fit([features[0], sequence("users", { of: "user" })]);
  for (const owner of [schema.fields[0], schema.sequences[0]]) {
    assertThrows(() => mapRows(schema, owner, { user: {}, users: {} }), TypeError, "received hash buckets");
  }
});
