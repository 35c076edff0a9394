import { Graph } from "../../../src/graph/graph.ts";
import { matmul } from "../../../src/ops/dense/matmul.ts";
import { circulant, circularProducts } from "../../../src/ops/interaction/circular.ts";
import { assertThrows } from "@std/assert";
import { circularProduct, circularProducts as reference } from "../../reference/circular.ts";
import { checkOp } from "../../support.ts";

for (const kind of ["correlation", "convolution"] as const) {
  for (const [batch, fields, dim] of [[7, 5, 8], [3, 3, 17], [1, 2, 1], [2, 4, 12], [3, 3, 4], [1, 3, 32]]) {
    Deno.test(`pairs joined by ${kind} match the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
      checkOp({
        inputs: { e: ["B", fields, dim] },
        batch,
        build: ({ e }) => circularProducts(e, kind),
        reference: ({ e }) => reference(e, fields, dim, kind),
      }));
  }
  for (const dim of [1, 5, 8]) {
    Deno.test(`a row times the matrix of a ${kind} matches the reference at D ${dim}`, () =>
      checkOp({
        inputs: { a: ["B", dim], w: [dim] },
        batch: 7,
        build: ({ a, w }) => matmul(a, circulant(w, kind)),
        reference: ({ a, w }) => {
          // (a C)[m] is the weighted sum of the product of a with the m-th unit vector.
          const unit = (m: number): Float64Array => Float64Array.from({ length: dim }, (_, i) => Number(i === m));
          return a.map((_, i) => {
            const row = a.subarray(i - i % dim, i - i % dim + dim);
            return circularProduct(row, unit(i % dim), kind).reduce((sum, value, n) => sum + w[n] * value, 0);
          });
        },
      }));
  }
}

Deno.test("circulant refuses a matrix of weights", () => {
  const w = new Graph("train").input("w", [3, 4]);
  assertThrows(() => circulant(w, "convolution"), TypeError, "weights must have shape [D], received [3, 4]");
});
