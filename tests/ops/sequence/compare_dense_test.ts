import type { DenseAttributes } from "../../../src/ops/dense/dense.ts";
import { apply } from "../../../src/graph/node.ts";
import { compareDenseOp } from "../../../src/ops/sequence/compare_dense.ts";
import { compare } from "../../reference/history.ts";
import { denseReference as dense } from "../../reference/dense.ts";
import { checkOp } from "../../support.ts";

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
