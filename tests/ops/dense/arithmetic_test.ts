import { Graph } from "../../../src/graph/graph.ts";
import { multiply, rowDot, scale, subtract } from "../../../src/ops/dense/arithmetic.ts";
import { assertThrows } from "@std/assert";
import { checkOp } from "../../support.ts";

for (const batch of [1, 37]) {
  const size = 3 * 17;

  Deno.test(`multiply takes equal shapes, ${batch} rows, and matches central differences`, () =>
    checkOp({
      inputs: { a: ["B", 3, 17], b: ["B", 3, 17] },
      batch,
      build: ({ a, b }) => multiply(a, b),
      reference: ({ a, b }) => a.map((value, i) => value * b[i]),
    }));

  Deno.test(`multiply repeats a row and a plane of numbers over ${batch} rows`, () =>
    checkOp({
      inputs: { a: ["B", 3, 17], b: [17], c: [3, 17] },
      batch,
      build: ({ a, b, c }) => multiply(multiply(a, b), c),
      reference: ({ a, b, c }) => a.map((value, i) => value * b[i % 17] * c[i % size]),
    }));

  Deno.test(`multiply repeats a single number over ${batch} rows`, () =>
    checkOp({
      inputs: { a: ["B", 3, 17], b: [1] },
      batch,
      build: ({ a, b }) => multiply(a, b),
      reference: ({ a, b }) => a.map((value) => value * b[0]),
    }));

  Deno.test(`multiply repeats numbers of ${batch} rows and of their fields`, () =>
    checkOp({
      inputs: { a: ["B", 3, 17], b: ["B", 1], c: ["B", 3], d: ["B", 3, 1] },
      batch,
      build: ({ a, b, c, d }) => multiply(multiply(multiply(a, b), c), d),
      reference: ({ a, b, c, d }) =>
        a.map((value, i) => value * b[Math.floor(i / size)] * c[Math.floor(i / 17)] * d[Math.floor(i / 17)]),
    }));

  Deno.test(`multiply repeats numbers of fields over ${batch} rows and their elements`, () =>
    checkOp({
      inputs: { a: ["B", 3, 17], b: [3, 1] },
      batch,
      build: ({ a, b }) => multiply(a, b),
      reference: ({ a, b }) => a.map((value, i) => value * b[Math.floor(i / 17) % 3]),
    }));

  Deno.test(`scale, subtract and rowDot of ${batch} rows match central differences`, () =>
    checkOp({
      inputs: { a: ["B", 17], b: ["B", 17] },
      batch,
      build: ({ a, b }) => rowDot(subtract(scale(a, -2.5), b), b),
      reference: ({ a, b }) =>
        Float64Array.from({ length: batch }, (_, r) => {
          let sum = 0;
          for (let i = 17 * r; i < 17 * r + 17; i++) sum += (-2.5 * a[i] - b[i]) * b[i];
          return sum;
        }),
    }));
}

Deno.test("multiply repeats numbers along lanes of four and of two", () =>
  checkOp({
    inputs: { a: ["B", 6, 8], b: [8], c: [6, 1], d: ["B", 6, 8] },
    batch: 5,
    build: ({ a, b, c, d }) => subtract(multiply(multiply(a, b), c), scale(multiply(a, d), 3)),
    reference: ({ a, b, c, d }) => a.map((value, i) => value * b[i % 8] * c[Math.floor(i / 8) % 6] - 3 * value * d[i]),
  }));

Deno.test("multiply of a column by one parameter sums its gradient over the batch", () =>
  checkOp({
    inputs: { a: ["B", 1], b: [1] },
    batch: 37,
    rows: 20,
    build: ({ a, b }) => multiply(a, b),
    reference: ({ a, b }) => a.map((value) => value * b[0]),
  }));

Deno.test("arithmetic refuses shapes that do not fit", () => {
  const graph = new Graph("train");
  const a = graph.input("a", ["B", 4]);
  assertThrows(() => multiply(a, graph.input("b", ["B", 3])), TypeError, "received [B, 3]");
  assertThrows(() => multiply(a, graph.input("c", [3])), TypeError, "received [3]");
  assertThrows(() => subtract(a, graph.input("d", ["B", 1])), TypeError, "received [B, 1]");
});
