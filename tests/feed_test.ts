import { assertEquals, assertThrows } from "@std/assert";
import type { Dataset } from "../src/data/dataset.ts";
import { shuffled } from "../src/data/random.ts";
import { Feed } from "../src/feed.ts";
import { defaultBudget } from "../src/feed/budget.ts";
import { Gather } from "../src/feed/gather.ts";
import { download } from "../src/gpu/memory.ts";
import { paperGpu } from "./paper_device.ts";
import { gpu } from "./support.ts";

const ROWS = 50;
const BATCH = 4;

/** Two fields with values, each number saying where it is from. */
function numbered(): Dataset {
  const ids = Uint32Array.from({ length: 2 * ROWS }, (_, i) => 1000 + i);
  const values = Float32Array.from(ids, (id) => id / 2);
  const labels = Float32Array.from({ length: ROWS }, (_, row) => row);
  return { rows: ROWS, ids, values, labels } as Dataset;
}

function feedFor(device: Parameters<typeof download>[0], rowsOfBudget: number): Feed {
  const budget = 4 * (2 * 2 + 2) * rowsOfBudget;
  return new Feed(device, { fields: 2, hasValues: true, batch: BATCH, rows: ROWS, budget, ahead: true });
}

/** Returns the rows of the buffers from `base` on as the data set has them: ids, values and labels agree, or it throws. */
async function rowsAt(device: Parameters<typeof download>[0], feed: Feed, base: number): Promise<number[]> {
  const [ids, values, labels] = await Promise.all(feed.buffers.map((buffer) => download(device, buffer)));
  const rows = [...new Float32Array(labels).subarray(base, base + BATCH)];
  for (let field = 0; field < 2; field++) {
    const at = field * feed.capacity + base;
    const expected = rows.map((row) => 1000 + field * ROWS + row);
    assertEquals([...new Uint32Array(ids).subarray(at, at + BATCH)], expected);
    assertEquals([...new Float32Array(values).subarray(at, at + BATCH)], expected.map((id) => id / 2));
  }
  return rows;
}

Deno.test("a feed has each batch of two passes where it says, while the next chunk is gathered", async () => {
  const device = await gpu();
  const data = numbered();
  // All rows, two chunks of three batches, a chunk of one batch.
  for (const rows of [60, 25, 5]) {
    const feed = feedFor(device, rows);
    const orders = [shuffled(ROWS, 1, 0), shuffled(ROWS, 1, 1)];
    for (const [pass, order] of orders.entries()) {
      feed.begin(data, order);
      for (let first = 0; first + BATCH <= ROWS; first += BATCH) {
        const base = feed.locate(first);
        feed.advance(orders[pass + 1]);
        const found = await rowsAt(device, feed, rows === 60 ? 0 : base);
        const expected = rows === 60 ? [0, 1, 2, 3] : [...order.subarray(first, first + BATCH)];
        assertEquals(found, expected);
      }
    }
    feed.destroy();
  }
});

Deno.test("Feed.reach() is how many batches may be located before the first of them runs", async () => {
  const device = await gpu();
  for (const [rows, reach] of [[60, Infinity], [48, 6], [25, 3], [8, 1], [5, 1]]) {
    const feed = feedFor(device, rows);
    assertEquals(feed.reach(ROWS), reach);
    feed.destroy();
  }
});

Deno.test("a chunk is gathered in parts of any size", () => {
  const column = Uint32Array.from({ length: 1000 }, (_, row) => 7 * row);
  const order = shuffled(1000, 3);
  for (const parts of [1, 2, 7, 1000]) {
    const stored: number[][] = [];
    const gather = new Gather([column, column], order, { first: 100, rows: 300 }, (_, numbers) => {
      stored.push([...numbers]);
    });
    for (let part = 1; part < parts; part++) gather.advance(part / parts);
    gather.finish();
    const expected = Array.from(order.subarray(100, 400), (row) => 7 * row);
    assertEquals(stored, [expected, expected]);
  }
});

Deno.test("the budget for rows follows the device", () => {
  assertEquals(defaultBudget(paperGpu("gpu", { maxBufferSize: 2 ** 28 })), 2 ** 27);
});

Deno.test("a batch that no binding covers is refused", () => {
  const options = { fields: 4, hasValues: false, batch: 2 ** 20, rows: ROWS, budget: Infinity };
  const device = paperGpu("gpu", { maxStorageBufferBindingSize: 2 ** 23 });
  assertThrows(() => new Feed(device, options), RangeError, "Cannot feed rows: the device binds 8388608 bytes");
});
