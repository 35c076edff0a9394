import { stabilityIndex, sumOf } from "../../src/drift/psi.ts";
import { SlidingCounts } from "../../src/drift/window.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { stabilityReference, windowReference } from "../reference/drift.ts";

Deno.test("the population stability index is that of a case computed by hand", () => {
  // With the halves: p = (10.5, 30.5) / 41, q = (20.5, 20.5) / 41.
  const byHand = (0.5 - 10.5 / 41) * Math.log(20.5 / 10.5) + (0.5 - 30.5 / 41) * Math.log(20.5 / 30.5);
  assertAlmostEquals(stabilityIndex([10, 30], [20, 20]), byHand, 1e-15);
  assertAlmostEquals(byHand, 0.260086, 1e-6);
  assertEquals(stabilityIndex([1, 2, 3], [1, 2, 3]), 0);
  // An empty bin on either side: p = (0.5, 100.5) / 101, q = (50.5, 50.5) / 101.
  assertAlmostEquals(stabilityIndex([0, 100], [50, 50]), (50 / 101) * Math.log(50.5 / 0.5 * 100.5 / 50.5), 1e-12);
});

Deno.test("the population stability index is the reference's, and unknown without counts", () => {
  for (let k = 1; k < 20; k++) {
    const counts = (seed: number) => Array.from({ length: k }, (_, i) => (i * seed * 7919) % 101);
    const [expected, received] = [counts(k + 2), counts(3 * k + 1)];
    if (sumOf(expected) === 0 || sumOf(received) === 0) continue;
    assertAlmostEquals(stabilityIndex(expected, received), stabilityReference(expected, received), 1e-12);
  }
  assert(Number.isNaN(stabilityIndex([0, 0], [1, 2])));
  assert(Number.isNaN(stabilityIndex([1, 2], [0, 0])));
  assertThrows(() => stabilityIndex([1, 2], [1]), RangeError, "there must be 2 bins, received 1");
});

Deno.test("a window forgets what is older than it, in bounded memory", () => {
  const window = new SlidingCounts(3, 1200);
  const events: [number, number][] = [];
  // Steps within a part, over several parts, and far beyond the whole window.
  for (const step of [0, 10, 30, 99, 1, 100, 250, 7, 1100, 1300, 5, 90, 4000, 3, 3, 600, 650, 50]) {
    const now = (events.at(-1)?.[0] ?? 0) + step;
    events.push([now, events.length % 3]);
    window.at(now)[events.at(-1)![1]]++;
    for (const later of [0, 60]) {
      if (later > 0 && step !== 50) continue;
      assertEquals([...window.sum(now + later)], windowReference(events, 3, 1200, now + later));
    }
  }
  assertEquals([...window.sum(events.at(-1)![0] + 1300)], [0, 0, 0]);
});
