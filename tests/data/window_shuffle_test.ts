import { BLOCK_ROWS, WINDOW_BLOCKS, WindowShuffle } from "../../src/data/window_shuffle.ts";
import { assert, assertEquals, assertNotEquals } from "@std/assert";

const WINDOW = BLOCK_ROWS * WINDOW_BLOCKS;

Deno.test("a window shuffle takes each row once, and a window reads no more than its blocks", () => {
  const rows = 3 * WINDOW + 5 * BLOCK_ROWS + 77;
  const order = new WindowShuffle(rows, 3, 1).finish();
  assertEquals(new Uint32Array(order).sort(), Uint32Array.from({ length: rows }, (_, row) => row));
  for (let start = 0; start < rows; start += WINDOW) {
    const window = order.subarray(start, start + WINDOW);
    const blocks = new Set(Array.from(window, (row) => Math.floor(row / BLOCK_ROWS)));
    // The short last block may be among those of any window, which then has the start of another.
    assert(blocks.size <= WINDOW_BLOCKS + 2, `${blocks.size}`);
    const neighbors = window.subarray(1).filter((row, i) => row === window[i] + 1).length;
    assert(neighbors < 20, `${neighbors} rows follow the row before them in the file`);
  }
});

Deno.test("a window shuffle depends on seed and epoch, not on the steps that it is drawn in", () => {
  const rows = WINDOW + 1000;
  const whole = new WindowShuffle(rows, 3, 1).finish();
  const steps = new WindowShuffle(rows, 3, 1);
  for (let k = 0; steps.order === undefined; k++) steps.advance(1 + 997 * k);
  assertEquals(steps.order, whole);
  for (const [seed, epoch] of [[4, 1], [3, 2]]) assertNotEquals(new WindowShuffle(rows, seed, epoch).finish(), whole);
  assertEquals([...new WindowShuffle(1, 3).finish(), ...new WindowShuffle(0, 3).finish()], [0]);
});
