import { gelu, prelu, silu } from "../../../src/ops/dense/gate.ts";
import { gelu as geluOf } from "../../reference/pointwise.ts";
import { checkOp } from "../../support.ts";

for (const [batch, width] of [[1, 1], [37, 17], [130, 6]]) {
  Deno.test(`gelu of [${batch}, ${width}] matches its reference and central differences`, () =>
    checkOp({
      inputs: { x: ["B", width] },
      batch,
      prepare: { x: (values) => values.map((value) => 4 * value) },
      build: ({ x }) => gelu(x),
      reference: ({ x }) => x.map(geluOf),
    }));

  Deno.test(`silu of [${batch}, ${width}] matches its reference and central differences`, () =>
    checkOp({
      inputs: { x: ["B", width] },
      batch,
      prepare: { x: (values) => values.map((value) => 4 * value) },
      build: ({ x }) => silu(x),
      reference: ({ x }) => x.map((value) => value / (1 + Math.exp(-value))),
    }));

  for (const slopes of new Set([width, 1])) {
    Deno.test(`prelu of [${batch}, ${width}] with ${slopes} slopes matches its reference and central differences`, () =>
      checkOp({
        inputs: { x: ["B", width], slope: [slopes] },
        batch,
        build: ({ x, slope }) => prelu(x, slope),
        reference: ({ x, slope }) => x.map((value, i) => value > 0 ? value : slope[i % slopes] * value),
      }));
  }
}

for (const slopes of [12, 1]) {
  Deno.test(`the gradient of ${slopes} slopes is summed over many rows`, () =>
    checkOp({
      inputs: { x: ["B", 12], slope: [slopes] },
      ...{ batch: 601, sampled: 12 },
      // Central differences need numbers that are not next to 0.
      prepare: { x: (values) => values.map((value) => value + Math.sign(value) / 8) },
      build: ({ x, slope }) => prelu(x, slope),
      reference: ({ x, slope }) => x.map((value, i) => value > 0 ? value : slope[i % slopes] * value),
    }));
}
