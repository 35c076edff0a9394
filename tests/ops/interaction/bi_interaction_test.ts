import { biInteraction } from "../../../src/ops/interaction/bi_interaction.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertThrows } from "@std/assert";
import { biInteractionReference } from "../../reference/pairs.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim] of [[37, 7, 16], [37, 5, 17], [1, 1, 1], [9, 2, 10], [3, 39, 20]]) {
  Deno.test(`bi-interaction and its gradient match the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs: { e: ["B", fields, dim] },
      batch,
      build: ({ e }) => biInteraction(e),
      reference: ({ e }) => biInteractionReference(e, fields, dim),
    }));
}

Deno.test("bi-interaction refuses an input that is not [B, F, D]", () => {
  const graph = new Graph("train");
  assertThrows(
    () => biInteraction(graph.input("e", ["B", 64])),
    TypeError,
    "Cannot build biInteraction: input must have shape [B, F, D], received [B, 64]",
  );
});
