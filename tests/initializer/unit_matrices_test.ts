import { unitMatrices } from "../../src/initializer/unit_matrices.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("unitMatrices fills unit matrices, from any element on", () => {
  const fill = (length: number, offset: number): number[] => {
    const out = new Float32Array(length);
    unitMatrices(3).fill(out, { fanIn: 3, fanOut: 3, seed: 1, name: "w", offset });
    return [...out];
  };
  assertEquals(fill(18, 0), [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
  assertEquals(fill(6, 7), [0, 1, 1, 0, 0, 0]);
});

Deno.test("unitMatrices refuses a size of 0", () => {
  assertThrows(() => unitMatrices(0), RangeError, "size must be a positive integer, received 0");
});
