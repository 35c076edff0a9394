import { Graph } from "../../../src/graph/graph.ts";
import { crossMask } from "../../../src/ops/interaction/cross_mask.ts";
import { assertThrows } from "@std/assert";
import { crossMaskReference } from "../../reference/cross_mask.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim] of [[7, 5, 4], [3, 2, 34], [1, 1, 2], [70, 3, 6]]) {
  Deno.test(`masked crosses match the reference at batch ${batch}, ${fields} fields, D ${dim}`, () => {
    const [whole, half] = [fields * dim, fields * dim / 2];
    return checkOp({
      inputs: { x0: ["B", fields, dim], x: ["B", fields, dim], c: ["B", half], m: ["B", half], b: [whole] },
      batch,
      build: ({ x0, x, c, m, b }) => crossMask(x0, x, c, m, b),
      reference: ({ x0, x, c, m, b }) => crossMaskReference({ x0, x, c, m, b }, dim),
    });
  });
}

Deno.test("crossMask refuses fields of odd width", () => {
  const graph = new Graph("train");
  const [x, c, b] = [graph.input("x", ["B", 2, 3]), graph.input("c", ["B", 3]), graph.input("b", [6])];
  assertThrows(() => crossMask(x, x, c, c, b), TypeError, "received [B, 2, 3], [B, 2, 3], [B, 3], [B, 3], [6]");
});
