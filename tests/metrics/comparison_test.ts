import { adjustByHolm, comparePredictions, delongTest, evaluatePredictions, logloss } from "../../src/metrics.ts";
import { randomUnit } from "../../src/data/random.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";

const ROWS = 600;
const truth = Float64Array.from({ length: ROWS }, (_, row) => 0.1 + 0.8 * randomUnit(1, Math.floor(row / 3)));
const labels = truth.map((rate, row) => Number(randomUnit(2, row) < rate));
const group = Array.from({ length: ROWS }, (_, row) => Math.floor(row / 3));
const blurred = (share: number, seed: number) =>
  truth.map((rate, row) => (1 - share) * rate + share * randomUnit(seed, row));

Deno.test("a better model has the greater AUC and the lower log loss, with metrics side by side", () => {
  const predictions = { worse: blurred(0.6, 3), better: truth };
  const { rows, models, differences: [difference, ...others] } = comparePredictions(predictions, labels);
  assertEquals([rows, others.length, difference.model, difference.against], [ROWS, 0, "better", "worse"]);
  assertEquals(models.better, evaluatePredictions(truth, labels));
  const { auc, logloss: loss } = difference;
  const { adjustedPValue, ...test } = auc;
  assertEquals(test, delongTest(truth, predictions.worse, labels));
  assertEquals(adjustedPValue, test.pValue);
  assert(auc.interval[0] > 0 && loss.interval[1] < 0 && loss.pValue < 0.01);
  assertAlmostEquals(loss.difference, logloss(truth, labels) - logloss(predictions.worse, labels), 1e-12);
});

Deno.test("the paired bootstrap has the standard error of the mean difference", () => {
  const predictions = { first: blurred(0.3, 3), second: blurred(0.3, 4) };
  const loss = (p: number, y: number) => -(y === 1 ? Math.log(p) : Math.log1p(-p));
  const excess = labels.map((y, row) => loss(predictions.second[row], y) - loss(predictions.first[row], y));
  const mean = excess.reduce((sum, x) => sum + x, 0) / ROWS;
  const error = Math.sqrt(excess.reduce((sum, x) => sum + (x - mean) ** 2, 0)) / ROWS;
  const [{ logloss: paired }] = comparePredictions(predictions, labels).differences;
  assertAlmostEquals(paired.standardError / error, 1, 0.1);
  assertAlmostEquals(paired.difference, mean, 1e-12);
  const byGroup = comparePredictions(predictions, labels, { group, resamples: 300 });
  const sums = new Float64Array(ROWS / 3);
  excess.forEach((x, row) => sums[group[row]] += x - mean);
  const clustered = Math.sqrt(sums.reduce((sum, x) => sum + x * x, 0)) / ROWS;
  assertAlmostEquals(byGroup.differences[0].logloss.standardError / clustered, 1, 0.15);
});

Deno.test("of several models each is compared with the first, and chances are adjusted by Holm", () => {
  const predictions = { a: blurred(0.5, 3), b: truth, c: blurred(0.5, 4) };
  const { differences } = comparePredictions(predictions, labels, { resamples: 200 });
  assertEquals(differences.map(({ model }) => model), ["b", "c"]);
  for (const metric of ["auc", "logloss"] as const) {
    assertEquals(
      differences.map((difference) => difference[metric].adjustedPValue),
      adjustByHolm(differences.map((difference) => difference[metric].pValue)),
    );
  }
  assertEquals(adjustByHolm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
  assertEquals([adjustByHolm([0.9, 0.8]), adjustByHolm([])], [[1, 1], []]);
});

Deno.test("weights count as that many rows in the log loss", () => {
  const weights = labels.map((_, row) => 1 + row % 2);
  const predictions = { a: blurred(0.5, 3), b: truth };
  const [{ logloss: loss }] = comparePredictions(predictions, labels, { weights, resamples: 50 }).differences;
  const expected = logloss(truth, labels, weights) - logloss(predictions.a, labels, weights);
  assertAlmostEquals(loss.difference, expected, 1e-12);
});

Deno.test("a comparison refuses what cannot be compared", () => {
  assertThrows(() => comparePredictions({ a: [0.5] }, [1]), TypeError, "two models or more, received 1");
  assertThrows(() => comparePredictions({ a: [0.5, 0.1], b: [0.5, 0.2] }, [1, 1]), RangeError, "only one class");
  assertThrows(() => comparePredictions({ a: [0.5, 2], b: [0.5, 0.2] }, [1, 0]), RangeError, "received 2 at row 1");
  assertThrows(() => comparePredictions({ a: [0.5, 1], b: [0.5] }, [1, 0]), TypeError, "must have the same length");
});
