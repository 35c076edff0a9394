import { Graph } from "../../../src/graph/graph.ts";
import { project } from "../../../src/ops/sequence/projections.ts";
import { assert, assertThrows } from "@std/assert";
import { matmulReference } from "../../reference/matmul.ts";
import { assertClose, checkOp, runOp } from "../../support.ts";

for (const software of [undefined, false]) {
  for (const widths of [[6, 6, 6], [8, 8, 8, 8], [4, 2], [3, 5, 1]]) {
    const where = software === false ? "by the kernels for GPUs" : "by those that suit the device";
    Deno.test(`projections to [${widths}] columns ${where} match the reference`, () =>
      checkOp({
        inputs: { x: ["B", 3, 5], ...Object.fromEntries(widths.map((width, i) => [`w${i}`, [5, width]])) },
        batch: 11,
        software,
        build: ({ x, ...weights }) => project(x, ...Object.values(weights)),
        reference: ({ x, ...weights }) => {
          const parts = Object.values(weights).map((w, i) => matmulReference(x, w, [33, 5, widths[i]]));
          const row = (r: number) => parts.flatMap((y, i) => [...y.slice(r * widths[i], (r + 1) * widths[i])]);
          return Float64Array.from(Array.from({ length: 33 }, (_, r) => row(r)).flat());
        },
      }));
  }
}

for (const widths of [[16, 16, 16], [2, 2, 2, 2]]) {
  Deno.test(`gradients of projections to [${widths}] columns are summed over splits of many rows`, async () => {
    const run = (software: boolean | undefined) =>
      runOp({
        inputs: { x: ["B", 3, 8], ...Object.fromEntries(widths.map((width, i) => [`w${i}`, [8, width]])) },
        batch: 1000,
        software,
        build: ({ x, ...weights }) => project(x, ...Object.values(weights)),
      });
    const [expected, actual] = [await run(undefined), await run(false)];
    for (const [name, gradient] of expected.gradients) assertClose(actual.gradients.get(name)!, gradient, `d${name}`);
    assert(actual.labels.includes(`matmul_splits.sum_apart${widths.length}`));
  });
}

Deno.test("projections refuse weights of other rows", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 3, 5]);
  assertThrows(
    () => project(x, graph.input("w", [5, 2]), graph.input("v", [4, 2])),
    TypeError,
    "Cannot build project: weights must have shape [5, N], received [4, 2]",
  );
});
