import { gelu, prelu, silu } from "../../../src/ops/dense/gate.ts";
import { checkOp } from "../../support.ts";

/** Normal distribution function by Simpson's rule from 0 to z. */
function normalCdf(z: number): number {
  const steps = 60;
  const density = (t: number): number => Math.exp(-t * t / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(z);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 0 ? 2 : 4) * density(i * z / steps);
  return 0.5 + sum * z / steps / 3;
}

for (const [batch, width] of [[1, 1], [37, 17]]) {
  Deno.test(`gelu of [${batch}, ${width}] matches its reference and central differences`, () =>
    checkOp({
      inputs: { x: ["B", width] },
      batch,
      prepare: { x: (values) => values.map((value) => 4 * value) },
      build: ({ x }) => gelu(x),
      reference: ({ x }) => x.map((value) => value * normalCdf(value)),
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
