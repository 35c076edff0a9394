import { rankTexts } from "../../src/data/rank_texts.ts";
import { TextTable } from "../../src/data/text_table.ts";
import { assertEquals } from "@std/assert";

/** Orders texts by comparing them. */
function compared(texts: readonly string[], counts: Uint32Array, minCount: number): number[] {
  return texts.map((_, code) => code).filter((code) => counts[code] >= minCount)
    .sort((x, y) => counts[y] - counts[x] || (texts[x] < texts[y] ? -1 : 1));
}

const scattered = (i: number) => i * 7919 % 5003;

const TEXTS: Record<string, (i: number) => string> = {
  "hexadecimal digits": (i) => (Math.imul(scattered(i), 0x9e3779b1) >>> 0).toString(16),
  "texts of a common beginning": (i) => `https://example.com/a/long/path/of/all/of/them/${scattered(i)}`,
  "texts of a common beginning and end": (i) => `a${scattered(i)}${"-".repeat(100)}`,
  "other scripts": (i) => `ä漢${String.fromCharCode(scattered(i) * 13 % 60_000)}${i % 3}😀${i}`,
  "texts that differ by code units of 0": (i) => `a${"\0".repeat(i * 7 % 499)}${i < 499 ? "" : i}`,
  "an empty text and others": (i) => "x".repeat(i * 7 % 499) + (i < 499 ? "" : i),
};

for (const [name, textOf] of Object.entries(TEXTS)) {
  Deno.test(`${name} are ranked as by comparing them`, () => {
    for (const size of [0, 1, 2, 20, 3000]) {
      const texts = Array.from({ length: size }, (_, i) => textOf(i));
      assertEquals(new Set(texts).size, size);
      for (const counts of [new Uint32Array(size).fill(1), Uint32Array.from(texts, (_, i) => 5000 / (i + 1))]) {
        for (const minCount of [1, 2]) {
          assertEquals([...rankTexts(texts, counts, minCount)], compared(texts, counts, minCount));
        }
      }
    }
  });
}

Deno.test("counts of more than 31 bits come first", () => {
  assertEquals([...rankTexts(["a", "b", "c"], Uint32Array.of(5, 4_000_000_000, 2 ** 31), 1)], [1, 2, 0]);
});

Deno.test("a table numbers texts in order of appearance, and knows them again", () => {
  const table = new TextTable();
  const texts = Array.from({ length: 3000 }, (_, i) => `${"long ".repeat(i % 4)}${i}ä`);
  for (let round = 0; round < 2; round++) {
    assertEquals(texts.map((text) => table.numberOf(text)), texts.map((_, i) => i));
  }
  // Texts made of several parts are those of one.
  assertEquals(table.numberOf(["long ", 1, "ä"].join("")), 1);
  assertEquals([table.numberOf(""), table.numberOf("new"), table.numberOf("")], [3000, 3001, 3000]);
  assertEquals(table.texts.length, 3002);
});
