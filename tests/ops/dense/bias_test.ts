import { addBias } from "../../../src/ops/dense/bias.ts";
import { checkOp } from "../../support.ts";

for (const [batch, rows, width] of [[37, 37, 17], [1, 1, 1], [130, 70, 1], [64, 64, 6]]) {
  Deno.test(`add_bias adds to each row and sums its gradient when B is ${batch}, ${rows} valid, N ${width}`, () =>
    checkOp({
      inputs: { x: ["B", width], b: [width] },
      batch,
      rows,
      build: ({ x, b }) => addBias(x, b),
      reference: ({ x, b }) => x.map((value, i) => value + b[i % width]),
    }));
}
