import { Graph } from "../../../src/graph/graph.ts";
import { attendFields } from "../../../src/ops/interaction/attend_fields.ts";
import { assertThrows } from "@std/assert";
import { attendFieldsReference } from "../../reference/attend_fields.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim, heads] of [[5, 6, 8, 1], [3, 4, 12, 3], [2, 3, 17, 1], [1, 1, 1, 1], [7, 3, 6, 2]]) {
  Deno.test(`fields pooled by ${heads} heads match the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs: { x: ["B", fields, dim], s: ["B", fields, heads] },
      batch,
      prepare: { s: (values) => values.map((value) => 3 * value) },
      build: ({ x, s }) => attendFields(x, s).pooled,
      reference: ({ x, s }) => attendFieldsReference(x, s, { fields, dim, heads }),
    }));
}

Deno.test("scores so high that their exponentials overflow pool as well", () =>
  checkOp({
    inputs: { x: ["B", 3, 4], s: ["B", 3, 1] },
    batch: 4,
    prepare: { s: (values) => values.map((value) => 200 + value) },
    build: ({ x, s }) => attendFields(x, s).pooled,
    reference: ({ x, s }) => attendFieldsReference(x, s.map((value) => value - 200), { fields: 3, dim: 4, heads: 1 }),
    // Scores near 200 are multiples of 1.5e-5.
    rtol: 5e-5,
  }));

Deno.test("attendFields refuses scores of other fields, and heads that do not divide the columns", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 3, 4]);
  assertThrows(() => attendFields(x, graph.input("s", ["B", 2, 1])), TypeError, "received [B, 2, 1]");
  assertThrows(() => attendFields(x, graph.input("t", ["B", 3, 3])), RangeError, "heads must divide 4 columns");
});
