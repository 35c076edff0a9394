/**
 * What models do with a history of 50 and of 1,000 items: verified against float64, then timed.
 *
 * Two features of an item, 16 numbers each; all histories are full. The time of a gradient holds the forward pass.
 *
 * @module
 */
import type { Gpu } from "../src/gpu/device.ts";
import { apply } from "../src/graph/node.ts";
import type { Shape, Tensor } from "../src/graph/tensor.ts";
import { compareDenseOp } from "../src/ops/sequence/compare_dense.ts";
import { gatedAttention } from "../src/ops/sequence/gated_attention.ts";
import { historyAttention } from "../src/ops/sequence/history_attention.ts";
import { poolHistory } from "../src/ops/sequence/pooling.ts";
import { targetHeads } from "../src/ops/sequence/target_heads.ts";
import { weightedPool } from "../src/ops/sequence/weighted_pooling.ts";
import { denseReference } from "../tests/reference/dense.ts";
import {
  compare,
  gatedAttention as gatedReference,
  historyAttention as attentionReference,
  pool,
  weightedPool as weightedReference,
} from "../tests/reference/history.ts";
import { targetHeads as headsReference } from "../tests/reference/target_heads.ts";
import { type Case, gradientOf, type Leaves, measure } from "./plan.ts";
import type { BenchRow } from "./report.ts";

const WIDTH = 32;
const HEADS = 2;
const UNITS = 64;
const EPS = 1e-6;

/** Items of a history with the rows of a batch, so that no tensor passes what software adapters bind, 128 MiB. */
const HISTORIES = [{ places: 50, batch: 4096 }, { places: 1000, batch: 128 }];

/** A kernel with what it must move and compute for a sample in its forward pass, and with the gradient of x besides. */
interface Kernel extends Omit<Case, "shape" | "bytes" | "flops"> {
  readonly output: Shape;
  /** Numbers that the forward pass moves, and the gradient besides. */
  readonly numbers: readonly [number, number];
  /** Operations of the forward pass, and of the gradient besides. */
  readonly operations: readonly [number, number];
}

/** Poolings: every item is read once. */
function poolings(places: number): Kernel[] {
  const items = places * WIDTH;
  const history = { x: ["B", places, WIDTH], lengths: ["B"] } as const;
  const whole = { lengths: places };
  return [
    {
      ...{ name: "mean of items", inputs: history, whole },
      build: ({ x, lengths }) => poolHistory(x, lengths, "mean"),
      expected: ({ x, lengths }) => pool({ batch: lengths.length, places, width: WIDTH }, "mean", x, lengths),
      ...{ output: ["B", WIDTH], numbers: [items + WIDTH, items + WIDTH], operations: [items, items] },
    },
    {
      ...{ name: "weighted sum of items", inputs: { ...history, w: ["B", places] }, whole },
      build: ({ x, w, lengths }) => weightedPool(x, w, lengths),
      expected: ({ x, w, lengths }) =>
        weightedReference({ batch: lengths.length, places, width: WIDTH }, x, w, lengths),
      ...{ output: ["B", WIDTH], numbers: [items + places + WIDTH, items + places + WIDTH] },
      operations: [2 * items, items],
    },
  ];
}

/** A target beside each item, as DIN compares them, and heads that weigh items by the target. */
function comparisons(places: number): Kernel[] {
  const items = places * WIDTH;
  const hidden = places * UNITS;
  const [comparison, heads] = [8 * places * WIDTH * UNITS, 4 * HEADS * items];
  const attributes = { activation: "none", dropout: undefined } as const;
  return [
    {
      name: `DIN's ${UNITS} units by item`,
      inputs: { q: ["B", WIDTH], x: ["B", places, WIDTH], w: [4 * WIDTH, UNITS], bias: [UNITS] },
      scales: { w: 0.1 },
      build: ({ q, x, w, bias }) => apply(compareDenseOp, [q, x, w, bias], attributes),
      expected: ({ q, x, w, bias }) => {
        const batch = q.length / WIDTH;
        const z = compare({ batch, places, width: WIDTH }, q, x);
        return denseReference(z, w, bias, [batch * places, 4 * WIDTH, UNITS], "none");
      },
      ...{ output: ["B", places, UNITS], numbers: [items + WIDTH + hidden, 2 * items + hidden] },
      operations: [comparison, comparison],
    },
    {
      name: `${HEADS} heads of a target`,
      inputs: { q: ["B", HEADS, WIDTH], x: ["B", places, WIDTH], lengths: ["B"] },
      whole: { lengths: places },
      build: ({ q, x, lengths }) => targetHeads(q, x, lengths, { scale: 1 }).y,
      expected: ({ q, x, lengths }) =>
        headsReference(
          { batch: lengths.length, places, width: WIDTH, heads: HEADS, scale: 1 },
          ...[q, x, lengths] as const,
        ),
      ...{ output: ["B", HEADS, WIDTH], numbers: [items + 2 * HEADS * WIDTH, 2 * items + 2 * HEADS * WIDTH] },
      operations: [heads, 2 * heads],
    },
  ];
}

/** Attention of all items to those that they see: a transformer's to all, HSTU's to those before. */
function attentions(places: number): Kernel[] {
  const head = WIDTH / HEADS;
  const sizes = { places, heads: HEADS, query: head, value: head, scale: 1 / Math.sqrt(head) };
  const causal = { ...sizes, causal: true, divisor: places };
  const pairs = places * places * WIDTH;
  const items = places * WIDTH;
  const whole = { lengths: places };
  const weights = { divisor: places };
  return [
    {
      ...{ name: "softmax attention among items", inputs: { x: ["B", places, 3 * WIDTH], lengths: ["B"] }, whole },
      build: ({ x, lengths }) => historyAttention(x, lengths, { heads: HEADS, scale: sizes.scale }),
      expected: ({ x, lengths }) => attentionReference({ ...sizes, batch: lengths.length }, x, lengths),
      // Two products; backward the first one again, and four.
      ...{ output: ["B", places, WIDTH], numbers: [4 * items, 8 * items], operations: [4 * pairs, 10 * pairs] },
    },
    {
      name: "HSTU's attention and gate, causal",
      inputs: { x: ["B", places, 4 * WIDTH], lengths: ["B"], gamma: [WIDTH], beta: [WIDTH] },
      whole,
      build: ({ x, lengths, gamma, beta }) =>
        gatedAttention(x, lengths, { gamma, beta }, {
          ...{ heads: HEADS, valueWidth: head, scale: sizes.scale, causal: true, weights, eps: EPS },
        }),
      expected: ({ x, lengths, gamma, beta }) =>
        gatedReference({ ...causal, batch: lengths.length, eps: EPS }, x, lengths, gamma, beta),
      ...{ output: ["B", places, WIDTH], numbers: [5 * items, 10 * items], operations: [2 * pairs, 5 * pairs] },
    },
  ];
}

/** Returns a kernel's forward pass, and the same with the gradient of x. */
function casesOf(kernel: Kernel, places: number, batch: number): Case[] {
  const { numbers: [forward, backward], operations: [once, more], output, ...bench } = kernel;
  const shape = `${batch} x ${places} x ${WIDTH}`;
  const { build, expected: _, ...rest } = bench;
  return [
    { ...bench, shape, bytes: 4 * forward, flops: once },
    {
      ...rest,
      ...{ name: `${bench.name} and its gradient`, shape, bytes: 4 * (forward + backward), flops: once + more },
      inputs: { ...rest.inputs, dy: output },
      build: (leaves: Leaves): Tensor => gradientOf(build(leaves), leaves.x),
    },
  ];
}

/** Measures the kernels; throws when one computes something else than its reference. */
export async function historyBench(gpu: Gpu, { quick = false }: { quick?: boolean } = {}): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { places, batch } of HISTORIES) {
    const kernels = [...poolings(places), ...comparisons(places), ...attentions(places)];
    const rowsOfBatch = quick ? Math.max(4, batch >> 6) : batch;
    for (const bench of kernels.flatMap((kernel) => casesOf(kernel, places, rowsOfBatch))) {
      rows.push(await measure(gpu, bench, rowsOfBatch));
    }
  }
  return rows;
}
