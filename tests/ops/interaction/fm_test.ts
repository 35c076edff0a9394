import { assertThrows } from "@std/assert";
import { Graph } from "../../../src/graph/graph.ts";
import { fm } from "../../../src/ops/interaction/fm.ts";
import { fmReference } from "../../reference/fm.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim] of [[37, 7, 16], [37, 7, 10], [37, 5, 17], [1, 1, 1], [9, 2, 64], [3, 39, 4]]) {
  Deno.test(`fm and its gradient match the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs: { e: ["B", fields, dim] },
      batch,
      build: ({ e }) => fm(e),
      reference: ({ e }) => fmReference(e, fields, dim),
    }));
}

Deno.test("fm refuses an input that is not [B, F, D]", () => {
  const graph = new Graph("train");
  assertThrows(
    () => fm(graph.input("e", ["B", 64])),
    TypeError,
    "Cannot build fm: input must have shape [B, F, D], received [B, 64]",
  );
});
