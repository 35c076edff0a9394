import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { concordance, evaluateSurvival, numbersOf, survivalCurves } from "../../src/metrics.ts";
import { orderedPairs } from "../../src/metrics/concordance.ts";
import golden from "../golden/survival.json" with { type: "json" };
import { assertClose, randomArray } from "../support.ts";

const { breaks, time, event } = golden;
const hazardsOf = (k: number) => time.map((_, b) => 1 / (1 + Math.exp(-golden.inputs[0].data[5 * b + k])));
const hazards = [0, 1, 2, 3, 4].map(hazardsOf);

/** Counts pairs one by one. */
function pairsOneByOne(risks: ArrayLike<number>, times: ArrayLike<number>, events: ArrayLike<number>) {
  let [pairs, right] = [0, 0];
  for (let i = 0; i < risks.length; i++) {
    for (let j = 0; j < risks.length; j++) {
      if (events[i] !== 1 || !(times[i] < times[j] || (times[i] === times[j] && events[j] === 0))) continue;
      pairs++;
      right += risks[i] > risks[j] ? 1 : risks[i] === risks[j] ? 0.5 : 0;
    }
  }
  return { pairs, right };
}

Deno.test("survivalCurves equals golden survival and expected times", () => {
  const { survival, expectedTime } = survivalCurves(hazards, breaks);
  assertClose(survival, golden.survival.flat(), "survival", { rtol: 1e-7, atol: 0 });
  assertClose(expectedTime, golden.expected_time, "expected time", { rtol: 1e-11, atol: 0 });
  assertThrows(() => survivalCurves(hazards, [0, 1]), TypeError, "there must be 1 hazards");
});

Deno.test("concordance equals golden values, with tied risks and without", () => {
  const risks = golden.expected_time.map((t) => -t);
  assertAlmostEquals(concordance(risks, time, event), golden.concordance_expected_time, 1e-12);
  assertAlmostEquals(concordance(golden.risk_tied, time, event), golden.concordance_tied, 1e-12);
});

for (const [rows, values] of [[1, 3], [2, 1], [60, 4], [61, 1000], [300, 12]]) {
  Deno.test(`concordance counts all pairs of ${rows} rows with ${values} different times and risks`, () => {
    const draw = (seed: number) => Array.from(randomArray(rows, seed), (u) => Math.floor(values * (u + 1) / 2));
    const [risks, times] = [draw(1), draw(2)];
    for (const share of [-1, 0, 0.9, 2]) {
      const events = Array.from(randomArray(rows, 3), (u) => Number(u > share));
      assertEquals(orderedPairs(risks, times, events), pairsOneByOne(risks, times, events));
    }
  });
}

Deno.test("concordance is 1 for the right order, 0 for the reverse and 1/2 for equal risks", () => {
  const rows = 200_000;
  const times = Float64Array.from({ length: rows }, (_, i) => i * 7919 % rows);
  const events = times.map((_, i) => Number(i % 3 > 0));
  const [right, wrong] = [times.map((t) => -t), times];
  assertEquals([right, wrong, new Float64Array(rows)].map((risks) => concordance(risks, times, events)), [1, 0, 0.5]);
});

Deno.test("concordance refuses rows without a known order, and numbers that are none", () => {
  assertThrows(() => concordance([1, 2], [1, 2], [0, 0]), RangeError, "received 0 ends of 2 rows");
  assertThrows(() => concordance([1, 2], [2, 2], [1, 1]), RangeError, "received 2 ends of 2 rows");
  assertThrows(() => concordance([], [], []), RangeError, "a row must have ended before another one");
  assertThrows(() => concordance([1], [1, 2], [1]), TypeError, "received 1, 2 and 1");
  assertThrows(() => concordance([1, NaN], [1, 2], [1, 1]), RangeError, "received NaN at row 1");
  assertThrows(() => concordance([1, 2], [1, 2], [1, -1]), RangeError, "received -1 at row 1");
});

const labels: number[][] = [0, 1, 2, 3, 4].map((k) =>
  time.map((_, b) => golden.survived[b][k] ? 0 : golden.failed[b][k] ? 1 : -1)
);

Deno.test("evaluateSurvival measures order, likelihood and calibration of each head", () => {
  const long = { hazards, labels, ends: breaks };
  const short = { hazards: hazards.slice(0, 2), labels: labels.slice(0, 2), ends: breaks.slice(0, 3) };
  const one = evaluateSurvival({ long }, { weights: golden.ctr, times: time, events: event });
  assertAlmostEquals(one.concordance!, golden.concordance_expected_time, 1e-12);
  assertAlmostEquals(one.logloss, golden.variants.ctr_weighted_mean.loss, 1e-10);
  const [exposed, ended] = [0, 1].map((what) =>
    labels.reduce(
      (sum, column, k) => sum + column.reduce((all, y, b) => all + (y < 0 ? 0 : what === 0 ? hazards[k][b] : y), 0),
      0,
    )
  );
  assertAlmostEquals(one.calibration, exposed / ended, 1e-12);
  assertEquals([one.rows, one.tasks, one.auc], [12, undefined, NaN]);
  const two = evaluateSurvival({ short, long }, { weights: golden.ctr, times: time, events: event });
  assertEquals(two.tasks!.long, one);
  const numbers = numbersOf(two);
  assertAlmostEquals(numbers.concordance, (numbers["concordance.short"] + numbers["concordance.long"]) / 2, 1e-12);
  assertAlmostEquals(numbers.logloss, (numbers["logloss.short"] + one.logloss) / 2, 1e-12);
});

Deno.test("evaluateSurvival says why censored rows have no concordance and no calibration", () => {
  const head = { hazards: [[0.5, 0.25]], labels: [[0, -1]], ends: [0, 2] };
  const all = evaluateSurvival({ head }, { weights: [1, 3], times: [2, 0.5], events: [0, 0] });
  assertEquals([all.concordance, all.calibration], [NaN, NaN]);
  assertAlmostEquals(all.logloss, Math.LN2 / 4, 1e-12);
  assertEquals(all.notes?.concordance, "a row must have ended before another one, received 0 ends of 2 rows");
  assertEquals(all.notes?.calibration, "no row ended within the intervals, received 2 rows");
  assert(all.notes?.auc.includes("concordance"));
  assertThrows(() => evaluateSurvival({ head }, { weights: [], times: [], events: [] }), RangeError, "received 0");
});
