import type { DenseAttributes } from "../../../src/ops/dense/dense.ts";
import { apply } from "../../../src/graph/node.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import { compareDenseOp } from "../../../src/ops/sequence/compare_dense.ts";
import { weightedPool } from "../../../src/ops/sequence/weighted_pooling.ts";
import { reshape } from "../../../src/ops/shape/reshape.ts";
import { compare, drawLengths, weightedPool as poolReference } from "../../reference/history.ts";
import { denseReference as dense } from "../../reference/dense.ts";
import { assertEquals } from "@std/assert";
import { checkOp, runOp } from "../../support.ts";

const CASES: [number, number, number, number, DenseAttributes["activation"], boolean][] = [
  [1, 1, 1, 1, "none", false],
  [5, 3, 4, 6, "none", false],
  [37, 2, 4, 5, "relu", false],
  [3, 2, 8, 64, "none", true],
  [2, 3, 3, 4, "sigmoid", true],
];

for (const [batch, places, width, units, activation, byPlace] of CASES) {
  const shape = `[${batch}, ${places}, ${width}]`;
  Deno.test(`${units} units of ${activation} over a target beside a history ${shape} match their reference`, () =>
    checkOp({
      inputs: {
        q: byPlace ? ["B", places, width] : ["B", width],
        x: ["B", places, width],
        w: [4 * width, units],
        bias: [units],
      },
      batch,
      build: ({ q, x, w, bias }) => apply(compareDenseOp, [q, x, w, bias], { activation, dropout: undefined }),
      reference: ({ q, x, w, bias }) =>
        dense(compare({ batch, places, width }, q, x), w, bias, [batch * places, 4 * width, units], activation),
    }));
}

for (const [batch, places, width] of [[5, 4, 3], [37, 2, 8]]) {
  Deno.test(`scores of a history [${batch}, ${places}, ${width}] that weigh its items hand back gradients`, async () => {
    const check = {
      inputs: {
        q: ["B" as const, width],
        x: ["B" as const, places, width],
        w: [4 * width, 1],
        lengths: ["B" as const],
      },
      ...{ integers: ["lengths"], batch },
      prepare: { lengths: drawLengths(places) },
      build: ({ q, x, w, lengths }: Record<string, Tensor>) => {
        const scores = apply(compareDenseOp, [q, x, w], { activation: "none", dropout: undefined });
        return weightedPool(x, reshape(scores, ["B", places]), lengths);
      },
    };
    await checkOp({
      ...check,
      reference: ({ q, x, w, lengths }) => {
        const sizes = { batch, places, width };
        const scores = dense(compare(sizes, q, x), w, undefined, [batch * places, 4 * width, 1], "none");
        return poolReference(sizes, x, scores, lengths);
      },
      atol: 4e-6,
    });
    const { labels } = await runOp(check);
    assertEquals(labels.filter((label) => label.startsWith("compare.")).at(-1), "compare.gradients_and_spread");
    assertEquals(labels.filter((label) => label.startsWith("weighted_pooling.")).slice(1), ["weighted_pooling.dots"]);
  });
}

Deno.test("a comparison adds to the gradient that something else than a weighted sum has by its items", () => {
  const [batch, places, width] = [5, 3, 4];
  return checkOp({
    inputs: { q: ["B", width], x: ["B", places, width], w: [4 * width, width] },
    batch,
    build: ({ q, x, w }) => multiply(x, apply(compareDenseOp, [q, x, w], { activation: "none", dropout: undefined })),
    reference: ({ q, x, w }) =>
      dense(compare({ batch, places, width }, q, x), w, undefined, [batch * places, 4 * width, width], "none")
        .map((value, i) => value * x[i]),
  });
});
