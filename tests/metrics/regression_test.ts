import { evaluateTargets, mae, rankingMetrics, rmse } from "../../src/metrics.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";

Deno.test("errors of ratings are those of their definitions, weighted or not", () => {
  const [predictions, targets] = [[1, 2.5, 4, 3], [2, 2.5, 1, 5]];
  assertAlmostEquals(rmse(predictions, targets), Math.sqrt((1 + 0 + 9 + 4) / 4), 1e-15);
  assertEquals([mae(predictions, targets), evaluateTargets(predictions, targets).bias], [1.5, 0]);
  assertAlmostEquals(rmse(predictions, targets, [1, 0, 2, 1]), Math.sqrt((1 + 18 + 4) / 4), 1e-15);
  assertEquals(evaluateTargets(predictions, targets, [0, 0, 1, 0]), { rmse: 3, mae: 3, bias: 3, rows: 4 });
});

Deno.test("errors refuse numbers that are none", () => {
  assertThrows(() => rmse([1], [NaN]), RangeError, "targets must be finite, received NaN at row 0");
  assertThrows(() => mae([Infinity], [1]), RangeError, "predictions must be finite, received Infinity at row 0");
  assertThrows(() => rmse([1], [1, 2]), TypeError, "targets must be of 1 rows, received 2");
  assertThrows(() => rmse([1], [1], [-1]), RangeError, "not negative, received -1 at row 0");
  assertThrows(() => rmse([1], [1], [0]), RangeError, "a row must have weight, received 1 zeros");
  assertThrows(() => rmse([], []), RangeError, "at least one row is needed, received 0");
});

Deno.test("ratings are ranked by user with the targets as grades, sliced, and given intervals", () => {
  const rows = Array.from({ length: 120 }, (_, row) => row);
  const targets = rows.map((row) => 1 + (row * 7) % 5);
  const predictions = rows.map((row) => targets[row] + Math.sin(row));
  const user = rows.map((row) => row % 10 === 9 ? undefined : `u${row % 10}`);
  const by = { half: rows.map((row) => row % 2) };
  const all = evaluateTargets(predictions, targets, undefined, { group: user, k: [3], by, intervals: 100 });
  const known = rows.filter((row) => user[row] !== undefined);
  const take = <T>(values: readonly T[]): NonNullable<T>[] => known.map((row) => values[row]!);
  const expected = rankingMetrics(take(predictions), take(targets), take(user), { k: [3] }).metrics;
  assertEquals(all.rankings, { "ndcg@3": expected["ndcg@3"] });
  assertEquals(all.groups, { groups: 9, withoutRelevant: 0, rowsWithout: 12 });
  const { relevantFrom, k } = { relevantFrom: 4, k: [3] };
  const graded = evaluateTargets(predictions, targets, undefined, { group: user, k, relevantFrom }).rankings!;
  assertEquals(graded, rankingMetrics(take(predictions), take(targets), take(user), { k, relevantFrom }).metrics);
  const [even] = all.slices!.half;
  const own = rows.filter((row) => row % 2 === 0);
  assertAlmostEquals(even.rmse, rmse(own.map((row) => predictions[row]), own.map((row) => targets[row])), 1e-15);
  for (const name of ["rmse", "mae", "bias"] as const) {
    const { low, high } = all.intervals![name];
    assertEquals([low < all[name], high > all[name], even.intervals![name].resamples], [true, true, 100]);
  }
  const options = { group: [1] };
  assertThrows(() => evaluateTargets([1, 2], [1, 2], undefined, options), TypeError, '"group" must be of 2 rows');
});
