import { hyperboloid } from "../../../src/ops/interaction/hyperboloid.ts";
import { checkOp } from "../../support.ts";

for (const [batch, fields, dim] of [[7, 6, 8], [5, 3, 17], [1, 1, 1], [9, 3, 10]]) {
  const root = (e: Float64Array, row: number): number =>
    Math.sqrt(1 + e.subarray(row * dim, row * dim + dim).reduce((sum, value) => sum + value * value, 0));
  const inputs = { e: ["B", fields, dim] as const };
  Deno.test(`space on the hyperboloid matches the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ e }) => hyperboloid(e).space,
      reference: ({ e }) => e.map((value, i) => value / root(e, Math.floor(i / dim))),
    }));
  Deno.test(`time on the hyperboloid matches the reference at batch ${batch}, ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ e }) => hyperboloid(e).time,
      reference: ({ e }) => Float64Array.from({ length: e.length / dim }, (_, row) => 1 - 1 / root(e, row)),
    }));
}
