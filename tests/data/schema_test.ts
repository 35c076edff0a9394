import { categorical, numeric, parseSchema, type Schema } from "../../src/data/schema.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("categorical and numeric fill in their defaults", () => {
  assertEquals(categorical("user"), { kind: "categorical", name: "user", column: "user", minCount: 1 });
  assertEquals(numeric("price"), { kind: "numeric", name: "price", column: "price", scale: "none" });
  assertEquals(numeric("age", { buckets: 4, column: "years" }), {
    kind: "numeric",
    name: "age",
    column: "years",
    scale: "none",
    buckets: 4,
  });
});

Deno.test("a misspelt option is named, in the types and at run time", () => {
  assertThrows(
    // @ts-expect-error The option is called minCount.
    () => categorical("user", { mincount: 5 }),
    TypeError,
    'Cannot read schema: feature "user" can have minCount, hashBuckets, newValueBuckets, column, from, ifMissing, indicator, trim, lowerCase, unicode, ' +
      'presence, received "mincount"',
  );
  // @ts-expect-error The label has to be named.
  const schema: Schema = { features: [] };
  assertThrows(() => parseSchema(schema), TypeError, "label of it must be a text, received nothing");
});

Deno.test("options out of range are refused", () => {
  assertThrows(() => categorical("a", { minCount: 0 }), RangeError, 'minCount of feature "a"');
  assertThrows(() => categorical(""), TypeError, 'name of feature ""');
  assertThrows(() => numeric("a", { buckets: 1 }), RangeError, "integer of at least 2, received 1");
  assertThrows(() => numeric("a", { buckets: 4, scale: "log" }), TypeError, "scale or buckets, received both");
  assertThrows(() => numeric("a", { scale: "sqrt" as "log" }), RangeError, "must be none, log, standard or minmax");
});

Deno.test("parseSchema reads JSON into what the functions make", () => {
  const json = JSON.parse(`{
    "label": "y", "positive": "yes", "negative": "no", "time": "ts",
    "features": [
      { "kind": "categorical", "name": "job", "minCount": 3 },
      { "kind": "numeric", "name": "age", "buckets": 8 },
      { "kind": "numeric", "name": "price", "scale": "standard", "column": "amount" }
    ]
  }`);
  assertEquals(parseSchema(json), {
    label: "y",
    positive: "yes",
    negative: "no",
    time: "ts",
    features: [
      categorical("job", { minCount: 3 }),
      numeric("age", { buckets: 8 }),
      numeric("price", { scale: "standard", column: "amount" }),
    ],
  });
});

Deno.test("parseSchema names what is wrong", () => {
  const feature = { kind: "categorical", name: "job" };
  const cases: [unknown, string][] = [
    [null, "it must be an object, received null"],
    [{ label: "y", featurs: [] }, 'received "featurs"'],
    [{ label: "y", features: [] }, "features must be a list of at least one, received []"],
    [{ label: "y", features: [{ ...feature, mincount: 2 }] }, 'feature "job" can have kind, name, column'],
    [{ label: "y", features: [{ ...feature, scale: "log" }] }, 'received "scale"'],
    [{ label: "y", features: [{ name: "job" }] }, 'kind of feature "job" must be categorical, numeric or sequence'],
    [{ label: "y", features: [{ kind: "numeric" }] }, "name of feature 1 must be a text, received nothing"],
    [{ label: "y", features: [feature, feature] }, 'names of features must differ, received "job" twice'],
    [{ label: "job", features: [feature] }, 'feature "job" must not be the label'],
    [{ label: "y", positive: 1, features: [feature] }, "positive of it must be a text, received 1"],
    [{ label: "y", negative: "no", features: [feature] }, "negative needs another text as positive"],
  ];
  for (const [json, message] of cases) assertThrows(() => parseSchema(json), Error, message);
});
