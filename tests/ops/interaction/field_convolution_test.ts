import { assertThrows } from "@std/assert";
import { Graph } from "../../../src/graph/graph.ts";
import { fieldConvolution } from "../../../src/ops/interaction/field_convolution.ts";
import { convolutionReference } from "../../reference/field_convolution.ts";
import { checkOp } from "../../support.ts";

const cases = [
  { batch: 2, channels: 3, rows: 3, kernel: 5, outs: 17, padding: 2, dim: 4 },
  { batch: 130, channels: 1, rows: 4, kernel: 5, outs: 9, padding: 2, dim: 4 },
  { batch: 37, channels: 1, rows: 5, kernel: 3, outs: 3, padding: 1, dim: 4 },
  { batch: 3, channels: 3, rows: 7, kernel: 5, outs: 9, padding: 4, dim: 17 },
  { batch: 2, channels: 2, rows: 4, kernel: 4, outs: 18, padding: 0, dim: 8 },
  { batch: 1, channels: 1, rows: 1, kernel: 1, outs: 1, padding: 0, dim: 1 },
  { batch: 2, channels: 2, rows: 1, kernel: 3, outs: 5, padding: 1, dim: 10 },
];

for (const { batch, ...sizes } of cases) {
  const { channels, rows, kernel, outs, padding, dim } = sizes;
  const shape = `${channels} x ${rows} x ${dim}`;
  Deno.test(`convolution of ${shape} by ${kernel} to ${outs}, padding ${padding} matches`, () =>
    checkOp({
      inputs: { x: ["B", channels * rows, dim], w: [channels * kernel, outs], bias: [outs] },
      batch,
      build: ({ x, w, bias }) => fieldConvolution(x, w, bias, { channels, padding }),
      reference: ({ x, w, bias }) => convolutionReference(x, w, bias, sizes),
    }));
}

Deno.test("convolution refuses kernels and channels that do not fit", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 6, 4]);
  const w = graph.input("w", [8, 3]);
  assertThrows(() => fieldConvolution(x, w, undefined, { channels: 2, padding: 0 }), RangeError, "received 4");
  assertThrows(
    () => fieldConvolution(x, w, undefined, { channels: 4, padding: 0 }),
    TypeError,
    "4 channels must divide",
  );
});
