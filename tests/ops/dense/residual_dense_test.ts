import { Graph } from "../../../src/graph/graph.ts";
import { rewrite } from "../../../src/graph/rewrite.ts";
import { add } from "../../../src/ops/dense/add.ts";
import { dense } from "../../../src/ops/dense/dense.ts";
import { residualDense } from "../../../src/ops/dense/residual_dense.ts";
import { rewrites } from "../../../src/ops/rewrites.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { denseReference } from "../../reference/dense.ts";
import { checkOp } from "../../support.ts";

for (const [batch, places, k, n, hasBias] of [[37, 1, 8, 12, true], [5, 3, 7, 6, false], [1, 1, 1, 3, true]] as const) {
  Deno.test(`a layer of [${batch}, ${places}, ${k}] to ${n} columns beside a residual matches the reference`, () =>
    checkOp({
      inputs: { r: ["B", places, n], x: ["B", places, k], weight: [k, n], ...(hasBias && { bias: [n] }) },
      batch,
      build: ({ r, x, weight, bias }) => residualDense(r, x, weight, bias),
      reference: ({ r, x, weight, bias }) =>
        denseReference(x, weight, bias, [batch * places, k, n], "none").map((value, i) => r[i] + value),
    }));
}

Deno.test("gradients go back through a relu before a layer beside a residual", () =>
  checkOp({
    inputs: { r: ["B", 6], x: ["B", 8], first: [8, 12], second: [12, 6] },
    batch: 37,
    build: ({ r, x, first, second }) => residualDense(r, dense(x, first, undefined, { activation: "relu" }), second),
    reference: ({ r, x, first, second }) => {
      const hidden = denseReference(x, first, undefined, [37, 8, 12], "relu");
      return denseReference(hidden, second, undefined, [37, 12, 6], "none").map((value, i) => r[i] + value);
    },
  }));

function layer(graph: Graph, x = graph.input("x", ["B", 4])) {
  return dense(x, graph.input("w", [4, 4]), graph.input("b", [4]));
}

Deno.test("rewrites add a residual in the kernel of the layer beside it, on either side", () => {
  for (const isFirst of [true, false]) {
    const graph = new Graph("train");
    const r = graph.input("r", ["B", 4]);
    const [y] = rewrite([isFirst ? add(layer(graph), r) : add(r, layer(graph))], rewrites);
    assertEquals(y.node!.op.name, "residual_dense");
    assertEquals(y.node!.inputs[0].origin, r.origin);
  }
});

Deno.test("rewrites leave a sum alone whose layer is read by another op", () => {
  const graph = new Graph("train");
  const z = layer(graph);
  const [y] = rewrite([add(layer(graph, z), z)], rewrites);
  assertEquals(y.node!.op.name, "residual_dense");
  const [other] = rewrite([add(z, z)], rewrites);
  assertEquals(other.node!.op.name, "add");
});

Deno.test("a residual of another shape is refused", () => {
  const graph = new Graph("train");
  assertThrows(
    () => residualDense(graph.input("r", ["B", 3]), graph.input("x", ["B", 2]), graph.input("w", [2, 4])),
    TypeError,
    "the layer must have the shape [B,3], received [B,4]",
  );
});
