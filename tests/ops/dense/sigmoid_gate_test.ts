import { Graph } from "../../../src/graph/graph.ts";
import { sigmoidGate } from "../../../src/ops/dense/sigmoid_gate.ts";
import { assertThrows } from "@std/assert";
import { assertClose, checkOp, runOp } from "../../support.ts";

for (const [batch, width] of [[1, 1], [37, 17], [5, 12], [130, 6]]) {
  Deno.test(`gates of [${batch}, ${width}] match the reference and central differences`, () =>
    checkOp({
      inputs: { x: ["B", width], z: ["B", width] },
      batch,
      prepare: { z: (values) => values.map((z) => 5 * z) },
      build: ({ x, z }) => sigmoidGate(x, z),
      reference: ({ x, z }) => x.map((value, i) => 2 * value / (1 + Math.exp(-z[i]))),
    }));
}

Deno.test("gates neither overflow nor open at large log-odds", async () => {
  const { y } = await runOp({
    inputs: { x: ["B", 1], z: ["B", 1] },
    batch: 2,
    prepare: { x: () => Float64Array.of(3, 3), z: () => Float64Array.of(-500, 500) },
    build: ({ x, z }) => sigmoidGate(x, z),
  });
  assertClose(y, [0, 6], "y");
});

Deno.test("sigmoidGate refuses other shapes", () => {
  const graph = new Graph("train");
  const [x, z] = [graph.input("x", ["B", 2]), graph.input("z", [2])];
  assertThrows(() => sigmoidGate(x, z), TypeError, "z must have shape [B, 2], received [2]");
});
