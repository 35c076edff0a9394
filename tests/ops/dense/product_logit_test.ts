import { Graph } from "../../../src/graph/graph.ts";
import { productLogit } from "../../../src/ops/dense/product_logit.ts";
import { assertThrows } from "@std/assert";
import { assertClose, checkOp, runOp } from "../../support.ts";

const product = (a: number, b: number): number => -Math.log(Math.exp(-a) + Math.exp(-b) + Math.exp(-a - b));

for (const batch of [1, 37, 130]) {
  Deno.test(`the log-odds of a product of probabilities match the reference in ${batch} rows`, () =>
    checkOp({
      inputs: { a: ["B", 1], b: ["B", 1] },
      batch,
      prepare: { a: (values) => values.map((z) => 6 * z), b: (values) => values.map((z) => 6 * z) },
      build: ({ a, b }) => productLogit(a, b),
      reference: ({ a, b }) => a.map((z, i) => product(z, b[i])),
    }));
}

Deno.test("the log-odds of a product neither overflow nor lose the smaller probability", async () => {
  const [a, b] = [[-200, 200, 200, -60, 40], [-200, 200, -3, 20, 40]];
  const { y, gradients } = await runOp({
    inputs: { a: ["B", 1], b: ["B", 1] },
    batch: 5,
    prepare: { a: () => Float64Array.from(a), b: () => Float64Array.from(b) },
    build: ({ a, b }) => productLogit(a, b),
  });
  assertClose(y, [-400, 200 - Math.LN2, -3, -60, 40 - Math.LN2], "y");
  for (const gradient of gradients.values()) {
    if (!gradient.every(Number.isFinite)) throw new Error(`expected finite gradients, received ${gradient}`);
  }
});

Deno.test("productLogit refuses other shapes", () => {
  const graph = new Graph("train");
  const [a, b] = [graph.input("a", ["B", 1]), graph.input("b", ["B", 2])];
  assertThrows(() => productLogit(a, b), TypeError, "b must have shape [B, 1], received [B, 2]");
});
