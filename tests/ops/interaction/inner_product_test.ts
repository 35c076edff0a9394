import { innerProduct, pairSum } from "../../../src/ops/interaction/inner_product.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertThrows } from "@std/assert";
import { groupSums, innerProductReference } from "../../reference/pairs.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim] of [[37, 7, 16], [37, 5, 17], [1, 2, 1], [9, 3, 10], [2, 39, 4], [5, 6, 20]]) {
  const pairs = fields * (fields - 1) / 2;
  const sizes = `batch ${batch}, ${fields} fields, D ${dim}`;

  Deno.test(`inner products and their gradient match the reference at ${sizes}`, () =>
    checkOp({
      inputs: { e: ["B", fields, dim] },
      batch,
      build: ({ e }) => innerProduct(e),
      reference: ({ e }) => innerProductReference(e, fields, dim),
    }));

  for (const width of new Set([1, dim])) {
    Deno.test(`products weighted by ${width} numbers and their gradients match the reference at ${sizes}`, () =>
      checkOp({
        inputs: { e: ["B", fields, dim], s: [pairs, width] },
        batch,
        build: ({ e, s }) => innerProduct(e, s),
        reference: ({ e, s }) => innerProductReference(e, fields, dim, s),
      }));

    Deno.test(`the sum of products weighted by ${width} numbers matches the reference at ${sizes}`, () =>
      checkOp({
        inputs: { e: ["B", fields, dim], s: [pairs, width] },
        batch,
        build: ({ e, s }) => pairSum(e, s),
        reference: ({ e, s }) => groupSums(innerProductReference(e, fields, dim, s), pairs),
      }));
  }
}

Deno.test("inner products ignore the padding of a partial batch in the gradient of the strengths", () =>
  checkOp({
    inputs: { e: ["B", 4, 4], s: [6] },
    batch: 37,
    rows: 21,
    build: ({ e, s }) => innerProduct(e, s),
    reference: ({ e, s }) => innerProductReference(e, 4, 4, s),
  }));

Deno.test("inner products refuse one field and strengths of another shape", () => {
  const graph = new Graph("train");
  const e = graph.input("e", ["B", 4, 8]);
  assertThrows(() => innerProduct(graph.input("one", ["B", 1, 8])), RangeError, "at least 2 fields, received 1");
  assertThrows(
    () => pairSum(e, graph.input("s", [5])),
    TypeError,
    "Cannot build pairSum: strengths must have shape [6] or [6, 8], received [5]",
  );
});
