import { type Activation, dense } from "../../src/ops/dense.ts";
import { denseReference, dropoutReference } from "../reference/dense.ts";
import { checkOp } from "../support.ts";

const ACTIVATIONS: readonly Activation[] = ["none", "relu", "sigmoid", "tanh"];
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
  Deno.test(`dense with ${activation} drops the elements that the hash names, both ways`, () =>
    checkOp({
      inputs: { x: ["B", 8], weight: [8, 12], bias: [12] },
      batch: 37,
      build: ({ x, weight, bias }) => dense(x, weight, bias, { activation, dropout: { rate: 0.3, salt: 5 } }),
      reference: ({ x, weight, bias }) => {
        const mask = dropoutReference(37 * 12, 0.3, 5, 1, 1);
        return denseReference(x, weight, bias, [37, 8, 12], activation).map((value, i) => value * mask[i]);
      },
    }));
}

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
