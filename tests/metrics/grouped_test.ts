import {
  auc,
  calibrationRatio,
  expectedCalibrationError,
  groupedAuc,
  logloss,
  normalizedEntropy,
} from "../../src/metrics.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import golden from "../golden/group_metrics.json" with { type: "json" };

const { probs, labels, user, slice } = golden;

Deno.test("grouped AUC agrees with the golden file by impressions, by clicks and on average", () => {
  const { byImpressions, byPositives, mean, groups, oneClass } = groupedAuc(probs, labels, user);
  assertAlmostEquals(byImpressions, golden.all.gauc_by_impressions, 1e-11);
  assertAlmostEquals(byPositives, golden.all.gauc_by_clicks, 1e-11);
  assertAlmostEquals(mean, golden.all.gauc_unweighted, 1e-11);
  const counted = golden.users.filter(({ auc }) => auc !== null).length;
  assertEquals([groups, oneClass], [counted, golden.users.length - counted]);
});

Deno.test("metrics of all rows and of each slice agree with the golden file", () => {
  for (const { rows, ...expected } of [{ rows: labels.length, slice: undefined, ...golden.all }, ...golden.slices]) {
    const own = labels.map((_, row) => row).filter((row) =>
      expected.slice === undefined || slice[row] === expected.slice
    );
    assertEquals(own.length, rows);
    const [p, y] = [own.map((row) => probs[row]), own.map((row) => labels[row])];
    assertAlmostEquals(auc(p, y), expected.auc, 1e-11);
    assertAlmostEquals(logloss(p, y), expected.logloss, 1e-11);
    assertAlmostEquals(normalizedEntropy(p, y), expected.normalized_entropy, 1e-11);
    assertAlmostEquals(calibrationRatio(p, y), expected.calibration, 1e-11);
    assertAlmostEquals(expectedCalibrationError(p, y, { bins: 5 }), expected.ece_5, 1e-11);
    assertAlmostEquals(expectedCalibrationError(p, y, { bins: 10 }), expected.ece_10, 1e-11);
  }
});

Deno.test("a weight counts as that many copies of the row in grouped AUC", () => {
  const weights = labels.map((_, row) => row % 3);
  const copies = weights.flatMap((count, row) => Array<number>(count).fill(row));
  const take = <T>(values: readonly T[]): T[] => copies.map((row) => values[row]);
  const weighted = groupedAuc(probs, labels, user, weights);
  const copied = groupedAuc(take(probs), take(labels), take(user));
  assertAlmostEquals(weighted.byImpressions, copied.byImpressions, 1e-14);
  assertAlmostEquals(weighted.byPositives, copied.byPositives, 1e-14);
  assertAlmostEquals(weighted.mean, copied.mean, 1e-14);
  assertEquals(weighted.groups, copied.groups);
});

Deno.test("groups may be named by texts, and one group has the AUC of all rows", () => {
  const named = groupedAuc(probs, labels, user.map((u) => `user ${u}`));
  assertEquals(named, groupedAuc(probs, labels, user));
  const single = groupedAuc(probs, labels, new Uint8Array(probs.length));
  assertAlmostEquals(single.byImpressions, auc(probs, labels), 1e-15);
  assertEquals([single.groups, single.oneClass], [1, 0]);
  assertEquals(groupedAuc([0.5, 0.25], [0, 1], ["a", "b"]), {
    byImpressions: NaN,
    byPositives: NaN,
    mean: NaN,
    groups: 0,
    oneClass: 2,
  });
});

Deno.test("grouped AUC refuses groups of another number of rows", () => {
  assertThrows(
    () => groupedAuc([0.1, 0.2], [0, 1], ["a"]),
    TypeError,
    "Cannot compute grouped auc: groups must be given for 2 rows, received 1",
  );
  assertThrows(() => groupedAuc([NaN], [1], ["a"]), RangeError, "received NaN at row 0");
});
