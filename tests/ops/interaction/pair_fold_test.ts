import { Graph } from "../../../src/graph/graph.ts";
import { foldPairs } from "../../../src/ops/interaction/pair_fold.ts";
import { assertThrows } from "@std/assert";
import { eachPair } from "../../reference/pairs.ts";
import { checkOp } from "../../support.ts";

for (const [fields, dim] of [[5, 4], [3, 7], [2, 1]]) {
  const vector = (w: Float64Array, i: number, j: number): Float64Array =>
    w.subarray((i * fields + j) * dim, (i * fields + j + 1) * dim);
  Deno.test(`weights of pairs match the reference at ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs: { w: [fields, fields, dim] },
      batch: 1,
      build: ({ w }) => foldPairs(w).pairs,
      reference: ({ w }) => {
        const folded: number[] = [];
        eachPair(fields, (i, j) => {
          const other = vector(w, j, i);
          folded.push(...vector(w, i, j).map((value, d) => value + other[d]));
        });
        return Float64Array.from(folded);
      },
    }));
  Deno.test(`weights of fields with themselves match the reference at ${fields} fields, D ${dim}`, () =>
    checkOp({
      inputs: { w: [fields, fields, dim] },
      batch: 1,
      build: ({ w }) => foldPairs(w).diagonal,
      reference: ({ w }) => Float64Array.from(Array.from({ length: fields }, (_, i) => [...vector(w, i, i)]).flat()),
    }));
}

Deno.test("foldPairs refuses other shapes", () => {
  const graph = new Graph("train");
  assertThrows(() => foldPairs(graph.input("w", [3, 2, 4])), TypeError, "received [3, 2, 4]");
  assertThrows(() => foldPairs(graph.input("v", [1, 1, 4])), TypeError, "received [1, 1, 4]");
});
