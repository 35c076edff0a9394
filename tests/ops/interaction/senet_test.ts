import { Graph } from "../../../src/graph/graph.ts";
import { fieldMatrix } from "../../../src/ops/interaction/field_matrix.ts";
import { senet } from "../../../src/ops/interaction/senet.ts";
import { assertThrows } from "@std/assert";
import { fieldMatrixReference, senetReference } from "../../reference/senet.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim, reduced] of [[37, 5, 4, 2], [5, 70, 17, 3], [1, 1, 1, 1], [9, 3, 10, 4]]) {
  const sizes = `batch ${batch}, ${fields} fields, D ${dim}`;

  Deno.test(`gated fields and their gradients match the reference at ${sizes}, ${reduced} hidden`, () =>
    checkOp({
      inputs: { e: ["B", fields, dim], w0: [fields, reduced], w1: [reduced, fields] },
      // Positive numbers keep away from the kinks, where central differences mean nothing; one weight closes a gate.
      prepare: {
        e: (values) => values.map((value) => Math.abs(value) + 0.1),
        w0: (values) => values.map((value, i) => (i % reduced === 1 ? -1 : 1) * (Math.abs(value) + 0.1)),
        w1: (values) => values.map((value, i) => (i % fields === 2 ? -1 : 1) * (Math.abs(value) + 0.1)),
      },
      batch,
      build: ({ e, w0, w1 }) => senet(e, w0, w1).y,
      reference: ({ e, w0, w1 }) => senetReference(e, w0, w1, [fields, dim, reduced]),
    }));

  Deno.test(`fields times matrices and their gradients match the reference at ${sizes}`, () =>
    checkOp({
      inputs: { e: ["B", Math.min(fields, 6), dim], w: [Math.min(fields, 6), dim, dim] },
      batch,
      build: ({ e, w }) => fieldMatrix(e, w),
      reference: ({ e, w }) => fieldMatrixReference(e, w, Math.min(fields, 6), dim),
    }));
}

Deno.test("gates and matrices of other shapes are refused", () => {
  const graph = new Graph("train");
  const e = graph.input("e", ["B", 4, 8]);
  const w = graph.input("w", [4, 2]);
  assertThrows(() => senet(e, w, w), TypeError, "shapes [4, R] and [R, 4], received [4, 2] and [4, 2]");
  assertThrows(() => fieldMatrix(e, w), TypeError, "must have shape [4, 8, 8], received [4, 2]");
});
