import { withAuxiliary } from "../../../src/ops/train/auxiliary.ts";
import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { assertClose, runOp } from "../../support.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

for (const [batch, rows] of [[1, 1], [70, 70], [70, 65]]) {
  Deno.test(`a second logit of ${rows} rows in a batch of ${batch} has the gradient of its own cross-entropy`, async () => {
    const logits = Array.from({ length: batch }, (_, b) => Math.fround(3 * Math.sin(b)));
    const labels = logits.map((_, b) => Number(b % 3 === 0));
    const slopes = logits.map((z, b) => b < rows ? (sigmoid(z ** 2) - labels[b]) / rows : 0);
    const { values, gradients } = await runOp({
      inputs: { z: ["B", 1], a: ["B", 1] },
      ...{ batch, rows },
      prepare: { z: () => Float64Array.from(logits), a: (drawn) => drawn.map((value) => 4 * value) },
      upstream: slopes,
      build: ({ z, a }) => withAuxiliary(multiply(z, z), multiply(a, a), 0.5),
    });
    const expected = Array.from(values.a, (a, b) => b < rows ? (sigmoid(a ** 2) - labels[b]) / rows * a : 0);
    assertClose(gradients.get("a")!, expected, "da", { rtol: 2e-5, atol: 1e-8 });
    assertClose(gradients.get("z")!, logits.map((z, b) => 2 * z * slopes[b]), "dz", { rtol: 2e-5, atol: 1e-8 });
  });
}

Deno.test("a prediction does not compute a second logit, and one of another shape is refused", () => {
  const graph = new Graph("predict");
  const [z, wide] = [graph.input("z", ["B", 1]), graph.input("wide", ["B", 2])];
  assertEquals(withAuxiliary(z, wide), z);
  const training = new Graph("train");
  const [y, broad] = [training.input("y", ["B", 1]), training.input("broad", ["B", 2])];
  assertThrows(() => withAuxiliary(y, broad), TypeError, "logits must have shape [B, 1], received [B, 2]");
});
