import { growF64, growU32 } from "../../src/data/growable.ts";
import { assertEquals } from "@std/assert";

Deno.test("numbers come back in order, across many chunks, and are then forgotten", () => {
  for (const count of [0, 1, 64, 65, 320, 200_000]) {
    const numbers = growU32();
    for (let i = 0; i < count; i++) numbers.push(i);
    assertEquals(numbers.length, count);
    const expected = Uint32Array.from({ length: count }, (_, i) => i);
    assertEquals(numbers.toArray(), expected);
    assertEquals(numbers.drain(), expected);
    assertEquals([numbers.length, numbers.drain().length], [0, 0]);
  }
});

Deno.test("numbers keep the digits of their type", () => {
  const numbers = growF64();
  numbers.push(0.1);
  assertEquals([...numbers.toArray()], [0.1]);
});
