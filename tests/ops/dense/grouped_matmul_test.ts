import { Graph } from "../../../src/graph/graph.ts";
import { groupedMatmul } from "../../../src/ops/dense/grouped_matmul.ts";
import { assertThrows } from "@std/assert";
import { checkOp } from "../../support.ts";

for (
  const [batch, groups, inner, outer, rows] of [
    [1, 1, 1, 1, 1],
    [37, 3, 5, 17, 30],
    [6, 2, 4, 6, 6],
    [70, 2, 3, 8, 70],
    [37, 2, 12, 8, 30],
    [9, 3, 4, 20, 9],
  ]
) {
  Deno.test(`groupedMatmul of [${batch}, ${groups} x ${inner}] to ${groups} x ${outer} matches its reference`, () =>
    checkOp({
      inputs: { x: ["B", groups * inner], w: [groups, inner, outer] },
      batch,
      rows,
      build: ({ x, w }) => groupedMatmul(x, w),
      reference: ({ x, w }) =>
        Float64Array.from({ length: batch * groups * outer }, (_, at) => {
          const [j, g, b] = [at % outer, Math.floor(at / outer) % groups, Math.floor(at / (outer * groups))];
          let sum = 0;
          for (let i = 0; i < inner; i++) sum += x[(b * groups + g) * inner + i] * w[(g * inner + i) * outer + j];
          return sum;
        }),
    }));
}

Deno.test("groupedMatmul refuses a width that its groups do not make up", () => {
  const graph = new Graph("train");
  const [x, w] = [graph.input("x", ["B", 7]), graph.input("w", [2, 3, 4])];
  assertThrows(() => groupedMatmul(x, w), TypeError, "[B, G I] for matrices [G, I, J] of shape [2, 3, 4]");
});
