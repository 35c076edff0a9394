import { indexTokens, Interner } from "../../src/data/vocabulary.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("values are ranked by falling count, then by text", () => {
  const interner = new Interner();
  const codes = ["b", "c", "a", "c", "", "longer than twelve units"].map((text) => interner.add(text));
  assertEquals(codes, [0, 1, 2, 1, 3, 4]);
  const { tokens, positions } = interner.rank(1);
  assertEquals(tokens, ["c", "", "a", "b", "longer than twelve units"]);
  assertEquals([...positions], [3, 0, 2, 1, 4]);
});

Deno.test("values below the minimum count get no position", () => {
  const interner = new Interner();
  for (const text of "abacab") interner.add(text);
  const { tokens, positions } = interner.rank(2);
  assertEquals(tokens, ["a", "b"]);
  assertEquals([...positions], [0, 1, -1]);
});

Deno.test("tokens get rows one after the other", () => {
  assertEquals([...indexTokens(["x", "constructor", "__proto__"], 2)], [["x", 2], ["constructor", 3], [
    "__proto__",
    4,
  ]]);
  assertThrows(() => indexTokens(["x", "x"], 1), RangeError, "2 tokens must differ, received 1 distinct");
});
