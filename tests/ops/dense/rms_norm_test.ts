import { Graph } from "../../../src/graph/graph.ts";
import { rmsNorm } from "../../../src/ops/dense/rms_norm.ts";
import { assertThrows } from "@std/assert";
import { checkOp } from "../../support.ts";

const EPS = 1e-6;

for (const software of [true, false]) {
  const adapter = software ? "software adapters" : "GPUs";
  for (const [batch, places, width, rows] of [[1, 1, 2, 1], [37, 1, 17, 30], [5, 3, 6, 5], [8, 1, 40, 8]]) {
    Deno.test(`rmsNorm of [${batch}, ${places}, ${width}] on ${adapter} matches its reference and differences`, () =>
      checkOp({
        inputs: { x: ["B", places, width], gamma: [width] },
        ...{ batch, rows, software },
        build: ({ x, gamma }) => rmsNorm(x, gamma, EPS),
        reference: ({ x, gamma }) =>
          x.map((value, i) => {
            const row = x.subarray(i - i % width, i - i % width + width);
            const mean = row.reduce((sum, other) => sum + other * other, 0) / width;
            return gamma[i % width] * value / Math.sqrt(mean + EPS);
          }),
        rtol: 5e-5,
      }));
  }
}

Deno.test("rmsNorm refuses a scale of another width", () => {
  const graph = new Graph("train");
  const [x, gamma] = [graph.input("x", ["B", 4]), graph.input("gamma", [3])];
  assertThrows(() => rmsNorm(x, gamma), TypeError, "must have shape [4], received [3]");
});
