import { readRows } from "../../src/data/rows.ts";
import { numeric } from "../../src/data/schema.ts";
import { applyScale, findBucket, fitEdges, fitScale, parseNumber } from "../../src/data/scaling.ts";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";

Deno.test("parseNumber reads decimal numbers that float32 can hold", () => {
  const good: [string, number][] = [["3", 3], ["-0.5", -0.5], [" 7 ", 7], ["1e3", 1000], ["+2", 2], [".5", 0.5]];
  for (const [text, number] of good) assertEquals(parseNumber(text), number, text);
  for (
    const text of ["", " ", "\t", "x", "1,5", "0x10", "0b1", " 0o7", "nan", "Infinity", "-Infinity", "1e39", "1_000"]
  ) {
    assertEquals(parseNumber(text), NaN, JSON.stringify(text));
  }
});

Deno.test("log scaling is odd and passes through 0", () => {
  const scale = fitScale("log", Float64Array.of(1, 2));
  assertEquals(applyScale(scale, 0), 0);
  assertAlmostEquals(applyScale(scale, Math.E - 1), 1, 1e-15);
  assertAlmostEquals(applyScale(scale, 1 - Math.E), -1, 1e-15);
});

Deno.test("standard scaling uses the population's deviation and passes over missing numbers", () => {
  const scale = fitScale("standard", Float64Array.of(2, NaN, 4, 4, 4, 5, 5, 7, 9));
  assertEquals([scale.center, scale.spread], [5, 2]);
  assertEquals(applyScale(scale, 9), 2);
});

Deno.test("standard scaling keeps its digits far from 0", () => {
  const scale = fitScale("standard", Float64Array.of(1e9 + 1, 1e9 + 2, 1e9 + 3));
  assertEquals(scale.center, 1e9 + 2);
  assertAlmostEquals(scale.spread, Math.sqrt(2 / 3), 1e-12);
});

Deno.test("a constant column scales to 0", () => {
  for (const scale of ["standard", "minmax"] as const) {
    assertEquals(applyScale(fitScale(scale, Float64Array.of(5, 5, NaN)), 5), 0);
  }
});

Deno.test("a column without numbers is left as it is", () => {
  for (const scale of ["none", "log", "standard", "minmax"] as const) {
    assertEquals(fitScale(scale, Float64Array.of(NaN, NaN)), { scale, center: 0, spread: 1 });
  }
});

Deno.test("minmax scaling maps the range seen to [0, 1] and goes on outside", () => {
  const scale = fitScale("minmax", Float64Array.of(10, 20, NaN, 15));
  assertEquals([10, 15, 20, 30].map((x) => applyScale(scale, x)), [0, 0.5, 1, 2]);
});

Deno.test("edges cut the numbers into groups of equal size", () => {
  const edges = fitEdges(4, Float64Array.of(8, 7, 6, 5, 4, 3, 2, 1, NaN));
  assertEquals(edges, [3, 5, 7]);
  assertEquals([-9, 1, 2, 3, 4, 5, 6, 7, 8, 99].map((x) => findBucket(edges, x)), [0, 0, 0, 1, 1, 2, 2, 3, 3, 3]);
});

Deno.test("equal numbers share a bucket and no bucket is empty", () => {
  assertEquals(fitEdges(4, Float64Array.of(0, 0, 0, 0, 0, 0, 1, 2)), [1]);
  assertEquals(fitEdges(10, Float64Array.of(5, 5, 5)), []);
  assertEquals(fitEdges(10, Float64Array.of(NaN)), []);
  assertEquals(findBucket([], 5), 0);
});

Deno.test("numbers that recur in many rows are scaled as in few rows", () => {
  const numbers = [0, -0, 3, 3.5, 4095, 4096, -2];
  const rows = Array.from({ length: 5000 }, (_, row) => ({ y: row % 2, n: numbers[row % numbers.length] }));
  for (const scale of ["none", "log", "standard"] as const) {
    const many = readRows(rows, { label: "y", features: [numeric("n", { scale })] });
    const few = readRows(rows.slice(0, numbers.length), many.schema);
    many.values!.forEach((value, row) =>
      assert(Object.is(value, few.values![row % numbers.length]), `${scale} ${row}`)
    );
  }
});
