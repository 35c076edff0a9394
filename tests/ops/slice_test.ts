import { assertThrows } from "@std/assert";
import { Graph } from "../../src/graph/graph.ts";
import { rowsOfParameter, sideBySide } from "../../src/ops/slice.ts";
import { checkOp } from "../support.ts";

Deno.test("rowsOfParameter takes rows, and their gradient is 0 elsewhere", () =>
  checkOp({
    inputs: { x: [7, 3] },
    batch: 1,
    build: ({ x }) => rowsOfParameter(x, 2, 4),
    reference: ({ x }) => x.slice(6, 18),
  }));

for (const software of [undefined, false]) {
  Deno.test(`sideBySide puts parameters into columns${software === false ? " by the kernels for GPUs" : ""}`, () =>
    checkOp({
      inputs: { a: [5, 3], b: [5, 1], c: [5, 4] },
      batch: 1,
      software,
      build: ({ a, b, c }) => sideBySide(a, b, c),
      reference: ({ a, b, c }) =>
        Float64Array.from(
          [0, 1, 2, 3, 4].flatMap((r) => [...a.slice(3 * r, 3 * r + 3), b[r], ...c.slice(4 * r, 4 * r + 4)]),
        ),
    }));
}

Deno.test("rows and columns of parameters refuse what does not fit", () => {
  const graph = new Graph("train");
  const x = graph.input("x", [7, 3]);
  assertThrows(() => rowsOfParameter(x, 5, 3), RangeError, "has rows 0 to 6, received 5 to 7");
  assertThrows(() => rowsOfParameter(graph.input("y", ["B", 3]), 0, 1), TypeError, "received [B, 3]");
  assertThrows(() => sideBySide(x, graph.input("z", [6, 3])), TypeError, "must have 7 rows, received [6, 3]");
});
