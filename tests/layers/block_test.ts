import { Graph } from "../../src/graph/graph.ts";
import { mixerBlock, quadraticBlock, tokenize } from "../../src/layers/mod.ts";
import { assertThrows } from "@std/assert";

Deno.test("quadraticBlock refuses a number of rows that is none", () => {
  const x = new Graph("train").input("x", ["B", 4]);
  assertThrows(() => quadraticBlock(x, { rows: 0 }), RangeError, "rows must be a positive integer, received 0");
});

Deno.test("layers of tokens refuse sizes that they cannot have", () => {
  const graph = new Graph("train");
  assertThrows(
    () => tokenize(graph.input("x", ["B", 4]), { tokens: 0, width: 4 }),
    RangeError,
    "tokens must be a positive integer, received 0",
  );
  assertThrows(() => mixerBlock(graph.input("h", ["B", 4, 6])), TypeError, "M a multiple of T, received [B, 4, 6]");
});
