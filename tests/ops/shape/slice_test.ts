import { assertThrows } from "@std/assert";
import { Graph } from "../../../src/graph/graph.ts";
import { rowsOfParameter } from "../../../src/ops/shape/slice.ts";
import { checkOp } from "../../support.ts";

Deno.test("rowsOfParameter takes rows, and their gradient is 0 elsewhere", () =>
  checkOp({
    inputs: { x: [7, 3] },
    batch: 1,
    build: ({ x }) => rowsOfParameter(x, 2, 4),
    reference: ({ x }) => x.slice(6, 18),
  }));

Deno.test("rows of parameters refuse what does not fit", () => {
  const graph = new Graph("train");
  const x = graph.input("x", [7, 3]);
  assertThrows(() => rowsOfParameter(x, 5, 3), RangeError, "has rows 0 to 6, received 5 to 7");
  assertThrows(() => rowsOfParameter(graph.input("y", ["B", 3]), 0, 1), TypeError, "received [B, 3]");
});
