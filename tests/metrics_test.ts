import {
  auc,
  averagePrecision,
  brier,
  calibration,
  calibrationRatio,
  expectedCalibrationError,
  logloss,
  normalizedEntropy,
} from "../src/metrics.ts";
import { sortRows } from "../src/metrics/sort.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import aucGolden from "./golden/auc.json" with { type: "json" };
import calibrationGolden from "./golden/calibration.json" with { type: "json" };
import loglossGolden from "./golden/logloss.json" with { type: "json" };

/** Pseudo-random numbers in [0, 1), so that every run sees the same rows. */
function randomNumbers(length: number, seed: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

/** Counts pairs one by one. */
function aucByPairs(scores: ArrayLike<number>, labels: ArrayLike<number>, weights: ArrayLike<number>): number {
  let right = 0;
  let all = 0;
  for (let i = 0; i < scores.length; i++) {
    for (let j = 0; j < scores.length; j++) {
      if (labels[i] !== 1 || labels[j] !== 0) continue;
      const pair = weights[i] * weights[j];
      all += pair;
      right += pair * (scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0);
    }
  }
  return right / all;
}

for (const golden of aucGolden.cases) {
  Deno.test(`auc and average precision match scikit-learn on ${golden.name}`, () => {
    const { scores, labels, weights } = golden;
    assertAlmostEquals(auc(scores, labels, weights ?? undefined), golden.auc, 1e-14);
    assertAlmostEquals(averagePrecision(scores, labels, weights ?? undefined), golden.average_precision, 1e-13);
  });
}

for (const golden of loglossGolden.cases) {
  Deno.test(`logloss and brier match scikit-learn on the ${golden.name} case`, () => {
    const { probs, labels, weights } = golden;
    assertAlmostEquals(logloss(probs, labels, weights ?? undefined), golden.logloss, 1e-12);
    assertAlmostEquals(brier(probs, labels, weights ?? undefined), golden.brier, 1e-12);
  });
}

Deno.test("normalizedEntropy matches the golden value", () => {
  const [plain] = loglossGolden.cases;
  assertAlmostEquals(normalizedEntropy(plain.probs, plain.labels), loglossGolden.normalized_entropy_of_plain, 1e-12);
});

for (const curve of calibrationGolden.calibration_curve.curves) {
  Deno.test(`calibration matches scikit-learn with ${curve.bins} ${curve.strategy} bins`, () => {
    const strategy = curve.strategy as "uniform" | "quantile";
    const { probs } = calibrationGolden.calibration_curve;
    const table = calibration(probs, calibrationGolden.labels, { bins: curve.bins, strategy });
    assertEquals(table.length, curve.prob_true.length);
    table.forEach((row, bin) => {
      assertAlmostEquals(row.observedRate, curve.prob_true[bin], 1e-12);
      assertAlmostEquals(row.meanPrediction, curve.prob_pred[bin], 1e-12);
    });
    assertEquals(table.reduce((sum, row) => sum + row.rows, 0), probs.length);
  });
}

Deno.test("expectedCalibrationError matches the golden value", () => {
  const { probs } = calibrationGolden.calibration_curve;
  assertAlmostEquals(
    expectedCalibrationError(probs, calibrationGolden.labels),
    calibrationGolden.ece.value,
    1e-12,
  );
});

Deno.test("auc equals the count of pairs on random rows with ties and weights", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const rows = 5 + seed * 7;
    const scores = randomNumbers(rows, seed).map((u) => Math.round(u * seed * 2) / seed - 1);
    const labels = randomNumbers(rows, seed + 100).map((u, i) => (i < 2 ? i : Number(u < 0.3)));
    const weights = randomNumbers(rows, seed + 200);
    assertAlmostEquals(auc(scores, labels, weights), aucByPairs(scores, labels, weights), 1e-13);
    assertEquals(auc(scores, labels), aucByPairs(scores, labels, new Float64Array(rows).fill(1)));
  }
});

Deno.test("auc does not change under increasing maps, swaps to 1 - auc under negation", () => {
  const logits = randomNumbers(500, 3).map((u) => 8 * u - 4);
  const labels = randomNumbers(500, 4).map((u) => Number(u < 0.4));
  const value = auc(logits, labels);
  assertEquals(auc(logits.map((x) => 1 / (1 + Math.exp(-x))), labels), value);
  assertEquals(auc(logits.map((x) => -x), labels), 1 - value);
  assertEquals(auc(logits, labels, new Float64Array(500).fill(0.25)), value);
});

Deno.test("auc ranks infinite scores and takes -0 as 0", () => {
  assertEquals(auc([-Infinity, Infinity], [0, 1]), 1);
  assertEquals(auc([0, -0], [0, 1]), 0.5);
  assertEquals(auc(new Float32Array([-1, 2, 5e-45]), new Uint8Array([1, 1, 0])), 0.5);
});

Deno.test("a weight counts as that many copies of the row in every metric", () => {
  const p = [0.2, 0.7, 0.7, 0.4, 0.9];
  const y = [0, 1, 0, 1, 1];
  const w = [1, 3, 2, 0, 1];
  const copies = w.flatMap((count, i) => Array<number>(count).fill(i));
  const manyP = copies.map((i) => p[i]);
  const manyY = copies.map((i) => y[i]);
  for (const metric of [auc, averagePrecision, logloss, brier, normalizedEntropy, calibrationRatio]) {
    assertAlmostEquals(metric(p, y, w), metric(manyP, manyY), 1e-15, metric.name);
  }
  assertAlmostEquals(expectedCalibrationError(p, y, { weights: w }), expectedCalibrationError(manyP, manyY), 1e-15);
});

Deno.test("sortRows is a stable sort of values of both signs and many magnitudes", () => {
  const values = randomNumbers(3000, 9).map((u, i) => Math.round((u - 0.5) * 40) * 10 ** ((i % 7) * 50 - 150));
  const order = sortRows(values);
  const expected = Array.from(values.keys()).sort((a, b) => values[a] - values[b] || a - b);
  assertEquals(Array.from(order), expected);
  assertEquals(sortRows(new Float64Array()).length, 0);
});

Deno.test("auc of a million distinct scores is exact", () => {
  const rows = 1_000_000;
  const scores = Float64Array.from({ length: rows }, (_, i) => Math.imul(i, 7919) % rows);
  const labels = scores.map((score) => Number(score >= rows / 4));
  assertEquals(auc(scores, labels), 1);
});

Deno.test("logloss clips float64 at 2^-52 and float32 at 2^-23", () => {
  assertEquals(logloss([0, 1], [1, 0]), 52 * Math.LN2);
  assertAlmostEquals(logloss(new Float32Array([0, 1]), [1, 0]), 23 * Math.LN2, 1e-12);
  assertAlmostEquals(logloss([0.25, 0.25], [1, 1]), 2 * Math.LN2, 1e-15);
});

Deno.test("normalizedEntropy is 1 when the observed rate is predicted", () => {
  assertAlmostEquals(normalizedEntropy([0.25, 0.25, 0.25, 0.25], [0, 0, 1, 0]), 1, 1e-15);
});

Deno.test("calibration puts a value equal to an edge in the lower bin and leaves empty bins out", () => {
  assertEquals(calibration([0, 0.25, 0.5, 1], [0, 1, 0, 1], { bins: 4 }), [
    { lower: 0, upper: 0.25, rows: 2, weight: 2, meanPrediction: 0.125, observedRate: 0.5 },
    { lower: 0.25, upper: 0.5, rows: 1, weight: 1, meanPrediction: 0.5, observedRate: 0 },
    { lower: 0.75, upper: 1, rows: 1, weight: 1, meanPrediction: 1, observedRate: 1 },
  ]);
  const constant = calibration([0.5, 0.5, 0.5], [0, 1, 0], { bins: 3, strategy: "quantile" });
  assertEquals(constant.map((row) => row.rows), [3]);
});

Deno.test("metrics refuse rows that cannot be averaged", () => {
  const labels = new Float32Array(120);
  assertThrows(
    () => auc(new Float32Array(120), labels),
    RangeError,
    "Cannot compute auc: labels hold only one class, received 0 positives of 120 rows",
  );
  assertThrows(() => normalizedEntropy([0.5], [1]), RangeError, "received 1 positives of 1 rows");
  assertThrows(
    () => auc([1, 2], [0, 1, 1]),
    TypeError,
    "scores and labels must have the same length, received 2 and 3",
  );
  assertThrows(() => logloss([1], [1], []), TypeError, "probabilities and weights must have the same length");
  assertThrows(() => auc([1, NaN], [0, 1]), RangeError, "scores must be numbers, received NaN at row 1");
  assertThrows(() => brier([0.5, 1.5], [0, 1]), RangeError, "must lie in [0, 1], received 1.5 at row 1");
  assertThrows(() => logloss([NaN], [1]), RangeError, "received NaN at row 0");
  assertThrows(() => auc([1, 2, 3], [0, 1, 2]), RangeError, "labels must be 0 or 1, received 2 at row 2");
  assertThrows(() => logloss([], []), RangeError, "at least one row is needed, received 0");
  assertThrows(() => auc([1, 2], [0, 1], [1, -1]), RangeError, "received -1 at row 1");
  assertThrows(() => auc([1, 2], [0, 1], [1, 0]), RangeError, "received 0 for positives and 1 for negatives");
  assertThrows(() => logloss([0.1], [1], [0]), RangeError, "weights must not all be 0, received 1 zeros");
  assertThrows(() => averagePrecision([1, 2], [0, 0]), RangeError, "received 0 positives of 2 rows");
  assertThrows(() => calibrationRatio([0.5], [0]), RangeError, "received 0 positives of 1 rows");
  assertThrows(() => calibration([0.5], [0], { bins: 0 }), RangeError, "bins must be a positive integer, received 0");
});

Deno.test("equal weights leave the auc of 200,000 rows as it is", () => {
  const scores = new Float32Array(randomNumbers(200_000, 5));
  const labels = new Uint8Array(randomNumbers(200_000, 6).map((u) => Number(u < 0.1)));
  const value = auc(scores, labels);
  assert(value > 0.49 && value < 0.51);
  assertAlmostEquals(auc(scores, labels, new Float32Array(200_000).fill(3)), value, 1e-12);
});
