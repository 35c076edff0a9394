import { denseBeside } from "../../../src/ops/dense/dense_beside.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { denseReference } from "../../reference/dense.ts";
import { assertClose, checkOp, type OpRun, runOp } from "../../support.ts";

function layers(batch: number, places: number, k: number, [n0, n1]: readonly number[]): OpRun {
  return {
    inputs: { x: ["B", places, k], w0: [k, n0], b0: [n0], w1: [k, n1], b1: [n1] },
    batch,
    build: ({ x, w0, b0, w1, b1 }) => denseBeside(x, { weights: [w0, w1], biases: [b0, b1] }),
  };
}

for (const [batch, places, k, widths] of [[37, 1, 8, [12, 4]], [5, 3, 7, [6, 5]], [1, 1, 1, [1, 1]]] as const) {
  Deno.test(`layers of ${widths} columns over [${batch}, ${places}, ${k}] match the reference, side by side`, () =>
    checkOp({
      ...layers(batch, places, k, widths),
      reference: ({ x, w0, b0, w1, b1 }) => {
        const rows = batch * places;
        const first = denseReference(x, w0, b0, [rows, k, widths[0]], "none");
        const second = denseReference(x, w1, b1, [rows, k, widths[1]], "none");
        const row = (y: Float64Array, r: number, n: number) => [...y.subarray(r * n, (r + 1) * n)];
        const all = Array.from({ length: rows }, (_, r) => [row(first, r, widths[0]), row(second, r, widths[1])]);
        return Float64Array.from(all.flat(2));
      },
    }));
}

Deno.test("on a GPU two layers take one dispatch forward and three backward, over splits of many rows", async () => {
  const run = layers(1000, 2, 32, [64, 96]);
  const [gpu, other] = [await runOp({ ...run, software: false }), await runOp({ ...run, kernels: "apart" })];
  const product = "matmul.product";
  assertEquals(gpu.labels, [product, product, product, "matmul_splits.sum_beside"]);
  assertClose(gpu.y, other.y, "y");
  for (const [name, gradient] of other.gradients) assertClose(gpu.gradients.get(name)!, gradient, `d${name}`);
});

Deno.test("layers side by side refuse weights of other rows", () => {
  const graph = new Graph("train");
  const [x, w, b] = [graph.input("x", ["B", 3]), graph.input("w", [3, 2]), graph.input("b", [2])];
  assertThrows(
    () => denseBeside(x, { weights: [w, graph.input("v", [4, 2])], biases: [b, b] }),
    TypeError,
    "weight must have shape [3, N], received [4, 2]",
  );
});
