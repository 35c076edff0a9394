import { assertThrows } from "@std/assert";
import { Graph } from "../../../src/graph/graph.ts";
import { sideBySide } from "../../../src/ops/shape/side_by_side.ts";
import { checkOp } from "../../support.ts";

for (const software of [true, false]) {
  for (const [rows, ...widths] of [[5, 3, 2], [3, 4, 8, 4], [1, 1, 1]]) {
    const device = software ? "processor" : "GPU";
    Deno.test(`sideBySide on a ${device} joins parameters of ${rows} rows and ${widths} columns`, () =>
      checkOp({
        inputs: Object.fromEntries(widths.map((width, i) => [`p${i}`, [rows, width]])),
        batch: 1,
        software,
        build: (inputs) => sideBySide(...Object.values(inputs)),
        reference: (inputs) =>
          Float64Array.from(
            Array.from(
              { length: rows },
              (_, row) => widths.flatMap((width, i) => [...inputs[`p${i}`].subarray(row * width, (row + 1) * width)]),
            ).flat(),
          ),
      }));
  }
}

Deno.test("sideBySide refuses parameters of different rows", () => {
  const graph = new Graph("train");
  const [a, b] = [graph.input("a", [3, 2]), graph.input("b", [4, 2])];
  assertThrows(() => sideBySide(a, b), TypeError, "parameters must have 3 rows, received [4, 2]");
});
