import { Graph } from "../../../src/graph/graph.ts";
import { crossByVector } from "../../../src/ops/interaction/cross_step.ts";
import { assertThrows } from "@std/assert";
import { crossStep } from "../../reference/cross.ts";
import { checkOp } from "../../support.ts";

for (const [batch, width] of [[37, 8], [5, 70], [1, 1], [9, 17]]) {
  const inputs = { x0: ["B", width], x: ["B", width], w: [width, 1], bias: [width] } as const;
  Deno.test(`rows of ${width} crossed with others by a vector match the reference at batch ${batch}`, () =>
    checkOp({
      inputs,
      batch,
      rows: Math.max(1, batch - 1),
      build: ({ x0, x, w, bias }) => crossByVector(x0, x, w, bias),
      reference: ({ x0, x, w, bias }) => crossStep(x0, x, w, bias),
    }));
}

Deno.test("rows crossed with themselves by a vector match the reference", () =>
  checkOp({
    inputs: { x: ["B", 6], w: [6, 1], bias: [6] },
    batch: 7,
    build: ({ x, w, bias }) => crossByVector(x, x, w, bias),
    reference: ({ x, w, bias }) => crossStep(x, x, w, bias),
  }));

Deno.test("a cross by a vector of another width is refused", () => {
  const graph = new Graph("train");
  const [x, w, bias] = [graph.input("x", ["B", 4]), graph.input("w", [3, 1]), graph.input("bias", [4])];
  assertThrows(() => crossByVector(x, x, w, bias), TypeError, "received [B, 4], [B, 4], [3, 1], [4]");
});
