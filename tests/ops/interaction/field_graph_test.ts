import { Graph } from "../../../src/graph/graph.ts";
import { fieldGraph } from "../../../src/ops/interaction/field_graph.ts";
import { assertThrows } from "@std/assert";
import { fieldGraphReference } from "../../reference/field_graph.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, slope] of [[7, 5, 0.01], [3, 9, 0.2], [1, 1, 0.01], [70, 2, 0.01]]) {
  Deno.test(`edges of ${fields} fields match the reference at batch ${batch}, slope ${slope}`, () =>
    checkOp({
      inputs: { s: ["B", fields, 2] },
      batch,
      prepare: { s: (values) => values.map((value) => 2 * value) },
      build: ({ s }) => fieldGraph(s, slope),
      reference: ({ s }) => fieldGraphReference(s, fields, slope),
    }));
}

Deno.test("fieldGraph refuses scores that are not in pairs", () => {
  const s = new Graph("train").input("s", ["B", 3, 4]);
  assertThrows(() => fieldGraph(s), TypeError, "scores must have shape [B, F, 2], received [B, 3, 4]");
});
