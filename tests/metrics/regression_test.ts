import { evaluateTargets, mae, rmse } from "../../src/metrics.ts";
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
