import { auc, averagePrecision } from "../../src/metrics.ts";
import {
  decilesOf,
  gainsCurve,
  type Point,
  precisionRecallCurve,
  rocCurve,
  scoreBins,
  thinned,
  yAt,
} from "../../src/report/measure/curves.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { randomArray } from "../support.ts";

const [scores, labels] = [[0.9, 0.8, 0.8, 0.3, 0.1], [1, 1, 0, 0, 1]];

/** Rows with ties and weights. */
function manyRows(rows: number) {
  const noise = randomArray(2 * rows, 7);
  const many = Array.from({ length: rows }, (_, i) => Math.round(20 * (noise[i] + 1)) / 40);
  const known = many.map((score, i) => Number(score + 0.6 * noise[rows + i] > 0.6));
  return { scores: many, labels: known, weights: many.map((_, i) => 1 + i % 3) };
}

const areaBelow = (points: readonly Point[]): number =>
  points.slice(1).reduce((sum, [x, y], i) => sum + (x - points[i][0]) * (y + points[i][1]) / 2, 0);

Deno.test("curves have a point for each distinct score, the highest first", () => {
  assertEquals(rocCurve(scores, labels), [[0, 0], [0, 1 / 3], [0.5, 2 / 3], [1, 2 / 3], [1, 1]]);
  assertEquals(precisionRecallCurve(scores, labels), [[1 / 3, 1], [2 / 3, 2 / 3], [2 / 3, 0.5], [1, 0.6]]);
  assertEquals(gainsCurve(scores, labels), [[0, 0], [0.2, 1 / 3], [0.6, 2 / 3], [0.8, 2 / 3], [1, 1]]);
  assertThrows(() => rocCurve([0.1, 0.2], [1, 1]), RangeError, "labels hold only one class");
});

Deno.test("areas under the curves are the metrics, with ties and weights", () => {
  const { scores, labels, weights } = manyRows(500);
  assertAlmostEquals(areaBelow(rocCurve(scores, labels, weights)), auc(scores, labels, weights), 1e-12);
  let [area, before] = [0, 0];
  for (const [recall, precision] of precisionRecallCurve(scores, labels, weights)) {
    area += (recall - before) * precision;
    before = recall;
  }
  assertAlmostEquals(area, averagePrecision(scores, labels, weights), 1e-12);
});

Deno.test("tenths share rows of one score out, and their lifts are ten on the mean together", () => {
  const even = decilesOf(gainsCurve([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 1]));
  for (const { decile, lift, gain } of even) {
    assertAlmostEquals(lift, 1, 1e-12);
    assertAlmostEquals(gain, decile / 10, 1e-12);
  }
  const best = decilesOf(
    gainsCurve(Array.from({ length: 20 }, (_, i) => i), Array.from({ length: 20 }, (_, i) => Number(i >= 18))),
  );
  assertEquals([best[0].lift, best[0].gain, best[1].lift], [10, 1, 0]);
  const { scores, labels } = manyRows(300);
  assertAlmostEquals(decilesOf(gainsCurve(scores, labels)).reduce((sum, { lift }) => sum + lift, 0), 10, 1e-12);
});

Deno.test("a thinned curve keeps its ends and strays nowhere", () => {
  const points = Array.from({ length: 5001 }, (_, i): Point => [i / 5000, (i / 5000) ** 0.3]);
  const few = thinned(points);
  assert(few.length < 450, `${few.length} points`);
  assertEquals([few[0], few[few.length - 1]], [points[0], points[5000]]);
  for (const [x, y] of points) assert(Math.abs(yAt(few, x) - y) < 0.006, `at ${x}`);
});

Deno.test("histograms count each row once, the highest scores in the last bin", () => {
  const { scores, labels } = manyRows(1000);
  const bins = scoreBins([...scores, 0.99], [...labels, 1], undefined, 10);
  assertEquals(bins.length, 10);
  assertEquals(bins.reduce((sum, { rows }) => sum + rows, 0), 1001);
  assertAlmostEquals(bins.reduce((sum, { positives }) => sum + positives, 0), 1, 1e-12);
  assertAlmostEquals(bins.reduce((sum, { negatives }) => sum + negatives, 0), 1, 1e-12);
  assertEquals(scoreBins([0, 0], [0, 1], undefined, 4)[0].rows, 2);
});
