import { Graph } from "../../../src/graph/graph.ts";
import { columns, concat, pad, split } from "../../../src/ops/shape/concat.ts";
import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { assert, assertThrows } from "@std/assert";
import { checkOp, runOp } from "../../support.ts";

for (const batch of [1, 37]) {
  Deno.test(`concat puts three matrices of ${batch} rows side by side and hands back their gradients`, () =>
    checkOp({
      inputs: { a: ["B", 5], b: ["B", 1], c: ["B", 17] },
      batch,
      build: ({ a, b, c }) => concat(a, b, c),
      reference: ({ a, b, c }) =>
        Float64Array.from({ length: 23 * batch }, (_, i) => {
          const [row, n] = [Math.floor(i / 23), i % 23];
          return n < 5 ? a[5 * row + n] : n < 6 ? b[row] : c[17 * row + n - 6];
        }),
    }));

  Deno.test(`concat of ${batch} rows in lanes of four hands back gradients`, () =>
    checkOp({
      inputs: { a: ["B", 8], b: ["B", 4] },
      batch,
      build: ({ a, b }) => columns(concat(a, b), 4, 8),
      reference: ({ a, b }) =>
        Float64Array.from({ length: 8 * batch }, (_, i) => {
          const [row, n] = [Math.floor(i / 8), i % 8];
          return n < 4 ? a[8 * row + 4 + n] : b[4 * row + n - 4];
        }),
    }));

  Deno.test(`columns of ${batch} rows are taken from the middle, and the gradient is 0 elsewhere`, () =>
    checkOp({
      inputs: { x: ["B", 9] },
      batch,
      build: ({ x }) => columns(x, 2, 4),
      reference: ({ x }) => Float64Array.from({ length: 4 * batch }, (_, i) => x[9 * Math.floor(i / 4) + 2 + i % 4]),
    }));

  for (const [width, from, count] of [[9, 2, 4], [8, 4, 4]]) {
    Deno.test(`columns ${from} on of ${batch} x ${width} add to the gradient that others have by the matrix`, async () => {
      const check = {
        inputs: { x: ["B" as const, width], y: ["B" as const, width] },
        batch,
        build: ({ x, y }: Record<string, Tensor>) => {
          const part = columns(x, from, count);
          return concat(multiply(x, y), part);
        },
      };
      await checkOp({
        ...check,
        reference: ({ x, y }) =>
          Float64Array.from({ length: (width + count) * batch }, (_, i) => {
            const [row, n] = [width * Math.floor(i / (width + count)), i % (width + count)];
            return n < width ? x[row + n] * y[row + n] : x[row + n - width + from];
          }),
      });
      assert((await runOp(check)).labels.includes("concat.add_columns"));
    });
  }

  Deno.test(`pad appends columns of zeros to ${batch} rows`, () =>
    checkOp({
      inputs: { x: ["B", 3] },
      batch,
      build: ({ x }) => pad(x, 8),
      reference: ({ x }) =>
        Float64Array.from({ length: 8 * batch }, (_, i) => i % 8 < 3 ? x[3 * Math.floor(i / 8) + i % 8] : 0),
    }));

  Deno.test(`split takes ${batch} rows apart, also where one part is not used`, () =>
    checkOp({
      inputs: { x: ["B", 7] },
      batch,
      build: ({ x }) => {
        const [first, , third] = split(x, [3, 1, 3]);
        return multiply(first, third);
      },
      reference: ({ x }) =>
        Float64Array.from({ length: 3 * batch }, (_, i) => {
          const at = 7 * Math.floor(i / 3) + i % 3;
          return x[at] * x[at + 4];
        }),
    }));
}

Deno.test("concat and columns act on the columns of each place", () => {
  const [batch, places] = [7, 3];
  return checkOp({
    inputs: { a: ["B", places, 2], b: ["B", places, 6] },
    batch,
    build: ({ a, b }) => columns(concat(a, b), 1, 4),
    reference: ({ a, b }) =>
      Float64Array.from({ length: batch * places * 4 }, (_, i) => {
        const [row, n] = [Math.floor(i / 4), 1 + i % 4];
        return n < 2 ? a[2 * row + n] : b[6 * row + n - 2];
      }),
  });
});

for (const widths of [[5, 1, 17], [8, 4], [2, 4, 6, 8, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
  Deno.test(`the kernels for GPUs join and part columns [${widths}]`, () => {
    const batch = 37;
    const names = widths.map((_, i) => `x${i}`);
    return checkOp({
      inputs: Object.fromEntries(names.map((name, i) => [name, ["B", widths[i]]])),
      batch,
      software: false,
      build: (inputs) => columns(concat(...names.map((name) => inputs[name])), 1, 2),
      reference: (inputs) => {
        const row = (b: number) =>
          names.flatMap((name, i) => [...inputs[name].slice(b * widths[i], (b + 1) * widths[i])]);
        return Float64Array.from(Array.from({ length: batch }, (_, b) => row(b).slice(1, 3)).flat());
      },
    });
  });
}

Deno.test("the kernels for GPUs leave out parts that nobody reads", () =>
  checkOp({
    inputs: { x: ["B", 7] },
    batch: 9,
    software: false,
    build: ({ x }) => {
      const [first, , third] = split(x, [3, 1, 3]);
      return multiply(first, third);
    },
    reference: ({ x }) =>
      Float64Array.from({ length: 27 }, (_, i) => {
        const at = 7 * Math.floor(i / 3) + i % 3;
        return x[at] * x[at + 4];
      }),
  }));

Deno.test("concat and its reverses refuse what does not fit", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 4]);
  assertThrows(() => concat(x, graph.input("e", ["B", 2, 2])), TypeError, "received [B, 2, 2]");
  assertThrows(() => columns(x, 3, 2), RangeError, "received 3 to 4");
  assertThrows(() => split(x, [3, 2]), TypeError, "received 5");
  assertThrows(() => pad(x, 3), RangeError, "has 4 columns, received 3");
});
