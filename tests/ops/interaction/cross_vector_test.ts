import { Graph } from "../../../src/graph/graph.ts";
import { crossVector } from "../../../src/ops/interaction/cross_vector.ts";
import { assertThrows } from "@std/assert";
import * as reference from "../../reference/cross.ts";
import { checkOp } from "../../support.ts";

for (const software of [true, false]) {
  for (
    const [batch, width, layers, rows] of [[1, 1, 1, 1], [37, 17, 2, 30], [5, 6, 3, 5], [6, 20, 5, 6], [3, 8, 10, 2]]
  ) {
    Deno.test(`crossVector of [${batch}, ${width}] over ${layers} layers equals the recurrence, on ${software ? "a software adapter" : "a GPU"}`, () =>
      checkOp({
        inputs: { x: ["B", width], w: [layers, width], bias: [layers, width] },
        batch,
        rows,
        software,
        prepare: { w: (values) => values.map((value) => value / Math.sqrt(width)) },
        build: ({ x, w, bias }) => crossVector(x, w, bias),
        reference: ({ x, w, bias }) => reference.crossVector(x, w, bias, width),
      }));
  }
}

Deno.test("crossVector refuses parameters of another width", () => {
  const graph = new Graph("train");
  const [x, w, bias] = [graph.input("x", ["B", 4]), graph.input("w", [2, 4]), graph.input("b", [2, 3])];
  assertThrows(() => crossVector(x, w, bias), TypeError, "received [2, 3]");
});
