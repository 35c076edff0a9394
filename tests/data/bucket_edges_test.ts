import { edgesFor } from "../../src/data/bucket_edges.ts";
import { findBucket } from "../../src/data/scaling.ts";
import { readRows } from "../../src/data/rows.ts";
import { numeric, parseSchema } from "../../src/data/schema.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("edges that are given are kept, whatever the training rows hold", () => {
  const rows = [17, 18, 24, 25, 90].map((age, i) => ({ y: i % 2, age }));
  const schema = parseSchema({ label: "y", features: [{ kind: "numeric", name: "age", buckets: [18, 25, 40] }] });
  assertEquals(schema.features, [numeric("age", { buckets: [18, 25, 40] })]);
  const data = readRows(rows, schema);
  assertEquals(data.schema.fields[0].edges, [18, 25, 40]);
  assertEquals([...data.ids], [1, 2, 2, 3, 4]);
});

Deno.test("log buckets are those of floor(ln(x)^2), and of whole numbers below e", () => {
  const counts = Float64Array.from({ length: 200_001 }, (_, x) => x);
  const edges = edgesFor("log", counts);
  const codes = counts.map((x) => x > 2 ? 2 + Math.floor(Math.log(x) ** 2) : x);
  const distinct = [...new Set(codes)];
  assertEquals(edges.length, distinct.length - 1);
  for (const x of counts) assertEquals(distinct[findBucket(edges, x)], codes[x], String(x));
});

Deno.test("log buckets of negative numbers mirror those of positive ones", () => {
  const numbers = Float64Array.of(-100, -3, -2, -1, 0, 0.5, 1, 2, 2.5, 3, 100, NaN);
  const edges = edgesFor("log", numbers);
  assertEquals([...numbers].slice(0, 11).map((x) => findBucket(edges, x)), [0, 1, 2, 3, 4, 4, 5, 6, 6, 7, 8]);
  // What lies between joins the bucket below, and what lies beyond the last one.
  assertEquals([-1e6, -50, -2.5, 1.5, 50, 1e6].map((x) => findBucket(edges, x)), [0, 0, 2, 5, 7, 8]);
});

Deno.test("log buckets of a column without numbers, or of one, are one bucket", () => {
  assertEquals(edgesFor("log", Float64Array.of(NaN)), []);
  assertEquals(edgesFor("log", Float64Array.of(7, 7, NaN)), []);
});

Deno.test("the end of a log bucket is on the same side when it is fitted and when it is looked up", () => {
  const ends = Array.from({ length: 300 }, (_, k) => Math.exp(Math.sqrt(k + 1)));
  const edges = edgesFor("log", Float64Array.of(0, ...ends));
  assertEquals(ends.map((x) => findBucket(edges, x)), ends.map((_, k) => k + 1));
});

Deno.test("buckets that are no count and no ascending edges are refused", () => {
  for (const buckets of [[], [2, 1], [1, 1], [1, NaN], [Infinity], ["1"]]) {
    assertThrows(() => numeric("x", { buckets: buckets as number[] }), RangeError, "must be ascending finite edges");
  }
  assertThrows(() => numeric("x", { buckets: "ln" as "log" }), RangeError, "must be an integer of at least 2");
  assertThrows(() => numeric("x", { buckets: "log", scale: "log" }), TypeError, "scale or buckets, received both");
});
