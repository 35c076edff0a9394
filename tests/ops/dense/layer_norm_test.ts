import { layerNorm } from "../../../src/ops/dense/layer_norm.ts";
import { multiply } from "../../../src/ops/dense/arithmetic.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { assert } from "@std/assert";
import { checkOp, runOp } from "../../support.ts";

const EPS = 1e-5;

function reference({ x, gamma, beta }: Record<string, Float64Array>, width = gamma.length): Float64Array {
  return x.map((value, i) => {
    const row = x.subarray(i - i % width, i - i % width + width);
    const mean = row.reduce((sum, other) => sum + other, 0) / width;
    const variance = row.reduce((sum, other) => sum + (other - mean) ** 2, 0) / width;
    const at = i % gamma.length;
    return gamma[at] * (value - mean) / Math.sqrt(variance + EPS) + beta[at];
  });
}

for (const software of [true, false]) {
  const adapter = software ? "software adapters" : "GPUs";
  for (const [batch, fields, width] of [[1, 1, 2], [37, 1, 17], [5, 3, 17], [8, 1, 40], [150, 1, 6], [3, 1, 150]]) {
    Deno.test(`layerNorm of [${batch}, ${fields}, ${width}] on ${adapter} matches its reference and differences`, () =>
      checkOp({
        inputs: { x: ["B", fields, width], gamma: [width], beta: [width] },
        batch,
        software,
        build: ({ x, gamma, beta }) => layerNorm(x, gamma, beta, EPS),
        reference: (inputs) => reference(inputs),
        rtol: 5e-5,
      }));
  }

  Deno.test(`layerNorm on ${adapter} adds to the gradient that others have by its input`, async () => {
    const check = {
      inputs: { x: ["B" as const, 6], gamma: [6], beta: [6] },
      batch: 9,
      software,
      build: ({ x, gamma, beta }: Record<string, Tensor>) => {
        const normal = layerNorm(x, gamma, beta, EPS);
        return multiply(x, normal);
      },
    };
    await checkOp({ ...check, reference: (inputs) => reference(inputs).map((y, i) => inputs.x[i] * y), rtol: 5e-5 });
    assert(!(await runOp(check)).labels.includes("elementwise.add"));
  });

  Deno.test(`layerNorm on ${adapter} leaves padding rows out of its parameters' gradients`, () =>
    checkOp({
      inputs: { x: ["B", 5], gamma: [5], beta: [5] },
      batch: 9,
      rows: 4,
      software,
      build: ({ x, gamma, beta }) => layerNorm(x, gamma, beta, EPS),
      reference: (inputs) => reference(inputs),
      rtol: 5e-5,
    }));

  Deno.test(`layerNorm on ${adapter} takes parameters of its own for each field`, () =>
    checkOp({
      inputs: { x: ["B", 3, 5], gamma: [3, 5], beta: [3, 5] },
      batch: 39,
      software,
      build: ({ x, gamma, beta }) => layerNorm(x, gamma, beta, EPS),
      reference: (inputs) => reference(inputs, 5),
      rtol: 5e-5,
    }));
}
