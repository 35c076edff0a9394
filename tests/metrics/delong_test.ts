import { auc, bootstrap, delongInterval, delongTest } from "../../src/metrics.ts";
import { normalQuantile, twoSidedChance } from "../../src/metrics/normal.ts";
import { randomNormal } from "../../src/data/random.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import golden from "../golden/delong_test.json" with { type: "json" };

for (const { name, labels, scores_a, scores_b, ...expected } of golden.cases) {
  Deno.test(`DeLong's test agrees with the golden file on the ${name} case`, () => {
    const test = delongTest(scores_a, scores_b, labels);
    for (const model of [0, 1]) {
      assertAlmostEquals(test.auc[model], expected.auc[model], 1e-11);
      for (const other of [0, 1]) {
        assertAlmostEquals(test.covariance[model][other], expected.covariance[model][other], 1e-13);
      }
      assertAlmostEquals(test.interval[model], expected.interval_95_of_difference[model], 1e-11);
    }
    assertAlmostEquals(test.standardError ** 2, expected.variance_of_difference, 1e-13);
    assertAlmostEquals(test.z, expected.z, 1e-10);
    assertAlmostEquals(test.pValue / expected.p_value, 1, 1e-9);
    const single = delongInterval(scores_a, labels);
    assertAlmostEquals(single.auc, auc(scores_a, labels), 1e-15);
    assertAlmostEquals(single.standardError ** 2, expected.covariance[0][0], 1e-13);
  });
}

/** Rows of users whose scores share an effect of the user. */
function clustered(users: number, each: number): Record<"a" | "b" | "labels" | "groups", number[]> {
  const rows = Array.from({ length: users * each }, (_, row) => row);
  const groups = rows.map((row) => Math.floor(row / each));
  const labels = rows.map((row) => Number(randomNormal(1, groups[row]) + 0.5 * randomNormal(2, row) > 0.5));
  const common = rows.map((row) => labels[row] + randomNormal(3, groups[row]));
  const scored = (seed: number) => rows.map((row) => Math.round(4 * (common[row] + 0.5 * randomNormal(seed, row))) / 4);
  return { a: scored(4), b: scored(5), labels, groups };
}

Deno.test("DeLong's standard error by groups is that of resampled groups, and above that of rows", () => {
  const { a, b, labels, groups } = clustered(80, 6);
  const test = delongTest(a, b, labels, { groups });
  const drawn = bootstrap(
    (counts) => {
      const [first, second] = [auc(a, labels, counts), auc(b, labels, counts)];
      return { first, difference: first - second };
    },
    labels.length,
    { groups, resamples: 600 },
  );
  const single = delongInterval(a, labels, { groups });
  assertAlmostEquals(single.standardError / drawn.first.standardError, 1, 0.12);
  assertAlmostEquals(test.standardError / drawn.difference.standardError, 1, 0.12);
  assert(single.standardError > 1.3 * delongInterval(a, labels).standardError);
});

Deno.test("a group for each row changes nothing, and weights of one do not either", () => {
  const { a, b, labels } = clustered(20, 3);
  const plain = delongTest(a, b, labels);
  assertEquals(delongTest(a, b, labels, { groups: labels.map((_, row) => `row ${row}`) }), plain);
  const weighted = delongTest(a, b, labels, { weights: labels.map(() => 2) });
  assertAlmostEquals(weighted.standardError, plain.standardError, 1e-15);
  assertAlmostEquals(weighted.difference, auc(a, labels) - auc(b, labels), 1e-15);
});

Deno.test("weights move the AUC and its standard error as resampling says", () => {
  const { a, labels } = clustered(300, 1);
  const weights = labels.map((_, row) => row % 4 === 0 ? 3 : 0.5);
  const { auc: area, standardError } = delongInterval(a, labels, { weights });
  assertAlmostEquals(area, auc(a, labels, weights), 1e-14);
  const drawn = bootstrap(
    (counts) => ({ auc: auc(a, labels, weights.map((weight, row) => weight * counts[row])) }),
    labels.length,
    { resamples: 500 },
  );
  assertAlmostEquals(standardError / drawn.auc.standardError, 1, 0.12);
});

Deno.test("a model differs from itself by nothing", () => {
  const { a, labels } = clustered(10, 2);
  const { difference, z, pValue, interval: [low, high] } = delongTest(a, a.map((score) => 2 * score), labels);
  assertEquals([difference, z, pValue], [0, 0, 1]);
  assertAlmostEquals(high - low, 0, 1e-7);
});

Deno.test("an interval needs two rows, or groups, of each class", () => {
  const message = "Cannot compute auc interval: there must be two rows of each class, received 1 and 2";
  assertThrows(() => delongInterval([1, 2, 3], [1, 0, 0]), RangeError, message);
  assertThrows(
    () => delongInterval([1, 2, 3, 4], [1, 0, 0, 1], { groups: [1, 2, 3, 1] }),
    RangeError,
    "there must be two groups with rows of each class, received 1 and 2",
  );
  assertThrows(() => delongTest([1, 2], [1], [0, 1]), TypeError, "must have the same length");
});

Deno.test("tails of the normal distribution are exact in the middle and far out", () => {
  const known = [[0, 1], [1, 0.31731050786291415], [3, 0.002699796063260207], [6, 1.973175290075396e-9]];
  for (const [z, chance] of known) assertAlmostEquals(twoSidedChance(-z) / chance, 1, 1e-12);
  assertAlmostEquals(twoSidedChance(30) / 9.813428e-198, 1, 1e-6);
  assertAlmostEquals(normalQuantile(0.95), 1.959963984540054, 1e-13);
  assertAlmostEquals(normalQuantile(0.99), 2.5758293035489, 1e-12);
  assertThrows(() => normalQuantile(1), RangeError, "level must be between 0 and 1, received 1");
});
