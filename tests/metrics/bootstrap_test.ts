import { auc, bootstrap, logloss, percentileInterval } from "../../src/metrics.ts";
import { resample } from "../../src/metrics/bootstrap.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import golden from "../golden/bootstrap.json" with { type: "json" };

const { probs_a, probs_b, labels, resamples, metrics, by_user: byUser } = golden;

/** Counts how often each row is in a list. */
function countsOf(rows: readonly number[]): number[] {
  return labels.map((_, row) => rows.filter((other) => other === row).length);
}

Deno.test("metrics weighted by how often rows were drawn, and their percentiles, agree with the golden file", () => {
  const replicate = {
    auc_a: (counts: number[]) => auc(probs_a, labels, counts),
    auc_b: (counts: number[]) => auc(probs_b, labels, counts),
    auc_a_minus_b: (counts: number[]) => auc(probs_a, labels, counts) - auc(probs_b, labels, counts),
    logloss_a: (counts: number[]) => logloss(probs_a, labels, counts),
    logloss_b: (counts: number[]) => logloss(probs_b, labels, counts),
    logloss_a_minus_b: (counts: number[]) => logloss(probs_a, labels, counts) - logloss(probs_b, labels, counts),
  };
  for (const [name, measure] of Object.entries(replicate)) {
    const expected = metrics[name as keyof typeof metrics];
    const replicates = resamples.map((rows) => measure(countsOf(rows)));
    expected.replicates?.forEach((value, r) => assertAlmostEquals(replicates[r], value, 1e-11));
    const { low, high, standardError } = percentileInterval(replicates, 0.95);
    assertAlmostEquals(low, expected.interval_95[0], 1e-11);
    assertAlmostEquals(high, expected.interval_95[1], 1e-11);
    assertAlmostEquals(standardError, expected.standard_error, 1e-11);
    const narrow = percentileInterval(replicates, 0.8);
    assertAlmostEquals(narrow.low, expected.interval_80[0], 1e-11);
    assertAlmostEquals(narrow.high, expected.interval_80[1], 1e-11);
  }
});

Deno.test("resampled users agree with the golden file", () => {
  const replicates = byUser.user_draws.map((draws) => {
    const counts = byUser.user.map((user) => draws.filter((place) => byUser.user_ids[place] === user).length);
    return auc(probs_a, labels, counts);
  });
  replicates.forEach((value, r) => assertAlmostEquals(value, byUser.replicates[r], 1e-11));
  const { low, high } = percentileInterval(replicates);
  assertAlmostEquals(low, byUser.interval_95[0], 1e-11);
  assertAlmostEquals(high, byUser.interval_95[1], 1e-11);
});

Deno.test("a resample has as many rows as there are, and whole groups", () => {
  const groups = ["a", "b", "a", "c", "c", "c"];
  for (const counts of resample(6, { resamples: 50, seed: 3 })) {
    assertEquals(counts.reduce((sum, count) => sum + count, 0), 6);
  }
  for (const counts of resample(6, { resamples: 50, seed: 3, groups })) {
    const [a, b, a2, c, c2, c3] = counts;
    assertEquals([a2, c2, c3, a + b + c], [a, c, c, 3]);
  }
});

Deno.test("the standard error of a mean is the known one, with the same seed the same", () => {
  const values = Float64Array.from({ length: 500 }, (_, i) => Math.sin(i * i));
  const mean = values.reduce((sum, x) => sum + x, 0) / 500;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 500);
  const measure = (counts: Uint16Array) => ({ mean: values.reduce((sum, x, i) => sum + counts[i] * x, 0) / 500 });
  const interval = bootstrap(measure, 500, { seed: 5 }).mean;
  const known = deviation / Math.sqrt(500);
  assertAlmostEquals(interval.standardError, known, 0.1 * known);
  assertAlmostEquals(interval.low, mean - 1.96 * known, 0.3 * known);
  assertAlmostEquals(interval.high, mean + 1.96 * known, 0.3 * known);
  assertEquals(bootstrap(measure, 500, { seed: 5 }).mean, interval);
  assert(bootstrap(measure, 500, { seed: 6 }).mean.low !== interval.low);
});

Deno.test("resamples that do not allow a metric are left out and counted", () => {
  const measure = (counts: Uint16Array) => ({ some: counts[0] > 0 ? 1 : NaN, none: NaN });
  const { some, none } = bootstrap(measure, 2, { resamples: 200 });
  assert(some.resamples > 100 && some.resamples < 200, String(some.resamples));
  assertEquals([some.low, some.high, some.standardError], [1, 1, 0]);
  assertEquals(none, { low: NaN, high: NaN, standardError: NaN, resamples: 0 });
});

Deno.test("intervals refuse options out of their range", () => {
  const measure = () => ({ x: 1 });
  assertThrows(() => bootstrap(measure, 0), RangeError, "at least one row is needed, received 0");
  assertThrows(() => bootstrap(measure, 3, { resamples: 1 }), RangeError, "resamples must be an integer of at least 2");
  assertThrows(() => bootstrap(measure, 3, { level: 1 }), RangeError, "level must be between 0 and 1, received 1");
  assertThrows(() => bootstrap(measure, 3, { seed: -1 }), RangeError, "seed must be an integer in [0, 2^32)");
  assertThrows(() => bootstrap(measure, 3, { groups: ["a"] }), TypeError, "groups must be given for 3 rows");
});
