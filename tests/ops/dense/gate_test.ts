import type { BufferRange } from "../../../src/gpu/kernel.ts";
import { createBuffer } from "../../../src/gpu/memory.ts";
import { differentiate } from "../../../src/graph/autodiff.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { dice as diceLayer } from "../../../src/layers/activation.ts";
import { add } from "../../../src/ops/dense/add.ts";
import { dice, gelu, prelu, silu } from "../../../src/ops/dense/gate.ts";
import { run } from "../../run.ts";
import { assertClose, centralDifferences, checkOp, gpu, noStorage, randomArray, step } from "../../support.ts";

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

  Deno.test(`dice of [${batch}, ${width}] matches its reference and central differences`, () =>
    checkOp({
      inputs: { x: ["B", width], p: ["B", width], slope: [width] },
      batch,
      build: ({ x, p, slope }) => dice(x, p, slope),
      reference: ({ x, p, slope }) => x.map((value, i) => value * (p[i] + (1 - p[i]) * slope[i % width])),
    }));
}

Deno.test("a layer of dice takes the statistics of the valid rows and matches central differences", async () => {
  const device = await gpu();
  const graph = new Graph("train");
  const [batch, rows, width] = [9, 6, 3];
  const x = randomArray(batch * width, 4);
  const y = diceLayer(graph.input("x", ["B", width]));
  const dx = differentiate(y, graph.input("upstream", ["B", width]), add).inputs.get(graph.input("x", ["B", width]))!;
  const upstream = randomArray(batch * width, 5).fill(0, rows * width);
  const reference = ({ x }: { x: Float64Array }): Float64Array =>
    x.map((value, i) => {
      const column = Array.from({ length: rows }, (_, r) => x[r * width + i % width]);
      const mean = column.reduce((sum, v) => sum + v, 0) / rows;
      const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / rows;
      return value / (1 + Math.exp(-(value - mean) / Math.sqrt(variance + 1e-9)));
    });
  const state = createBuffer(device, "state", 3 * 256);
  device.device.queue.writeBuffer(state, 0, new Float32Array(64 * 3));
  device.device.queue.writeBuffer(state, 512, new Float32Array(width).fill(1));
  const slope = createBuffer(device, "slope", 256);
  const places: Record<string, BufferRange> = {
    "dice.slope": { buffer: slope, size: 4 * width },
    "dice.mean": { buffer: state, offset: 256, size: 4 * width },
    "dice.variance": { buffer: state, offset: 512, size: 4 * width },
  };
  const results = await run([y, dx], {
    batch,
    steps: [step(rows)],
    inputs: { x: Float32Array.from(x), upstream: Float32Array.from(upstream) },
    storage: { ...noStorage, parameter: ({ name }) => places[name] },
  });
  const [forward, gradient] = results.map((bytes) => new Float32Array(bytes));
  assertClose(forward.subarray(0, rows * width), reference({ x }).subarray(0, rows * width), "forward");
  const expected = centralDifferences(({ x }) => reference({ x }), { x }, "x", upstream);
  assertClose(gradient.subarray(0, rows * width), expected.subarray(0, rows * width), "dx", { rtol: 2e-5 });
});
