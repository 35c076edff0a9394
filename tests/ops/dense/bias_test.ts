import { Graph } from "../../../src/graph/graph.ts";
import { addBias } from "../../../src/ops/dense/bias.ts";
import { assertThrows } from "@std/assert";
import { checkOp } from "../../support.ts";

for (const [batch, rows, width] of [[37, 37, 17], [1, 1, 1], [130, 70, 1], [64, 64, 6]]) {
  Deno.test(`add_bias adds to each row and sums its gradient when B is ${batch}, ${rows} valid, N ${width}`, () =>
    checkOp({
      inputs: { x: ["B", width], b: [width] },
      batch,
      rows,
      build: ({ x, b }) => addBias(x, b),
      reference: ({ x, b }) => x.map((value, i) => value + b[i % width]),
    }));
}

for (
  const [batch, rows, fields, width] of [[37, 37, 3, 17], [9, 5, 4, 6], [5, 3, 7, 2], [1, 1, 1, 1], [110, 100, 3, 6]]
) {
  for (const software of [true, false]) {
    const device = software ? "processor" : "GPU";
    Deno.test(`add_bias on a ${device} adds to each of ${fields} fields when B is ${batch}, ${rows} valid, N ${width}`, () =>
      checkOp({
        inputs: { x: ["B", fields, width], b: [width] },
        batch,
        rows,
        software,
        build: ({ x, b }) => addBias(x, b),
        reference: ({ x, b }) => x.map((value, i) => value + b[i % width]),
      }));
  }
}

Deno.test("add_bias refuses a bias of another width", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 3, 4]);
  assertThrows(() => addBias(x, graph.input("b", [3])), TypeError, "must have shape [12] or [4], received [3]");
});
