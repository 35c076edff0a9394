import { Graph } from "../../../src/graph/graph.ts";
import { thirdOrder } from "../../../src/ops/interaction/third_order.ts";
import { assertThrows } from "@std/assert";
import { thirdOrderReference } from "../../reference/third_order.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim] of [[37, 7, 16], [37, 5, 17], [1, 1, 1], [9, 3, 10], [3, 12, 20]]) {
  Deno.test(`third-order products match the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs: { e: ["B", fields, dim] },
      batch,
      build: ({ e }) => thirdOrder(e),
      reference: ({ e }) => thirdOrderReference(e, fields, dim),
    }));
}

Deno.test("third-order products refuse an input that is not [B, F, D]", () => {
  const graph = new Graph("train");
  assertThrows(
    () => thirdOrder(graph.input("e", ["B", 64])),
    TypeError,
    "Cannot build thirdOrder: input must have shape [B, F, D], received [B, 64]",
  );
});
