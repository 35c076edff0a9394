import { Graph } from "../../../src/graph/graph.ts";
import { gruCell } from "../../../src/ops/sequence/gru_cell.ts";
import { assertThrows } from "@std/assert";
import { gruCellReference } from "../../reference/gru_cell.ts";
import { checkOp } from "../../support.ts";

for (const [batch, rows, width] of [[7, 3, 5], [1, 1, 1], [17, 2, 4]]) {
  Deno.test(`a step of a GRU matches the reference at ${batch} x ${rows} states of width ${width}`, () =>
    checkOp({
      inputs: { a: ["B", rows, 3 * width], c: ["B", rows, 3 * width], h: ["B", rows, width] },
      batch,
      prepare: { a: (values) => values.map((value) => 3 * value) },
      build: ({ a, c, h }) => gruCell(a, c, h),
      reference: ({ a, c, h }) => gruCellReference(a, c, h, width),
    }));
}

Deno.test("gruCell refuses gates of another width", () => {
  const graph = new Graph("train");
  const [a, h] = [graph.input("a", ["B", 3, 8]), graph.input("h", ["B", 3, 4])];
  assertThrows(() => gruCell(a, a, h), TypeError, "gates must have shape [B, 3, 12], received [B, 3, 8]");
});
