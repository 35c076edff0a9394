import { type Activation, dense } from "../../../src/ops/dense/dense.ts";
import { add } from "../../../src/ops/dense/add.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { concat } from "../../../src/ops/shape/concat.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { denseReference, dropoutReference } from "../../reference/dense.ts";
import { checkOp, runOp } from "../../support.ts";

const ACTIVATIONS: readonly Activation[] = ["none", "relu", "sigmoid", "tanh", "leaky_relu"];
const SIZES: readonly (readonly [number, number, number])[] = [[37, 8, 12], [1, 7, 6], [37, 10, 1]];

for (const activation of ACTIVATIONS) {
  for (const [batch, k, n] of SIZES) {
    Deno.test(`dense with ${activation} matches the reference at ${batch}x${k}x${n}`, () =>
      checkOp({
        inputs: { x: ["B", k], weight: [k, n], bias: [n] },
        batch,
        build: ({ x, weight, bias }) => dense(x, weight, bias, { activation }),
        reference: ({ x, weight, bias }) => denseReference(x, weight, bias, [batch, k, n], activation),
      }));
  }
  for (const n of [12, 6, 1]) {
    Deno.test(`dense with ${activation} drops the elements that the hash names, both ways, N=${n}`, () =>
      checkOp({
        inputs: { x: ["B", 8], weight: [8, n], bias: [n] },
        batch: 37,
        build: ({ x, weight, bias }) => dense(x, weight, bias, { activation, dropout: { rate: 0.3, salt: 5 } }),
        reference: ({ x, weight, bias }) => {
          const mask = dropoutReference(37 * n, 0.3, 5, 1, 1);
          return denseReference(x, weight, bias, [37, 8, n], activation).map((value, i) => value * mask[i]);
        },
      }));
  }
}

Deno.test("on a GPU a dense layer takes a dispatch forward and three backward", async () => {
  const { labels } = await runOp({
    inputs: { x: ["B", 64], first: [64, 48], bias: [48], second: [48, 32] },
    batch: 600,
    build: ({ x, first, bias, second }) => dense(dense(x, first, bias, { activation: "relu" }), second, undefined),
    software: false,
  });
  const product = "matmul_small.product";
  // Forward; dx through the relu, splits of dW and their sum; dx, splits of dW and of the bias's gradient, their sum.
  const backward = [product, product, "matmul_splits.sum", product, product, "matmul_splits.sum_with_columns"];
  assertEquals(labels, [product, product, ...backward]);
});

for (const [activation, n] of [["relu", 1], ["relu", 6], ["relu", 8], ["tanh", 1], ["sigmoid", 8]] as const) {
  Deno.test(`gradients go back through two dense layers, ${activation} and dropout, N=${n}`, () => {
    const mask = dropoutReference(37 * 12, 0.3, 5, 1, 1);
    return checkOp({
      inputs: { x: ["B", 8], first: [8, 12], bias: [12], second: [12, n] },
      batch: 37,
      build: ({ x, first, bias, second }) => {
        const hidden = dense(x, first, bias, { activation, dropout: { rate: 0.3, salt: 5 } });
        return dense(hidden, second);
      },
      reference: ({ x, first, bias, second }) => {
        const hidden = denseReference(x, first, bias, [37, 8, 12], activation).map((value, i) => value * mask[i]);
        return denseReference(hidden, second, undefined, [37, 12, n], "none");
      },
    });
  });
}

for (const [widths, n] of [[[8, 4], 12], [[5, 1, 17], 6], [[8, 4], 1], [[3, 4], 8]] as const) {
  for (const software of [true, false]) {
    const adapter = software ? "a software adapter" : "a GPU";
    Deno.test(`a layer of ${n} over ${widths} columns side by side hands each its gradient on ${adapter}`, async () => {
      const [batch, k] = [37, widths.reduce<number>((sum, width) => sum + width, 0)];
      const shapes = Object.fromEntries(widths.map((width, i) => [`x${i}`, ["B" as const, width]]));
      const check = {
        inputs: { ...shapes, weight: [k, n], bias: [n] },
        ...{ batch, software },
        build: ({ weight, bias, ...parts }: Record<string, Tensor>) =>
          dense(concat(...Object.values(parts)), weight, bias, { activation: "tanh" }),
      };
      await checkOp({
        ...check,
        reference: ({ weight, bias, ...parts }) => {
          const x = Array.from(
            { length: batch },
            (_, b) => widths.map((width, i) => [...parts[`x${i}`].subarray(b * width, (b + 1) * width)]),
          );
          return denseReference(Float64Array.from(x.flat(2)), weight, bias, [batch, k, n], "tanh");
        },
      });
      const { labels } = await runOp(check);
      const inFours = [n, ...widths].every((width) => width % 4 === 0) && widths.length === 2;
      if (!software) assertEquals(labels.some((label) => label.startsWith("parts.apart")), !inFours);
    });
  }
}

Deno.test("columns side by side that another op reads too get the sum of their gradients", () =>
  checkOp({
    inputs: { a: ["B", 8], b: ["B", 4], weight: [12, 12] },
    batch: 5,
    build: ({ a, b, weight }) => {
      const x = concat(a, b);
      return add(dense(x, weight), x);
    },
    reference: ({ a, b, weight }) => {
      const rows = Array.from(
        { length: 5 },
        (_, r) => [...a.subarray(8 * r, 8 * r + 8), ...b.subarray(4 * r, 4 * r + 4)],
      );
      const x = Float64Array.from(rows.flat());
      return denseReference(x, weight, undefined, [5, 12, 12], "none").map((value, i) => value + x[i]);
    },
  }));

Deno.test(`a dense layer that another op reads too gets the sum of its gradients`, () =>
  checkOp({
    inputs: { x: ["B", 8], first: [8, 12], second: [12, 12] },
    batch: 37,
    build: ({ x, first, second }) => {
      const hidden = dense(x, first, undefined, { activation: "tanh" });
      return add(dense(hidden, second), hidden);
    },
    reference: ({ x, first, second }) => {
      const hidden = denseReference(x, first, undefined, [37, 8, 12], "tanh");
      return denseReference(hidden, second, undefined, [37, 12, 12], "none").map((value, i) => value + hidden[i]);
    },
  }));

Deno.test("dense without a bias over three-dimensional inputs", () =>
  checkOp({
    inputs: { x: ["B", 3, 5], weight: [5, 6] },
    batch: 7,
    build: ({ x, weight }) => dense(x, weight, undefined, { activation: "relu" }),
    reference: ({ x, weight }) => denseReference(x, weight, undefined, [21, 5, 6], "relu"),
  }));

Deno.test("dense leaves the padding rows of a partial batch out of its gradients", () =>
  checkOp({
    inputs: { x: ["B", 8], weight: [8, 12], bias: [12] },
    batch: 37,
    rows: 30,
    build: ({ x, weight, bias }) => dense(x, weight, bias, { activation: "tanh" }),
    reference: ({ x, weight, bias }) => denseReference(x, weight, bias, [37, 8, 12], "tanh"),
  }));

Deno.test("dense refuses shapes and rates that cannot be", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 4]);
  const weight = graph.input("weight", [4, 6]);
  const bias = graph.input("bias", [5]);
  assertThrows(() => dense(x, bias), TypeError);
  assertThrows(() => dense(x, graph.input("w", [5, 6])), TypeError, "weight must have shape [4, N], received [5, 6]");
  assertThrows(() => dense(x, weight, bias), TypeError, "bias must have shape [6], received [5]");
  const dropout = { rate: 1, salt: 0 };
  assertThrows(() => dense(x, weight, undefined, { dropout }), RangeError, "dropout must be in [0, 1), received 1");
});
