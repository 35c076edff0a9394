import { type NegativeOptions, sampleNegatives } from "../../src/data/negatives.ts";
import { sequencesFrom } from "../../src/data/event_log.ts";
import type { Row } from "../../src/data/rows.ts";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { randomArray } from "../support.ts";

const COLUMNS = { user: "user", item: "item", label: "buys", along: ["cate"], seed: 1 };

/** Draws purchases of 12 items with falling popularity by 9 users; the last ones have no user. */
function drawLog(count: number, seed: number): Row[] {
  const random = randomArray(2 * count, seed).map((x) => (x + 1) / 2);
  return Array.from({ length: count }, (_, k) => {
    const item = Math.floor(12 * random[2 * k] ** 2);
    const user = k < count - 3 ? Math.floor(9 * random[2 * k + 1]) : null;
    return { user, item, cate: `c${item % 4}`, time: k, price: k / 2 };
  });
}

/** Returns how often each item is to be expected among the negatives, from the chances of each event. */
function expectedCounts(log: readonly Row[], { by, exclude = "seen", ratio = 1 }: NegativeOptions): number[] {
  const counts = Array.from({ length: 12 }, (_, item) => log.filter((event) => event.item === item).length);
  const expected = counts.map(() => 0);
  for (const event of log) {
    const has = (item: number) => event.item === item || (event.user !== null && owns(log, event.user, item));
    const weights = counts.map((count, item) => {
      if (count === 0 || (exclude === "seen" && has(item))) return 0;
      return by === "popularity" ? count : 1;
    });
    const total = weights.reduce((sum, weight) => sum + weight);
    weights.forEach((weight, item) => expected[item] += ratio * weight / total);
  }
  return expected;
}

function owns(log: readonly Row[], user: Row[string], item: number): boolean {
  return log.some((event) => event.user === user && event.item === item);
}

Deno.test("each event is followed by its negatives, which differ in the item and what belongs to it", () => {
  const log = drawLog(40, 1);
  const rows = sampleNegatives(log, { ...COLUMNS, ratio: 3 });
  assertEquals(rows.length, 160);
  rows.forEach((row, at) => {
    const event = log[Math.floor(at / 4)];
    if (at % 4 === 0) return assertEquals(row, { ...event, buys: 1 });
    assertEquals(row, { ...event, item: row.item, cate: `c${row.item as number % 4}`, buys: 0 });
    assert(row.item !== event.item && (event.user === null || !owns(log, event.user, row.item as number)));
  });
});

Deno.test("a seed fixes the negatives", () => {
  const log = drawLog(40, 2);
  for (const by of ["uniform", "popularity"] as const) {
    const text = (seed: number) => JSON.stringify(sampleNegatives(log, { ...COLUMNS, by, ratio: 2, seed }));
    assertEquals(text(7), text(7));
    assertNotEquals(text(7), text(8));
  }
});

for (const by of ["uniform", "popularity"] as const) {
  for (const exclude of ["seen", "none"] as const) {
    Deno.test(`items are drawn with the chances of ${by}, without ${exclude}`, () => {
      // Enough events that users have many of the items, so that drawing among the few left takes part.
      const log = drawLog(40, 3);
      const options = { ...COLUMNS, by, exclude, ratio: 2000 };
      const counts = new Array<number>(12).fill(0);
      for (const { item, buys } of sampleNegatives(log, options)) if (buys === 0) counts[item as number]++;
      assertEquals(counts.reduce((sum, count) => sum + count), 80_000);
      expectedCounts(log, options).forEach((expected, item) => {
        const deviation = 5 * Math.sqrt(expected);
        assert(Math.abs(counts[item] - expected) <= deviation, `${item}: ${counts[item]}, expected ${expected}`);
      });
    });
  }
}

Deno.test("a user who lacks one rare item gets it, and one who has all is refused", () => {
  const log = Array.from(
    { length: 1000 },
    (_, k) => ({ user: k === 999 ? "b" : "a", item: k === 999 ? "rare" : k % 3 }),
  );
  const rows = sampleNegatives(log, { user: "user", item: "item", by: "popularity", seed: 1 });
  assert(rows.every(({ user, item, label }) => user === "b" || label === 1 || item === "rare"));
  const all = [...log, { user: "a", item: "rare" }];
  assertThrows(
    () => sampleNegatives(all, { user: "user", item: "item", seed: 1 }),
    RangeError,
    "the user of row 0 must lack an item, received one with all 4",
  );
});

Deno.test("negatives have the history of their event, in which positives alone are", () => {
  const log = drawLog(60, 4);
  const columns = { user: "user", item: "item", time: "time" };
  const rows = sequencesFrom(sampleNegatives(log, { ...COLUMNS, ratio: 2 }), { ...columns, where: { buys: 1 } });
  const expected = sequencesFrom(log, columns);
  rows.forEach(({ history }, at) => assertEquals(history, expected[Math.floor(at / 3)].history));
});

Deno.test("options and events that make no sense are refused", () => {
  const refuse = (options: object, message: string, log: Row[] = [{ user: 1, item: 1 }]) =>
    assertThrows(() => sampleNegatives(log, { ...COLUMNS, ...options }), Error, message);
  refuse({ ratio: 0.5 }, "ratio must be an integer of at least 1, received 0.5");
  refuse({ by: "count" }, 'by must be "uniform" or "popularity", received "count"');
  refuse({ exclude: "all" }, 'exclude must be "seen" or "none", received "all"');
  refuse({ seed: -1 }, "seed must be an integer in [0, 2^32), received -1");
  refuse({ along: "cate" }, "along must be a list of columns");
  refuse({ user: undefined }, "user must be a text that is not empty, received nothing");
  refuse({ size: 1 }, 'received "size"');
  refuse({}, 'row 0 must have "item"', [{ user: 1, item: "" }]);
  refuse({}, '"item" of row 0 must be one value, received [1]', [{ user: 1, item: [1] }]);
});
