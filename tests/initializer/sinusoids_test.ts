import { sinusoids } from "../../src/initializer/sinusoids.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../support.ts";

const INFO = { fanIn: 4, fanOut: 4, seed: 1, name: "position" };

Deno.test("sinusoids are waves by row and pair of columns, wherever filling begins", () => {
  const all = new Float32Array(15);
  sinusoids(5).fill(all, INFO);
  const expected = Array.from({ length: 15 }, (_, i) => {
    const [row, column] = [Math.floor(i / 5), i % 5];
    const angle = row / 10_000 ** (2 * Math.floor(column / 2) / 5);
    return column % 2 ? Math.cos(angle) : Math.sin(angle);
  });
  assertClose(all, expected, "waves", { atol: 1e-7 });
  const part = new Float32Array(4);
  sinusoids(5).fill(part, { ...INFO, offset: 7 });
  assertEquals(part, all.slice(7, 11));
  assertThrows(() => sinusoids(0), RangeError, "received 0");
});
