import { assertEquals, assertThrows } from "@std/assert";
import { differentiate } from "../../../src/graph/autodiff.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { add } from "../../../src/ops/dense/add.ts";
import { largestOfWindows, largestRows } from "../../../src/ops/interaction/field_pooling.ts";
import { largest, poolColumns, windows } from "../../reference/field_pooling.ts";
import { run } from "../../run.ts";
import { checkOp, step } from "../../support.ts";

for (
  const [batch, channels, rows, size, before, dim] of [[37, 2, 5, 2, 1, 4], [3, 1, 5, 3, 1, 17], [1, 1, 1, 1, 0, 1]]
) {
  Deno.test(`largestOfWindows takes the largest of ${size} of ${rows} rows`, () =>
    checkOp({
      inputs: { x: ["B", channels * rows, dim] },
      batch,
      build: ({ x }) => largestOfWindows(x, channels, size),
      reference: ({ x }) =>
        poolColumns(x, { rows, to: Math.ceil(rows / size), dim }, (column) => windows(column, size, before)),
    }));
}

for (
  const [batch, channels, rows, size, dim] of [[37, 2, 5, 3, 4], [3, 1, 9, 9, 17], [1, 1, 1, 1, 1], [2, 2, 19, 7, 3]]
) {
  Deno.test(`largestRows keeps the ${size} largest of ${rows} rows in order`, () =>
    checkOp({
      inputs: { x: ["B", channels * rows, dim] },
      batch,
      build: ({ x }) => largestRows(x, channels, size),
      reference: ({ x }) => poolColumns(x, { rows, to: size, dim }, (column) => largest(column, size)),
    }));
}

Deno.test("largestRows of equal rows keeps the first one and sends it the whole gradient", async () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 4, 1]);
  const y = largestRows(x, 1, 1);
  const dx = differentiate(y, graph.input("dy", y.shape), add).inputs.get(x)!;
  const inputs = { x: Float32Array.of(1, 2, 2, 0), dy: Float32Array.of(5) };
  for (const kernels of ["rows", "eights"]) {
    const bytes = await run([y, dx], { batch: 1, steps: [step(1)], inputs, kernels });
    assertEquals([...new Float32Array(bytes[0])], [2]);
    assertEquals([...new Float32Array(bytes[1])], [0, 5, 0, 0]);
  }
});

Deno.test("largestRows takes equal rows in their order, whichever rows are ranked together", async () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 21, 1]);
  const y = largestRows(x, 1, 10);
  const dx = differentiate(y, graph.input("dy", y.shape), add).inputs.get(x)!;
  const rows = Float32Array.from({ length: 21 }, (_, n) => n * 5 % 4);
  const inputs = { x: rows, dy: Float32Array.from({ length: 10 }, (_, m) => m + 1) };
  const order = [...rows.keys()].sort((n, other) => rows[other] - rows[n] || n - other);
  const kept = order.slice(0, 10).sort((n, other) => n - other);
  for (const kernels of ["rows", "eights"]) {
    const bytes = await run([y, dx], { batch: 1, steps: [step(1)], inputs, kernels });
    assertEquals([...new Float32Array(bytes[0])], kept.map((n) => rows[n]));
    assertEquals([...new Float32Array(bytes[1])], [...rows.keys()].map((n) => kept.indexOf(n) + 1));
  }
});

Deno.test("pooling refuses rows that channels do not divide, and too many rows", () => {
  const x = new Graph("train").input("x", ["B", 6, 4]);
  assertThrows(() => largestOfWindows(x, 4, 2), TypeError, "received 1.5");
  assertThrows(() => largestRows(x, 2, 4), RangeError, "3 rows have no pools of that size, received 4");
});
