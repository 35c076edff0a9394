import { Graph } from "../../src/graph/graph.ts";
import { quadraticBlock } from "../../src/layers/mod.ts";
import { assertThrows } from "@std/assert";

Deno.test("quadraticBlock refuses a number of rows that is none", () => {
  const x = new Graph("train").input("x", ["B", 4]);
  assertThrows(() => quadraticBlock(x, { rows: 0 }), RangeError, "rows must be a positive integer, received 0");
});
