import { Graph } from "../../../src/graph/graph.ts";
import { batchMatmul, batchMatmulNt, batchMatmulTn } from "../../../src/ops/dense/batch_matmul.ts";
import { assertThrows } from "@std/assert";
import { batchMatmulReference } from "../../reference/batch_matmul.ts";
import { checkOp } from "../../support.ts";

for (
  const [batch, m, n, k] of [[3, 5, 6, 7], [5, 1, 9, 4], [1, 1, 1, 1], [4, 8, 3, 2], [5, 20, 24, 5], [2, 33, 30, 11]]
) {
  const label = `of ${m} x ${k} by ${k} x ${n} at batch ${batch}`;
  Deno.test(`products for each sample match the reference, ${label}`, () =>
    checkOp({
      inputs: { a: ["B", m, k], b: ["B", k, n] },
      batch,
      build: ({ a, b }) => batchMatmul(a, b),
      reference: ({ a, b }) => batchMatmulReference(a, b, { m, n, k }),
    }));
  Deno.test(`products with a transposed right factor match the reference, ${label}`, () =>
    checkOp({
      inputs: { a: ["B", m, k], b: ["B", n, k] },
      batch,
      build: ({ a, b }) => batchMatmulNt(a, b),
      reference: ({ a, b }) => batchMatmulReference(a, b, { m, n, k, b: "transposed" }),
    }));
  Deno.test(`products with a transposed left factor match the reference, ${label}`, () =>
    checkOp({
      inputs: { a: ["B", k, m], b: ["B", k, n] },
      batch,
      build: ({ a, b }) => batchMatmulTn(a, b),
      reference: ({ a, b }) => batchMatmulReference(a, b, { m, n, k, a: "transposed" }),
    }));
}

Deno.test("products for each sample refuse shapes that do not fit", () => {
  const graph = new Graph("train");
  const [a, b, w] = [graph.input("a", ["B", 2, 3]), graph.input("b", ["B", 4, 5]), graph.input("w", [3, 5])];
  assertThrows(() => batchMatmul(a, b), TypeError, "matrices must fit, received [B, 2, 3] and [B, 4, 5]");
  assertThrows(() => batchMatmul(a, w), TypeError, "inputs must have shape [B, M, N], received [3, 5]");
});
