import { Graph } from "../../../src/graph/graph.ts";
import { crossLayer, crossMatrix } from "../../../src/ops/interaction/cross_matrix.ts";
import { dense } from "../../../src/ops/dense/dense.ts";
import { matmul } from "../../../src/ops/dense/matmul.ts";
import { assertThrows } from "@std/assert";
import { crossMatrix as reference } from "../../reference/cross.ts";
import { checkOp } from "../../support.ts";

for (const [batch, width] of [[1, 1], [37, 17], [5, 6], [6, 20]]) {
  const weights = (values: Float64Array): Float64Array => values.map((value) => value / Math.sqrt(width));
  const shapes = { x: ["B", width], w: [width, width], bias: [width] } as const;

  Deno.test(`two matrix cross layers of [${batch}, ${width}] match their reference and central differences`, () =>
    checkOp({
      inputs: shapes,
      batch,
      prepare: { w: weights },
      build: ({ x, w, bias }) => {
        const first = crossMatrix(x, x, dense(x, w, bias));
        return crossMatrix(x, first, dense(first, w, bias));
      },
      reference: ({ x, w, bias }) => reference(x, reference(x, x, w, bias), w, bias),
    }));

  Deno.test(`a gated cross layer of [${batch}, ${width}] matches its reference and central differences`, () =>
    checkOp({
      inputs: { ...shapes, y: ["B", width], g: [width, width] },
      batch,
      prepare: { w: weights, g: weights },
      build: ({ x, y, w, bias, g }) => crossMatrix(x, y, dense(y, w, bias), matmul(y, g)),
      reference: ({ x, y, w, bias, g }) => reference(x, y, w, bias, g),
    }));
}

for (const [batch, width] of [[1, 4], [37, 20], [70, 36], [5, 17]]) {
  Deno.test(`two fused cross layers of [${batch}, ${width}] match their reference`, () =>
    checkOp({
      inputs: { x: ["B", width], w: [width, width], bias: [width] },
      batch,
      prepare: { w: (values) => values.map((value) => value / Math.sqrt(width)) },
      build: ({ x, w, bias }) => crossLayer(x, crossLayer(x, x, w, bias), w, bias),
      reference: ({ x, w, bias }) => reference(x, reference(x, x, w, bias), w, bias),
    }));
}

Deno.test("crossMatrix refuses inputs of other shapes", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 4]);
  assertThrows(() => crossMatrix(x, x, graph.input("z", ["B", 5])), TypeError, "received [B, 5]");
});
