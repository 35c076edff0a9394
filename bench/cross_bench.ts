/**
 * Cross networks and the products of groups at Criteo's shape: verified against float64 at the first samples, then timed.
 *
 * @module
 */
import type { Gpu } from "../src/gpu/device.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { crossLayer } from "../src/ops/interaction/cross_matrix.ts";
import { crossVector } from "../src/ops/interaction/cross_vector.ts";
import { groupedMatmul } from "../src/ops/dense/grouped_matmul.ts";
import { crossMatrix as matrixReference, crossVector as vectorReference } from "../tests/reference/cross.ts";
import { type Case, gradientOf, type Leaves, measure } from "./plan.ts";
import type { BenchRow } from "./report.ts";

const WIDTH = 39 * 16;
const LAYERS = 3;
const FUSION = { heads: 5, inner: 80, outer: 80 };

/** Scale of weights whose products over all columns should stay small. */
const SMALL = 1 / WIDTH;

function vectorCases(): Case[] {
  const inputs = { x: ["B", WIDTH], w: [LAYERS, WIDTH], bias: [LAYERS, WIDTH] } as const;
  const build = ({ x, w, bias }: Leaves): Tensor => crossVector(x, w, bias);
  const shape = `${LAYERS} layers of ${WIDTH}`;
  const scales = { w: SMALL };
  // Two operations for each layer's dot product, two for the result; x is read and the result written.
  const forward = { bytes: 4 * 2 * WIDTH, flops: 2 * (LAYERS + 1) * WIDTH };
  const all = { bytes: 4 * (2 + 3) * WIDTH, flops: 2 * (LAYERS + 1 + 2 * LAYERS + 2) * WIDTH };
  return [
    {
      name: "cross by vectors",
      shape,
      inputs,
      scales,
      build,
      expected: ({ x, w, bias }) => vectorReference(x, w, bias, WIDTH),
      ...forward,
    },
    {
      name: "cross by vectors and its gradient",
      shape,
      inputs: { ...inputs, dy: ["B", WIDTH] },
      scales,
      build: (leaves) => gradientOf(build(leaves), leaves.x),
      ...all,
    },
  ];
}

function matrixCases(): Case[] {
  const inputs = { x0: ["B", WIDTH], x: ["B", WIDTH], w: [WIDTH, WIDTH], bias: [WIDTH] } as const;
  const build = ({ x0, x, w, bias }: Leaves): Tensor => crossLayer(x0, x, w, bias);
  const shape = `1 layer of ${WIDTH}`;
  const scales = { w: Math.sqrt(SMALL) };
  return [
    {
      name: "cross by a matrix",
      shape,
      inputs,
      scales,
      build,
      expected: ({ x0, x, w, bias }) => matrixReference(x0, x, w, bias),
      bytes: 4 * 3 * WIDTH,
      flops: 2 * WIDTH * WIDTH,
    },
    {
      name: "cross by a matrix and its gradient by x",
      shape,
      inputs: { ...inputs, dy: ["B", WIDTH] },
      scales,
      build: (leaves) => gradientOf(build(leaves), leaves.x),
      bytes: 4 * (3 + 4) * WIDTH,
      flops: 4 * WIDTH * WIDTH,
    },
  ];
}

function groupedCases(): Case[] {
  const { heads, inner, outer } = FUSION;
  const inputs = { x: ["B", heads * inner], w: [heads, inner, outer] } as const;
  const build = ({ x, w }: Leaves): Tensor => groupedMatmul(x, w);
  const shape = `${heads} groups of ${inner} to ${outer}`;
  const bytes = 4 * heads * (inner + outer);
  const flops = 2 * heads * inner * outer;
  const backward = { ...inputs, dy: ["B", heads * outer] } as const;
  return [
    {
      name: "product by groups",
      shape,
      inputs,
      build,
      expected: ({ x, w }) =>
        Float64Array.from({ length: x.length / inner * outer }, (_, at) => {
          const [row, j] = [Math.floor(at / outer), at % outer];
          let sum = 0;
          for (let i = 0; i < inner; i++) sum += x[row * inner + i] * w[((row % heads) * inner + i) * outer + j];
          return sum;
        }),
      bytes,
      flops,
    },
    { name: "its gradient by x", shape, inputs: backward, build: (l) => gradientOf(build(l), l.x), bytes, flops },
    { name: "its gradient by w", shape, inputs: backward, build: (l) => gradientOf(build(l), l.w), bytes, flops },
  ];
}

/** Measures the kernels; throws when one computes something else than its reference. */
export async function crossBench(gpu: Gpu, { quick = false }: { quick?: boolean } = {}): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bench of [...vectorCases(), ...matrixCases(), ...groupedCases()]) {
    rows.push(await measure(gpu, bench, quick ? 64 : 4096));
  }
  return rows;
}
