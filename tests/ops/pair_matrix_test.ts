import { matrixElements, matrixProduct, matrixSum } from "../../src/ops/pair_matrix.ts";
import { Graph } from "../../src/graph/graph.ts";
import { assertThrows } from "../../src/std.ts";
import { groupSums, matrixElementsReference } from "../reference/pairs.ts";
import { checkOp } from "../support.ts";

Deno.test("the kernels for GPUs compute the same gradient of products through matrices", () =>
  checkOp({
    inputs: { e: ["B", 5, 8], w: [10, 8, 8] },
    batch: 37,
    software: false,
    build: ({ e, w }) => matrixElements(e, w),
    reference: ({ e, w }) => matrixElementsReference(e, 5, 8, w),
  }));

for (const [batch, fields, dim] of [[37, 5, 8], [5, 3, 17], [1, 2, 1], [9, 4, 10], [2, 12, 4]]) {
  const pairs = fields * (fields - 1) / 2;
  const sizes = `batch ${batch}, ${fields} fields, D ${dim}`;
  const inputs = { e: ["B", fields, dim] as const, w: [pairs, dim, dim] };

  Deno.test(`products through matrices and their gradients match the reference at ${sizes}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ e, w }) => matrixProduct(e, w),
      reference: ({ e, w }) => groupSums(matrixElementsReference(e, fields, dim, w), dim),
    }));

  Deno.test(`the sum of products through matrices matches the reference at ${sizes}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ e, w }) => matrixSum(e, w),
      reference: ({ e, w }) => groupSums(matrixElementsReference(e, fields, dim, w), dim * pairs),
    }));

  Deno.test(`element products through matrices match the reference at ${sizes}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ e, w }) => matrixElements(e, w),
      reference: ({ e, w }) => matrixElementsReference(e, fields, dim, w),
    }));
}

Deno.test("matrices of another shape are refused", () => {
  const graph = new Graph("train");
  const e = graph.input("e", ["B", 4, 8]);
  assertThrows(
    () => matrixSum(e, graph.input("w", [6, 8])),
    TypeError,
    "Cannot build matrixSum: matrices must have shape [6, 8, 8], received [6, 8]",
  );
});
