import { ValuePool } from "../../src/data/value_pool.ts";
import { assertEquals } from "@std/assert";

/** Reads blocks of values, and returns how often a text was made. */
function countTexts(blocks: number, rows: number, valueAt: (row: number) => unknown): number {
  let made = 0;
  const pool = new ValuePool((value) => {
    made++;
    return value === undefined ? undefined : `${value}`;
  });
  for (let block = 0; block < blocks; block++) {
    const values = Array.from({ length: rows }, (_, i) => valueAt(block * rows + i));
    pool.beginBlock();
    const texts = Array.from(pool.codes(values), (code) => pool.texts[code]);
    pool.endBlock(rows);
    assertEquals(texts, values.map((value) => value === undefined ? undefined : `${value}`));
  }
  return made;
}

Deno.test("values that recur become texts once, missing ones as well", () => {
  const values = ["a", undefined, 7n, 7, 1.5, "b"];
  assertEquals(countTexts(5, 100, (row) => values[row % values.length]), values.length);
});

Deno.test("a column of values that never recur is not looked up any more", () => {
  assertEquals(countTexts(40, 4096, (row) => row), 40 * 4096);
});
