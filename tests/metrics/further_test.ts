import {
  averagePrecision,
  delongInterval,
  evaluatePredictions,
  evaluateTasks,
  expectedCalibrationError,
  type FurtherMetric,
  groupedAuc,
  numbersOf,
  rankingMetrics,
} from "../../src/metrics.ts";
import { ECE_BINS } from "../../src/metrics/calibration.ts";
import { RowMetrics } from "../../src/metrics/row_metrics.ts";
import { checkProbabilities } from "../../src/metrics/rows.ts";
import { sliceRows } from "../../src/metrics/slices.ts";
import { randomUnit } from "../../src/data/random.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import golden from "../golden/group_metrics.json" with { type: "json" };

const { probs, labels, user, slice } = golden;

Deno.test("metrics of rows that count more than once are those of as many copies", () => {
  const counts = probs.map((_, row) => (row * 7) % 4);
  const weights = probs.map((_, row) => 0.5 + (row % 3));
  const metrics = new RowMetrics(checkProbabilities("test", probs, labels, weights), 2 ** -52);
  const measured = metrics.measure(Array.from(metrics.order, (row) => counts[row]));
  const both = counts.map((count, row) => count * weights[row]);
  const { auc, logloss, brier, normalizedEntropy, calibration } = evaluatePredictions(probs, labels, both);
  const expected = { auc, logloss, brier, normalizedEntropy, calibration };
  for (const [name, value] of Object.entries(expected)) {
    assertAlmostEquals(measured[name as keyof typeof expected], value, 1e-13, name);
  }
  assertAlmostEquals(measured.averagePrecision, averagePrecision(probs, labels, both), 1e-13);
  const once = metrics.measure(new Uint8Array(probs.length).fill(1));
  assertAlmostEquals(once.ece, expectedCalibrationError(probs, labels, { ...ECE_BINS, weights }), 1e-13);
  const none = metrics.measure(Array.from(metrics.order, (row) => Number(labels[row] === 0)));
  assertEquals([none.auc, none.normalizedEntropy, none.calibration, none.averagePrecision], [NaN, NaN, NaN, NaN]);
});

Deno.test("further metrics are computed when asked, those of groups with a group", () => {
  const plain = evaluatePredictions(probs, labels);
  const metrics = ["averagePrecision", "ece", "ndcg@3"] as const;
  const asked = evaluatePredictions(probs, labels, undefined, { metrics, group: user });
  assertEquals(asked.averagePrecision, averagePrecision(probs, labels));
  assertEquals(asked.ece, expectedCalibrationError(probs, labels, ECE_BINS));
  assertEquals(asked["ndcg@3"], rankingMetrics(probs, labels, user, { k: [3] }).metrics["ndcg@3"]);
  assertEquals([asked.gauc, asked.mrr, plain.ece, plain.groups], [undefined, undefined, undefined, undefined]);
  const { gauc, gaucMean, mrr, groups, ...rest } = evaluatePredictions(probs, labels, undefined, {
    group: user,
    k: [2],
  });
  const own = groupedAuc(probs, labels, user);
  assertEquals([gauc, gaucMean], [own.byImpressions, own.mean]);
  assertEquals(mrr, rankingMetrics(probs, labels, user).metrics.mrr);
  assertEquals(groups, { groups: 12, oneClass: own.oneClass, withoutRelevant: 1, rowsWithout: 0 });
  assertEquals(
    Object.keys(rest).filter((name) => name.includes("@")),
    ["ndcg@2", "map@2", "hitRate@2", "precision@2", "recall@2"],
  );
  assert(Object.values(numbersOf(asked)).every((value) => typeof value === "number"));
});

Deno.test("rows without a group are left out of the metrics of groups, and counted", () => {
  const group = user.map((u) => u === 3 ? undefined : u);
  const known = user.map((u, row) => u === 3 ? -1 : row).filter((row) => row >= 0);
  const take = (values: readonly number[]) => known.map((row) => values[row]);
  const { gauc, groups } = evaluatePredictions(probs, labels, undefined, { group });
  assertAlmostEquals(gauc!, groupedAuc(take(probs), take(labels), take(user)).byImpressions, 1e-15);
  assertEquals(groups!.rowsWithout, labels.length - known.length);
  const none = evaluatePredictions(probs, labels, undefined, { group: user.map(() => undefined), metrics: ["gauc"] });
  assertEquals([none.gauc, none.notes?.gauc], [NaN, "no group has rows of both classes, received 0 groups"]);
});

Deno.test("slices agree with the golden file", () => {
  const { slices } = evaluatePredictions(probs, labels, undefined, { by: { slice } });
  assertEquals(slices!.slice.map(({ value }) => value), ["0", "1", "2", "3"]);
  slices!.slice.forEach((own, i) => {
    const expected = golden.slices[i];
    assertEquals([own.rows, own.positives / own.rows], [expected.rows, own.positives / expected.rows]);
    assertAlmostEquals(own.auc, expected.auc, 1e-11);
    assertAlmostEquals(own.logloss, expected.logloss, 1e-11);
    assertAlmostEquals(own.calibration, expected.calibration, 1e-11);
    assertAlmostEquals(own.positives / own.rows, expected.rate, 1e-11);
  });
});

Deno.test("columns are sliced by value, numbers of many values by ranges, rare texts together", () => {
  assertEquals(sliceRows(["b", "a", undefined, "b"]), [
    { value: "b", rows: [0, 3] },
    { value: "a", rows: [1] },
    { value: "(missing)", rows: [2] },
  ]);
  assertEquals(sliceRows(["10", "9", "10"]).map(({ value }) => value), ["9", "10"]);
  const ranges = sliceRows(Array.from({ length: 200 }, (_, row) => (row * 37) % 200));
  assertEquals(ranges.map(({ value }) => value).slice(0, 2), ["0 .. 19", "20 .. 39"]);
  assertEquals(ranges.map(({ rows }) => rows.length), new Array(10).fill(20));
  const texts = sliceRows(Array.from({ length: 120 }, (_, row) => row < 60 ? "often" : `rare ${row}`));
  assertEquals([texts.length, texts[0].value, texts[50].value], [51, "often", "(11 other values)"]);
  assertEquals(texts[50].rows.length, 11);
});

Deno.test("intervals hold the metrics and agree with DeLong's, by groups too", () => {
  const rows = 2000;
  const group = Array.from({ length: rows }, (_, row) => Math.floor(row / 8));
  const p = group.map((g, row) => 0.2 + 0.4 * randomUnit(1, g) + 0.3 * randomUnit(2, row));
  const y = p.map((rate, row) => Number(randomUnit(3, row) < rate));
  const metrics: FurtherMetric[] = ["averagePrecision", "ece", "gauc"];
  const all = evaluatePredictions(p, y, undefined, {
    metrics,
    group,
    by: { half: group.map((g) => g % 2) },
    intervals: 200,
  });
  assertEquals(Object.keys(all.intervals!), [
    ...["auc", "logloss", "brier", "normalizedEntropy", "calibration", "averagePrecision", "ece", "gauc"],
  ]);
  for (const [name, { low, high, resamples }] of Object.entries(all.intervals!)) {
    const value = numbersOf(all)[name];
    // A calibration error is never below 0, and greater on resamples than on the rows.
    if (name !== "ece") assert(low < value && value < high, `${name}: ${low} ${value} ${high}`);
    assertEquals(resamples, 200);
  }
  const delong = delongInterval(p, y, { groups: group }).standardError;
  assertAlmostEquals(all.intervals!.auc.standardError / delong, 1, 0.2);
  const [even] = all.slices!.half;
  assertAlmostEquals(even.intervals!.auc.standardError / delong, Math.SQRT2, 0.4);
  const other = { intervals: 200, metrics, group };
  assertEquals(evaluatePredictions(p, y, undefined, other).intervals, all.intervals);
  assert(evaluatePredictions(p, y, undefined, { ...other, seed: 2 }).intervals!.auc.low !== all.intervals!.auc.low);
});

Deno.test("tasks have further metrics over the rows whose label is known, and their means", () => {
  const buy = labels.map((label, row) => row % 3 === 0 ? -1 : label);
  const tasks = { click: { probabilities: probs, labels }, buy: { probabilities: probs, labels: buy } };
  const all = evaluateTasks(tasks, { group: user, metrics: ["gauc", "ece"], by: { slice } });
  const known = buy.map((label, row) => label < 0 ? -1 : row).filter((row) => row >= 0);
  const take = (values: readonly number[]) => known.map((row) => values[row]);
  const own = groupedAuc(take(probs), take(labels), take(user)).byImpressions;
  assertEquals(all.tasks!.buy.gauc, own);
  assertAlmostEquals(all.gauc!, (own + all.tasks!.click.gauc!) / 2, 1e-15);
  assertEquals(all.tasks!.buy.slices!.slice.reduce((sum, { rows }) => sum + rows, 0), known.length);
});

Deno.test("an evaluation refuses metrics that there are not, and columns of other rows", () => {
  const evaluate = (options: Parameters<typeof evaluatePredictions>[3]) => () =>
    evaluatePredictions([0.5, 0.4], [1, 0], undefined, options);
  assertThrows(
    evaluate({ metrics: ["acu" as "ece"] }),
    RangeError,
    "Cannot evaluate: metrics to ask for are averagePrecision, ece, gauc, gaucMean, mrr, ndcg@K, map@K, hitRate@K, " +
      'precision@K, recall@K, received "acu"',
  );
  assertThrows(evaluate({ metrics: ["ndcg@0"], group: [1, 1] }), RangeError, 'received "ndcg@0"');
  assertThrows(evaluate({ metrics: ["gauc"] }), TypeError, 'metric "gauc" needs a group, received none');
  assertThrows(evaluate({ by: { hour: [1] } }), TypeError, '"hour" must be of 2 rows, received 1');
  assertThrows(evaluate({ group: [1] }), TypeError, '"group" must be of 2 rows, received 1');
  assertThrows(evaluate({ intervals: 1 }), RangeError, "resamples must be an integer of at least 2, received 1");
});

Deno.test("rows of one class have the further metrics that they allow", () => {
  const { averagePrecision, ece, notes } = evaluatePredictions([0.5, 0.25], [0, 0], undefined, {
    metrics: ["averagePrecision", "ece"],
    by: { all: ["a", "a"] },
  });
  assertEquals([averagePrecision, ece], [NaN, 0.375]);
  assertEquals(notes?.averagePrecision, "no row is positive, received 2 rows");
});
