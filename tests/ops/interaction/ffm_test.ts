import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import { ffm, ffmProducts, inverseNorm } from "../../../src/ops/interaction/ffm.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertThrows } from "@std/assert";
import { ffmProductsReference, ffmReference } from "../../reference/ffm.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim] of [[37, 5, 4], [5, 4, 17], [1, 2, 1], [3, 9, 10], [2, 6, 20]]) {
  Deno.test(`ffm and its gradient match the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs: { v: ["B", fields, (fields - 1) * dim] },
      batch,
      build: ({ v }) => ffm(v),
      reference: ({ v }) => ffmReference(v, fields, dim),
    }));
  Deno.test(`the products of ffm match the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs: { v: ["B", fields, (fields - 1) * dim] },
      batch,
      build: ({ v }) => ffmProducts(v),
      reference: ({ v }) => ffmProductsReference(v, fields, dim),
    }));
}

for (const batch of [1, 37]) {
  Deno.test(`the inverse norm scales the samples of a batch of ${batch}, and is 0 for empty ones`, () =>
    checkOp({
      inputs: { x: ["B", 1], values: [3, "B"] },
      batch,
      prepare: { values: (values) => values.map((value, i) => (i % batch === batch - 1 ? 0 : value)) },
      build: ({ x, values }) => multiply(x, inverseNorm(values)),
      reference: ({ x, values }) =>
        x.map((value, b) => {
          const norm = values[b] ** 2 + values[batch + b] ** 2 + values[2 * batch + b] ** 2;
          return norm > 0 ? value / norm : 0;
        }),
    }));
}

Deno.test("ffm refuses a width that its fields do not divide", () => {
  const graph = new Graph("train");
  assertThrows(
    () => ffm(graph.input("v", ["B", 4, 8])),
    TypeError,
    "Cannot build ffm: input must have shape [B, 4, 3 D], received [B, 4, 8]",
  );
});
