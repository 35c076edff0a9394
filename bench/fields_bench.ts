/**
 * Products over the field axis, self-attention and convolution at Criteo's shape: verified against float64 at sampled
 * places, then timed.
 *
 * @module
 */
import type { Gpu } from "../src/gpu/device.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { attention } from "../src/ops/sequence/attention.ts";
import { cinLayer } from "../src/ops/interaction/cin.ts";
import { fieldConvolution } from "../src/ops/interaction/field_convolution.ts";
import { attentionReference } from "../tests/reference/attention.ts";
import { cinReference } from "../tests/reference/cin.ts";
import { convolutionReference } from "../tests/reference/field_convolution.ts";
import { type Case, gradientOf, type Leaves, measure } from "./plan.ts";
import type { BenchRow } from "./report.ts";

const FIELDS = 39;
const DIM = 16;
const MAPS = 128;
const ATTENTION = { heads: 2, width: 16, residual: "packed", scale: 1, relu: true } as const;
const CONVOLUTION = { channels: 14, outs: 16, rows: 20, kernel: 7 };

function cinCases(): Case[] {
  const firstPairs = FIELDS * (FIELDS + 1) / 2;
  const attributes = { dim: DIM, relu: false };
  const first = ({ x0, w, bias }: Leaves): Tensor => cinLayer(x0, x0, w, bias, attributes).next;
  const later = ({ x, x0, w, bias }: Leaves): Tensor => cinLayer(x, x0, w, bias, attributes).next;
  const firstInputs = { x0: ["B", FIELDS, DIM], w: [FIELDS * FIELDS, MAPS], bias: [MAPS] } as const;
  const laterInputs = { ...firstInputs, x: ["B", MAPS, DIM], w: [MAPS * FIELDS, MAPS] } as const;
  const dy = ["B", MAPS, DIM] as const;
  const shape = (left: number): string => `${left} x ${FIELDS} to ${MAPS}, D ${DIM}`;
  const bytes = 4 * DIM * (FIELDS + MAPS);
  const products = (terms: number): number => 2 * DIM * terms * MAPS;
  const sizes = { right: FIELDS, outs: MAPS, dim: DIM };
  return [
    {
      name: "first CIN layer, folded",
      shape: shape(FIELDS),
      inputs: firstInputs,
      build: first,
      expected: ({ x0, w, bias }) => cinReference({ x: x0, y: x0, w, bias }, { ...sizes, left: FIELDS }, false),
      bytes,
      flops: products(firstPairs),
    },
    {
      name: "its gradient by weights",
      shape: shape(FIELDS),
      inputs: { ...firstInputs, dy },
      build: (leaves) => gradientOf(first(leaves), leaves.w),
      bytes,
      flops: products(firstPairs),
    },
    {
      name: "its gradient by fields",
      shape: shape(FIELDS),
      inputs: { ...firstInputs, dy },
      build: (leaves) => gradientOf(first(leaves), leaves.x0),
      bytes: bytes + 4 * DIM * FIELDS,
      flops: products(firstPairs),
    },
    {
      name: "later CIN layer",
      shape: shape(MAPS),
      inputs: laterInputs,
      build: later,
      expected: ({ x, x0, w, bias }) => cinReference({ x, y: x0, w, bias }, { ...sizes, left: MAPS }, false),
      bytes: bytes + 4 * DIM * MAPS,
      flops: products(MAPS * FIELDS),
    },
  ];
}

function attentionCases(): Case[] {
  const { heads, width } = ATTENTION;
  const shape = `${FIELDS} fields, ${heads} heads of ${width / heads}`;
  const p = ["B", FIELDS, 4 * width] as const;
  const build = ({ p }: Leaves): Tensor => attention(p, undefined, ATTENTION).o;
  const sizes = { fields: FIELDS, heads, width, stride: 4 * width, scale: 1 };
  const multiplied = 2 * FIELDS * FIELDS * width;
  return [
    {
      name: "self-attention",
      shape,
      inputs: { p },
      build,
      expected: ({ p }) =>
        attentionReference(p, sizes).map((o, i) =>
          Math.max(0, o + p[Math.floor(i / width) * 4 * width + 3 * width + i % width])
        ),
      bytes: 4 * FIELDS * (5 * width + heads),
      flops: 2 * multiplied,
    },
    {
      name: "self-attention and its gradient",
      shape,
      inputs: { p, dy: ["B", FIELDS, width] },
      build: (leaves) => gradientOf(build(leaves), leaves.p),
      bytes: 4 * FIELDS * (15 * width + 3 * heads),
      flops: 9 * multiplied,
    },
  ];
}

function convolutionCase(): Case {
  const { channels, outs, rows, kernel } = CONVOLUTION;
  const padding = (kernel - 1) / 2;
  return {
    name: "convolution over fields",
    shape: `${channels} x ${rows} to ${outs} by ${kernel}, D ${DIM}`,
    inputs: { x: ["B", channels * rows, DIM], w: [channels * kernel, outs], bias: [outs] },
    build: ({ x, w, bias }) => fieldConvolution(x, w, bias, { channels, padding }),
    expected: ({ x, w, bias }) => convolutionReference(x, w, bias, { channels, rows, kernel, outs, padding, dim: DIM }),
    bytes: 4 * DIM * rows * (channels + outs),
    flops: 2 * DIM * rows * channels * kernel * outs,
  };
}

/** Measures the kernels; throws when one computes something else than its reference. */
export async function fieldsBench(gpu: Gpu, { quick = false }: { quick?: boolean } = {}): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bench of [...cinCases(), ...attentionCases(), convolutionCase()]) {
    rows.push(await measure(gpu, bench, quick ? 64 : 4096));
  }
  return rows;
}
