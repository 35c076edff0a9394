import type { CheckpointTensor } from "../../src/checkpoint/content.ts";
import { allRows } from "../../src/graph/row_spans.ts";
import { zeros } from "../../src/initializer.ts";
import { inspectionOf } from "../../src/report/measure/inspection.ts";
import { normsOf } from "../../src/report/measure/norms.ts";
import { sliceBy } from "../../src/report/measure/slices.ts";
import { assertAlmostEquals, assertEquals } from "@std/assert";

const FIELDS = ["user", "item", "hour", "site"];

/** Returns numbers 0, 1, 2, ... or those that `at` gives. */
function tensor(shape: number[], at: (i: number) => number = (i) => i): CheckpointTensor {
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => at(i)) };
}

Deno.test("what layers expose is told by field, pair or place, as its shape says", () => {
  const rows = 7;
  const { bars, pairs, others } = inspectionOf(
    {
      attention: tensor([rows, 2, 4, 4], (i) => i % 16 + (Math.floor(i / 16) % 2 ? 1 : -1)),
      strengths: tensor([6, 1]),
      cross: tensor([8, 8], (i) => (Math.floor(i / 8) < 2 && i % 8 >= 6 ? 3 : 0)),
      gates: tensor([rows, 4], (i) => i % 4),
      columns: tensor([rows, 8], (i) => (i % 8 < 2 ? -1 : 0)),
      experts: tensor([rows, 1, 3], (i) => [0.5, 0.25, 0.25][i % 3]),
      wide: tensor([rows, 999]),
    },
    rows,
    { names: FIELDS, widths: [2] },
  );
  assertEquals(pairs.map(({ name }) => name), ["attention", "strengths", "cross"]);
  const [attention, strengths, cross] = pairs.map(({ values }) => values);
  attention.flat().forEach((value, i) => assertAlmostEquals(value!, i, 1e-5));
  assertEquals(strengths, [[null, 0, 1, 2], [0, null, 3, 4], [1, 3, null, 5], [2, 4, 5, null]]);
  assertEquals(cross[0], [0, 0, 0, 3]);
  assertEquals(cross[1], [0, 0, 0, 0]);
  assertEquals(bars.map(({ name, of, labels }) => [name, of, labels]), [
    ["gates", "field", FIELDS],
    ["columns", "field", FIELDS],
    ["experts", "place", ["1", "2", "3"]],
  ]);
  bars[0].values.forEach((value, f) => assertAlmostEquals(value, f, 1e-6));
  bars[1].values.forEach((value, f) => assertAlmostEquals(value, f === 0 ? 1 : 0, 1e-6));
  assertAlmostEquals(bars[2].values[0], 0.5, 1e-6);
  assertEquals(others, [{ name: "wide", shape: [rows, 999] }]);
  const history = { attention: tensor([rows, 4], (i) => i % 4) };
  const { bars: [places] } = inspectionOf(history, rows, { names: FIELDS, widths: [], lengths: [4] });
  assertEquals([places.of, places.labels], ["place", ["1", "2", "3", "4"]]);
});

Deno.test("norms are told by rank, or by count where counts are known", () => {
  const table = { name: "embedding", rows: 10, spans: allRows(10), dim: 2, stride: 4, initializer: zeros() };
  // A row of unseen values, then eight values with the norms 5, 10, 15, ..., and another field's row.
  const values = Float32Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 3 : 4) * Math.floor(i / 2));
  const field = { name: "user", offset: 0, rows: 9, before: 1, ranked: 8 };
  const { by, bins } = normsOf({ table, values }, field)!;
  assertEquals([by, bins.map(({ low, high, values }) => [low, high, values])], [
    "rank",
    [[1, 1, 1], [2, 3, 2], [4, 7, 4], [8, 8, 1]],
  ]);
  assertEquals(bins[2].quantiles, [20, 25, 30, 30, 35]);
  const hashed = normsOf({ table, values }, { ...field, ranked: 3 })!;
  assertEquals(hashed.bins.map(({ low, high }) => [low, high]), [[1, 1], [2, 3]]);
  const counted = normsOf({ table, values }, field, [100, 0, 9, 9, 8, 1, 1, 0, 1, 50])!;
  assertEquals([counted.by, counted.bins.map(({ low, high, values }) => [low, high, values])], [
    "count",
    [[0, 0, 2], [1, 1, 3], [8, 9, 3]],
  ]);
  assertEquals(normsOf({ table, values }, { ...field, ranked: 0 }), undefined);
  assertEquals(normsOf({ table, values }, { ...field, rows: 2, ranked: 1 }), undefined);
  // The same rows behind others in a table that has those of some fields.
  const spans = [{ first: 0, from: 20, rows: 4 }, { first: 4, from: 0, rows: 10 }];
  const moved = { table: { ...table, rows: 14, spans }, values: Float32Array.of(...new Float32Array(8), ...values) };
  assertEquals(normsOf(moved, field), { table: "embedding", field: "user", by, bins });
  assertEquals(normsOf(moved, { ...field, offset: 10 }), undefined);
});

Deno.test("slices have rates with intervals, and leave rows of unknown labels out", () => {
  const { slices } = sliceBy("click", "site", {
    column: ["b", "a", "a", "a", "b", undefined],
    predictions: {
      probabilities: Float32Array.of(0.5, 0.25, 0.25, 0.75, 0.5, 0.5),
      labels: Float32Array.of(1, 0, 1, 1, -1, 0),
    },
    resamples: 0,
  });
  assertEquals(slices.map(({ value, rows, positives }) => [value, rows, positives]), [
    ["a", 3, 2],
    ["b", 1, 1],
    ["(missing)", 1, 0],
  ]);
  const [a, b] = slices;
  assertAlmostEquals(a.predicted, 1.25 / 3, 1e-12);
  assertAlmostEquals(a.observed, 2 / 3, 1e-12);
  assertEquals(a.interval[0] < a.observed && a.interval[1] > a.observed, true);
  assertEquals(a.metrics[0], { name: "auc", value: 0.75 });
  assertEquals([b.metrics[0].value, b.metrics[0].note], [
    null,
    "labels hold only one class, received 1 positives of 1 rows",
  ]);
});
