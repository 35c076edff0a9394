import type { Json } from "../src/checkpoint.ts";
import {
  constant,
  cosine,
  oneCycle,
  type PlateauDecision,
  PlateauSchedule,
  polynomial,
  warmup,
} from "../src/schedule.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";

/** Feeds values one by one; writes each decision as `+` or `-`, `!` for a stop, and the cuts of the rate by ten. */
function trace(schedule: PlateauSchedule, values: readonly number[], metric = "auc"): string {
  return values.map((value) => {
    const { improved, stop, lr }: PlateauDecision = schedule.observe({ [metric]: value });
    return `${improved ? "+" : "-"}${stop ? "!" : ""}${Math.round(-Math.log10(lr))}`;
  }).join(" ");
}

Deno.test("PlateauSchedule cuts by ten at each failure and stops after two in a row", () => {
  const values = [0.9, 0.95, 0.94, 0.96, 0.955, 0.9599];
  assertEquals(trace(new PlateauSchedule({ lr: 1e-3 }), values), "+3 +3 -4 +4 -5 -!6");
});

Deno.test("a new best resets the failures but not the learning rate", () => {
  const schedule = new PlateauSchedule({ lr: 1e-3, patience: 3 });
  assertEquals(trace(schedule, [0.5, 0.4, 0.4, 0.6, 0.5, 0.5, 0.7, 0.1]), "+3 -4 -5 +5 -6 -6 +6 -6");
  assertEquals(schedule.stopped, false);
  assertEquals(schedule.best, 0.7);
  assertEquals(trace(schedule, [0.2, 0.3]), "-6 -!6");
  assertEquals(schedule.stopped, true);
});

Deno.test("the learning rate stops at its floor and is never raised to it", () => {
  const schedule = new PlateauSchedule({ lr: 5e-6, patience: 9 });
  assertEquals([0.5, 0.5, 0.5].map((auc) => schedule.observe({ auc }).lr), [5e-6, 1e-6, 1e-6]);
  const low = new PlateauSchedule({ lr: 1e-7 });
  assertEquals([0.5, 0.4].map((auc) => low.observe({ auc }).lr), [1e-7, 1e-7]);
});

Deno.test("an improvement counts from minDelta on, measured from the best value", () => {
  const schedule = new PlateauSchedule({ lr: 1, minDelta: 0.25, patience: 99 });
  const values = [0, 0.24, 0.249, 0.25, 0.4, 0.5];
  assertEquals(values.map((auc) => schedule.observe({ auc }).improved), [true, false, false, true, false, true]);
  const fine = new PlateauSchedule({ lr: 1 });
  assertEquals([0.9, 0.9000005, 0.900002].map((auc) => fine.observe({ auc }).improved), [true, false, true]);
});

Deno.test("logloss is watched downwards", () => {
  const schedule = new PlateauSchedule({ lr: 1e-3, monitor: "logloss" });
  assertEquals(trace(schedule, [0.5, 0.4, 0.45, 0.4, 0.3], "logloss"), "+3 +3 -4 -!5 +5");
});

Deno.test("a weighted sum of metrics is watched upwards, or as told", () => {
  const schedule = new PlateauSchedule({ lr: 1, monitor: { auc: 1, logloss: -0.5 } });
  assertEquals(schedule.observe({ auc: 0.75, logloss: 0.5, rows: 9 }).value, 0.5);
  assertEquals(schedule.observe({ auc: 0.75, logloss: 0.25, rows: 9 }), {
    improved: true,
    stop: false,
    lr: 1,
    value: 0.625,
  });
  const down = new PlateauSchedule({ lr: 1, monitor: { brier: 2 }, mode: "min" });
  assertEquals([3, 4, 2].map((brier) => down.observe({ brier }).improved), [true, false, true]);
});

Deno.test("a schedule restored at any point decides as the one that went on", () => {
  const values = [0.5, 0.6, 0.55, 0.7, 0.65, 0.66, 0.8];
  const options = { lr: 1e-2, factor: 0.5, minLr: 1e-3, patience: 3, minDelta: 1e-3, monitor: { auc: 1 } };
  for (let cut = 0; cut <= values.length; cut++) {
    const straight = new PlateauSchedule(options);
    const first = new PlateauSchedule(options);
    const head = values.slice(0, cut);
    head.forEach((auc) => assertEquals(first.observe({ auc }), straight.observe({ auc })));
    const json: Json = first.toJSON();
    const second = PlateauSchedule.fromJSON(JSON.parse(JSON.stringify(json)));
    values.slice(cut).forEach((auc) => assertEquals(second.observe({ auc }), straight.observe({ auc })));
    assertEquals(second.toJSON(), straight.toJSON());
  }
});

Deno.test("observe refuses missing and infinite metrics and stays as it was", () => {
  const schedule = new PlateauSchedule({ lr: 1 });
  schedule.observe({ auc: 0.5 });
  const before = schedule.toJSON();
  assertThrows(() => schedule.observe({ auc: NaN }), RangeError, 'metric "auc" must be finite, received NaN');
  assertThrows(() => schedule.observe({ logloss: 1 }), RangeError, 'metric "auc" must be finite, received undefined');
  assertEquals(schedule.toJSON(), before);
});

Deno.test("schedules refuse impossible options", () => {
  assertThrows(() => new PlateauSchedule({ lr: 0 }), RangeError, "lr must be positive and finite, received 0");
  assertThrows(() => new PlateauSchedule({ lr: 1, factor: 2 }), RangeError, "factor must lie in (0, 1], received 2");
  assertThrows(() => new PlateauSchedule({ lr: 1, patience: 0 }), RangeError, "patience must be a positive integer");
  assertThrows(() => new PlateauSchedule({ lr: 1, monitor: {} }), RangeError, "finite weights, received {}");
  const state = new PlateauSchedule({ lr: 1 }).toJSON();
  assertThrows(() => PlateauSchedule.fromJSON({ ...state, failures: -1 }), RangeError, "failures must be a count");
  assertThrows(() => cosine({ lr: 1, steps: 0 }), RangeError, "steps must be positive and finite, received 0");
  assertThrows(() => cosine({ lr: 1, steps: 1, minLr: 2 }), RangeError, "minLr must lie in [0, 1], received 2");
  assertThrows(() => warmup(0.5, constant(1)), RangeError, "warm-up steps must be a positive integer, received 0.5");
});

Deno.test("schedules by step refuse impossible options", () => {
  const refused: [() => unknown, string][] = [
    [() => polynomial({ lr: 1, steps: 3, power: 0 }), "power must be positive and finite, received 0"],
    [() => polynomial({ lr: 1, steps: 3, minLr: 2 }), "minLr must lie in [0, 1], received 2"],
    [() => oneCycle({ lr: 1, steps: 1 }), "steps must be an integer of at least 2, received 1"],
    [() => oneCycle({ lr: 1, steps: 9, rising: 1 }), "rising must lie in (0, 1), received 1"],
    [() => oneCycle({ lr: 1, steps: 9, first: 0.5 }), "first must be finite and at least 1, received 0.5"],
  ];
  for (const [make, message] of refused) assertThrows(make, RangeError, message);
});

Deno.test("polynomial passes through its hand-computed points", () => {
  const schedule = polynomial({ lr: 1, steps: 4, minLr: 0.2, power: 2 });
  [1, 0.65, 0.4, 0.25, 0.2, 0.2].forEach((lr, step) => assertAlmostEquals(schedule(step), lr, 1e-15));
});

Deno.test("oneCycle rises, falls, passes through its hand-computed points and has short cycles, too", () => {
  const schedule = oneCycle({ lr: 1, steps: 20, rising: 0.25, first: 4, last: 5 });
  const half = (from: number, to: number, share: number) => to + (from - to) * (1 + Math.cos(Math.PI * share)) / 2;
  for (let step = 0; step < 30; step++) {
    const expected = step < 4 ? half(0.25, 1, step / 4) : half(1, 0.05, Math.min(1, (step - 4) / 15));
    assertAlmostEquals(schedule(step), expected, 1e-15);
  }
  for (const steps of [2, 3, 4]) {
    const rates = Array.from({ length: steps + 1 }, (_, step) => oneCycle({ lr: 1, steps })(step));
    for (const rate of rates) assertEquals(rate > 0 && rate <= 1, true, `${rates}`);
    assertAlmostEquals(rates[steps], 4e-6, 1e-15);
  }
});

Deno.test("cosine passes through its hand-computed points and never rises", () => {
  const schedule = cosine({ lr: 1, steps: 6, minLr: 0.2 });
  const expected = [1, 0.2 + 0.4 * (1 + Math.sqrt(3) / 2), 0.8, 0.6, 0.4, 0.2 + 0.4 * (1 - Math.sqrt(3) / 2), 0.2, 0.2];
  expected.forEach((lr, step) => assertAlmostEquals(schedule(step), lr, 1e-15));
});

Deno.test("warmup rises to the first rate of the schedule that follows", () => {
  const schedule = warmup(3, cosine({ lr: 0.6, steps: 2 }));
  [0.2, 0.4, 0.6, 0.6, 0.3, 0, 0].forEach((lr, step) => assertAlmostEquals(schedule(step), lr, 1e-15));
});

Deno.test("errors are watched downwards, other metrics upwards, those of a task too", () => {
  for (const monitor of ["brier", "normalizedEntropy", "ece", "logloss.click", "ece.buy"] as const) {
    const schedule = new PlateauSchedule({ lr: 1e-3, monitor, patience: 9 });
    assertEquals([schedule.toJSON().mode, trace(schedule, [0.5, 0.4, 0.45], monitor)], ["min", "+3 +3 -4"]);
  }
  for (const monitor of ["averagePrecision", "gauc", "gaucMean", "mrr", "ndcg@10", "map@5.click"] as const) {
    assertEquals(new PlateauSchedule({ lr: 1e-3, monitor }).toJSON().mode, "max");
  }
});
