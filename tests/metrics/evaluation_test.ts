import { auc, evaluatePredictions, METRIC_NAMES, missingMetrics } from "../../src/metrics.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("an evaluation has all metrics, and no notes where all could be computed", () => {
  const [probabilities, labels] = [[0.2, 0.7, 0.4], [0, 1, 1]];
  const evaluation = evaluatePredictions(probabilities, labels);
  assertEquals(Object.keys(evaluation), [...METRIC_NAMES, "rows"]);
  assertEquals([evaluation.auc, evaluation.rows], [auc(probabilities, labels), 3]);
});

Deno.test("labels of one class leave the metrics that do not need both, and say why of the others", () => {
  const negative = evaluatePredictions([0.5, 0.25], [0, 0]);
  const why = "labels hold only one class, received 0 positives of 2 rows";
  assertEquals(negative.notes, { auc: why, normalizedEntropy: why, calibration: why });
  assertEquals([negative.auc, negative.normalizedEntropy, negative.calibration], [NaN, NaN, NaN]);
  assertEquals([negative.brier, negative.rows], [(0.25 + 0.0625) / 2, 2]);
  const positive = evaluatePredictions([0.5, 0.25], [1, 1]);
  assertEquals([positive.calibration, Object.keys(positive.notes!)], [0.375, ["auc", "normalizedEntropy"]]);
  assertEquals(missingMetrics(new Float32Array([1, 0])), {});
});

Deno.test("an evaluation refuses predictions that are no numbers", () => {
  assertThrows(() => evaluatePredictions([NaN], [1]), RangeError, "received NaN at row 0");
});
