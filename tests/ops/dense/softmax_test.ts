import { softmax } from "../../../src/ops/dense/softmax.ts";
import { checkOp } from "../../support.ts";

function reference(x: Float64Array, width: number): Float64Array {
  return x.map((value, i) => {
    const row = x.subarray(i - i % width, i - i % width + width);
    return 1 / row.reduce((sum, other) => sum + Math.exp(other - value), 0);
  });
}

for (const [batch, fields, width] of [[1, 1, 1], [37, 1, 17], [5, 3, 17], [8, 1, 39]]) {
  Deno.test(`softmax of [${batch}, ${fields}, ${width}] matches its reference and central differences`, () =>
    checkOp({
      inputs: { x: ["B", fields, width] },
      batch,
      prepare: { x: (values) => values.map((value) => 4 * value) },
      build: ({ x }) => softmax(x),
      reference: ({ x }) => reference(x, width),
    }));
}

Deno.test("softmax does not overflow at large inputs", () =>
  checkOp({
    inputs: { x: ["B", 3] },
    batch: 2,
    prepare: { x: () => Float64Array.of(500, 499, -500, -300, -301, -302) },
    build: ({ x }) => softmax(x),
    reference: ({ x }) => reference(x, 3),
  }));
