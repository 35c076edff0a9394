import { Graph } from "../../../src/graph/graph.ts";
import { lastDot, multiply, rowDot, scale, subtract } from "../../../src/ops/dense/arithmetic.ts";
import { assertThrows } from "@std/assert";
import { checkOp } from "../../support.ts";

Deno.test("multiply repeats numbers of parameters over parameters", () =>
  checkOp({
    inputs: { a: [3, 2, 5], b: [3, 2, 1], c: [2, 1], d: [5], e: [1] },
    batch: 7,
    build: ({ a, b, c, d, e }) => multiply(multiply(multiply(multiply(a, b), c), d), e),
    reference: ({ a, b, c, d, e }) =>
      a.map((value, i) => value * b[Math.floor(i / 5)] * c[Math.floor(i / 5) % 2] * d[i % 5] * e[0]),
  }));

Deno.test("lastDot multiplies vectors of parameters", () =>
  checkOp({
    inputs: { a: [4, 4, 3], b: [4, 4, 3] },
    batch: 1,
    build: ({ a, b }) => lastDot(a, b),
    reference: ({ a, b }) =>
      Float64Array.from({ length: 16 }, (_, row) =>
        [0, 1, 2].reduce((sum, n) => sum + a[3 * row + n] * b[3 * row + n], 0)),
  }));

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

  Deno.test(`lastDot multiplies vectors of ${batch} rows`, () =>
    checkOp({
      inputs: { a: ["B", 3, 17], b: ["B", 3, 17] },
      batch,
      build: ({ a, b }) => lastDot(a, b),
      reference: ({ a, b }) =>
        Float64Array.from({ length: 3 * batch }, (_, row) =>
          a.subarray(17 * row, 17 * row + 17).reduce((sum, value, n) => sum + value * b[17 * row + n], 0)),
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

Deno.test("a row and a single number that many rows repeat get their gradients in splits", () =>
  checkOp({
    inputs: { a: ["B", 20], b: [20], c: [1] },
    batch: 333,
    rows: 301,
    build: ({ a, b, c }) => multiply(multiply(a, b), c),
    reference: ({ a, b, c }) => a.map((value, i) => value * b[i % 20] * c[0]),
  }));

Deno.test("a wide row that rows repeat gets its gradient at once", () =>
  checkOp({
    inputs: { a: ["B", 520], b: [520] },
    ...{ batch: 5, sampled: 40 },
    build: ({ a, b }) => multiply(a, b),
    reference: ({ a, b }) => a.map((value, i) => value * b[i % 520]),
  }));

for (const width of [1, 22, 520]) {
  Deno.test(`rowDot of rows of ${width} numbers matches its reference`, () =>
    checkOp({
      inputs: { a: ["B", width], b: ["B", width] },
      ...{ batch: 9, sampled: 40 },
      build: ({ a, b }) => rowDot(a, b),
      reference: ({ a, b }) =>
        Float64Array.from({ length: 9 }, (_, r) => {
          let sum = 0;
          for (let i = width * r; i < width * r + width; i++) sum += a[i] * b[i];
          return sum;
        }),
    }));
}

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
