import { Graph } from "../../../src/graph/graph.ts";
import { gatedExperts } from "../../../src/ops/dense/gated_experts.ts";
import { assertThrows } from "@std/assert";
import { gatedExpertsReference } from "../../reference/gated_experts.ts";
import { checkOp } from "../../support.ts";

for (const [batch, experts, rank] of [[37, 4, 8], [5, 1, 3], [9, 3, 6], [2, 70, 5], [1, 40, 1]]) {
  Deno.test(`${experts} gated experts of rank ${rank} match their reference at batch ${batch}`, () =>
    checkOp({
      inputs: { z: ["B", experts], c: ["B", experts * rank] },
      batch,
      rows: Math.max(1, batch - 1),
      prepare: { z: (values) => values.map((value) => 3 * value) },
      build: ({ z, c }) => gatedExperts(z, c).y,
      reference: ({ z, c }) => gatedExpertsReference(z, c, experts),
    }));
}

Deno.test("gated experts that do not divide the columns are refused", () => {
  const graph = new Graph("train");
  const [z, c] = [graph.input("z", ["B", 3]), graph.input("c", ["B", 8])];
  assertThrows(() => gatedExperts(z, c), TypeError, "shapes [B, K] and [B, K R], received [B, 3] and [B, 8]");
});
