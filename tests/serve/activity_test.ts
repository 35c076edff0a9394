import { Activity } from "../../src/serve/activity.ts";
import type { RequestSuccess, ServedModel } from "../../src/serve/served_model.ts";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";

const start = 1_000_000;

function record() {
  const clock = { second: start };
  const activity = new Activity(() => 1000 * clock.second + 400);
  const model = { pending: 3 } as unknown as ServedModel;
  const answer = (ms: number, rows = 1) =>
    activity.onSuccess(model, { data: { rows }, ms } as unknown as RequestSuccess);
  return { clock, activity, model, answer };
}

Deno.test("activity is told by whole seconds, and empty ones between them", () => {
  const { clock, activity, model, answer } = record();
  for (let i = 1; i <= 100; i++) answer(i, 5);
  activity.onBatch(model, { rows: 8, computeMs: 1 });
  activity.onBatch(model, { rows: 3, computeMs: 1 });
  activity.onFailure(model, "REJECTED");
  assertEquals(activity.seconds(model, start - 1), []);
  clock.second += 2;
  const [first, second] = activity.seconds(model, start - 1);
  const { p50, p99, ...counts } = first;
  assertEquals(counts, { time: start, requests: 100, rows: 500, refused: 1, batch: 5.5, queue: 3 });
  // A bin's bound is at most a tenth above the latency.
  assert(p50! >= 50 && p50! <= 55 && p99! >= 99 && p99! <= 109, `${p50} ${p99}`);
  const none = { requests: 0, rows: 0, refused: 0, p50: null, p99: null, batch: null, queue: 0 };
  assertEquals(second, { time: start + 1, ...none });
  assertEquals(activity.seconds(model, start), [second]);
});

Deno.test("the last minute is summed up, and five minutes are kept", () => {
  const { clock, activity, model, answer } = record();
  for (let s = 0; s < 90; s++) {
    clock.second = start + s;
    answer(s < 30 ? 1000 : 1, 10);
    activity.onFailure(model, "OTHER");
    activity.onBatch(model, { rows: 2 ** (s % 3), computeMs: 1 });
  }
  clock.second = start + 90;
  const recent = activity.recent(model);
  assertEquals([recent.requestsPerSecond, recent.rowsPerSecond, recent.refused], [1, 10, { OTHER: 60 }]);
  assertEquals(recent.batches.slice(0, 4), [20, 20, 20, 0]);
  assertAlmostEquals(recent.p99!, 1.05, 0.06);
  assertEquals(activity.seconds(model, 0).length, 299);
  assertEquals(activity.seconds(model, 0).filter(({ requests }) => requests > 0).length, 90);
  clock.second = start + 1000;
  assertEquals(activity.seconds(model, 0).filter(({ requests }) => requests > 0), []);
  assertEquals([activity.recent(model).p50, activity.recent({} as ServedModel).requestsPerSecond], [null, 0]);
});
