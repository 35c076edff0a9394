import { Graph } from "../../../src/graph/graph.ts";
import { apply } from "../../../src/graph/node.ts";
import { activation, activationOp, dropout } from "../../../src/ops/dense/pointwise.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ACTIVATIONS, dropoutScale } from "../../reference/pointwise.ts";
import { checkOp } from "../../support.ts";

for (const kind of ["relu", "sigmoid", "tanh", "leaky_relu"] as const) {
  for (const [batch, width] of [[1, 1], [37, 17], [16, 6]]) {
    Deno.test(`activation applies ${kind} to [${batch}, ${width}] and matches central differences`, () =>
      checkOp({
        inputs: { x: ["B", width] },
        batch,
        build: ({ x }) => activation(x, kind),
        reference: ({ x }) => x.map((value) => ACTIVATIONS[kind](value)),
      }));
  }
}

Deno.test("activation saturates without NaN at large inputs", () =>
  checkOp({
    inputs: { x: ["B", 4] },
    batch: 2,
    prepare: { x: () => Float64Array.of(-100, -40, 0.5, 100, 40, -0.5, 80, -80) },
    build: ({ x }) => activation(x, "sigmoid"),
    reference: ({ x }) => x.map(ACTIVATIONS.sigmoid),
  }));

for (const rate of [0.1, 0.5]) {
  for (const [batch, width] of [[1, 1], [37, 17], [8, 100]]) {
    Deno.test(`dropout of ${rate} on [${batch}, ${width}] zeroes what its hash says, forward and backward`, () =>
      checkOp({
        inputs: { x: ["B", width] },
        batch,
        build: ({ x }) => dropout(x, rate, 3),
        reference: ({ x }) => x.map((value, i) => value * dropoutScale(rate, 3, i)),
      }));
  }
}

for (const kind of ["relu", "sigmoid", "tanh", "leaky_relu"] as const) {
  Deno.test(`activation with a dropout folded in equals ${kind} followed by dropout`, () =>
    checkOp({
      inputs: { x: ["B", 12] },
      batch: 37,
      build: ({ x }) => apply(activationOp, [x], { activation: kind, dropout: { rate: 0.3, salt: 5 } }),
      reference: ({ x }) => x.map((value, i) => ACTIVATIONS[kind](value) * dropoutScale(0.3, 5, i)),
    }));
}

Deno.test("dropout keeps the share of elements that it should", () => {
  const kept = (rate: number): number => {
    let count = 0;
    for (let i = 0; i < 1e5; i++) if (dropoutScale(rate, 1, i) > 0) count++;
    return count / 1e5;
  };
  for (const rate of [0.1, 0.5, 0.9]) assert(Math.abs(kept(rate) - (1 - rate)) < 0.006, `rate ${rate}: ${kept(rate)}`);
});

Deno.test("dropout draws other masks for other layers, steps and seeds", () => {
  const mask = (salt: number, step: number, seed: number): string =>
    Array.from({ length: 64 }, (_, i) => dropoutScale(0.5, salt, i, { step, seed })).join();
  assertEquals(new Set([mask(0, 1, 1), mask(1, 1, 1), mask(0, 2, 1), mask(0, 1, 2)]).size, 4);
});

Deno.test("dropout is the identity in a predicting trace and at rate 0", () => {
  const x = new Graph("predict").input("x", ["B", 4]);
  assert(dropout(x, 0.5, 1) === x);
  const y = new Graph("train").input("y", ["B", 4]);
  assert(dropout(y, 0, 1) === y);
});

Deno.test("dropout refuses a rate outside [0, 1)", () => {
  const x = new Graph("train").input("x", ["B", 4]);
  for (const rate of [-0.1, 1, NaN]) assertThrows(() => dropout(x, rate, 1), RangeError, `received ${rate}`);
});
