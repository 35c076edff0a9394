import { Graph } from "../../../src/graph/graph.ts";
import { symmetricSums } from "../../../src/ops/interaction/symmetric_sums.ts";
import { assertThrows } from "@std/assert";
import { symmetricSumsReference } from "../../reference/symmetric_sums.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim, order] of [[3, 6, 8, 4], [5, 5, 7, 5], [1, 1, 1, 1], [9, 3, 10, 4], [3, 4, 2, 1]]) {
  const label = `order ${order}, batch ${batch}, ${fields} fields, D ${dim}`;
  Deno.test(`symmetric sums match the reference at ${label}`, () =>
    checkOp({
      inputs: { e: ["B", fields, dim] },
      batch,
      build: ({ e }) => symmetricSums(e, order),
      reference: ({ e }) => symmetricSumsReference(e, fields, dim, order),
    }));
}

Deno.test("symmetric sums refuse an order of 0", () => {
  const e = new Graph("train").input("e", ["B", 3, 4]);
  assertThrows(() => symmetricSums(e, 0), RangeError, "the order must be 1 to 8, received 0");
});
