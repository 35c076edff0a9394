/**
 * Interactions of pairs of fields at Criteo's shape: verified against float64 on sampled rows, then timed.
 *
 * @module
 */
import type { Gpu } from "../src/gpu/device.ts";
import { createBuffer, upload } from "../src/gpu/memory.ts";
import { differentiate } from "../src/graph/autodiff.ts";
import { Graph } from "../src/graph/graph.ts";
import { Plan } from "../src/graph/plan.ts";
import { type Shape, sizeOf, type Tensor } from "../src/graph/tensor.ts";
import { add } from "../src/ops/dense/add.ts";
import { attentionalPooling } from "../src/ops/interaction/afm.ts";
import { biInteraction } from "../src/ops/interaction/bi_interaction.ts";
import { ffm } from "../src/ops/interaction/ffm.ts";
import { innerProduct, pairSum } from "../src/ops/interaction/inner_product.ts";
import { pairDense } from "../src/ops/interaction/pair_dense.ts";
import { matrixSum } from "../src/ops/interaction/pair_matrix.ts";
import { senet } from "../src/ops/interaction/senet.ts";
import { thirdOrder } from "../src/ops/interaction/third_order.ts";
import { afmReference } from "../tests/reference/afm.ts";
import { ffmReference } from "../tests/reference/ffm.ts";
import { matmulReference } from "../tests/reference/matmul.ts";
import {
  biInteractionReference,
  groupSums,
  innerProductReference,
  matrixElementsReference,
  pairElementsReference,
} from "../tests/reference/pairs.ts";
import { senetReference } from "../tests/reference/senet.ts";
import { thirdOrderReference } from "../tests/reference/third_order.ts";
import { noStorage, randomArray, step } from "../tests/support.ts";
import { checkFirst, type Leaves, type Numbers, placeInputs } from "./plan.ts";
import type { BenchRow } from "./report.ts";
import { timeSteps } from "./timing.ts";

const BATCH = 4096;
const QUICK_BATCH = 64;
const FIELDS = 39;
const PAIRS = FIELDS * (FIELDS - 1) / 2;
const DIM = 16;
/** Width of a vector of FFM, which has 38 of them for each value. */
const FFM_DIM = 4;
const HIDDEN = 16;
const REDUCED = 13;
/** Columns of the dense layer over pairs. */
const OUTPUTS = 400;
const TIMING = { atLeastMs: 200, repeats: 3, most: 256 };

/** One op. */
interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly build: (leaves: Leaves) => Tensor;
  /** Computes the op on the samples that it is given; gradients are proved by the tests of the same kernels. */
  readonly expected: (values: Numbers) => Float64Array;
  /** Operations of the forward pass for each sample; the backward pass has twice as many. */
  readonly flops: number;
}

const E: Shape = ["B", FIELDS, DIM];

const CASES: readonly Case[] = [
  {
    name: "bi-interaction",
    inputs: { e: E },
    build: ({ e }) => biInteraction(e),
    expected: ({ e }) => biInteractionReference(e, FIELDS, DIM),
    flops: 3 * FIELDS * DIM,
  },
  {
    name: "third-order products",
    inputs: { e: E },
    build: ({ e }) => thirdOrder(e),
    expected: ({ e }) => thirdOrderReference(e, FIELDS, DIM),
    flops: 5 * FIELDS * DIM,
  },
  {
    name: "inner products",
    inputs: { e: E },
    build: ({ e }) => innerProduct(e),
    expected: ({ e }) => innerProductReference(e, FIELDS, DIM),
    flops: 2 * PAIRS * DIM,
  },
  {
    name: "field-weighted sum (FwFM)",
    inputs: { e: E, s: [PAIRS] },
    build: ({ e, s }) => pairSum(e, s),
    expected: ({ e, s }) => groupSums(innerProductReference(e, FIELDS, DIM, s), PAIRS),
    flops: 2 * PAIRS * DIM,
  },
  {
    name: "field-vectored sum (FmFM)",
    inputs: { e: E, s: [PAIRS, DIM] },
    build: ({ e, s }) => pairSum(e, s),
    expected: ({ e, s }) => groupSums(innerProductReference(e, FIELDS, DIM, s), PAIRS),
    flops: 3 * PAIRS * DIM,
  },
  {
    name: "field-matrixed sum (FmFM)",
    inputs: { e: E, w: [PAIRS, DIM, DIM] },
    build: ({ e, w }) => matrixSum(e, w),
    expected: ({ e, w }) => groupSums(matrixElementsReference(e, FIELDS, DIM, w), PAIRS * DIM),
    flops: 2 * PAIRS * DIM * (DIM + 1),
  },
  {
    name: "field-aware sum (FFM)",
    inputs: { v: ["B", FIELDS, (FIELDS - 1) * FFM_DIM] },
    build: ({ v }) => ffm(v),
    expected: ({ v }) => ffmReference(v, FIELDS, FFM_DIM),
    flops: 2 * PAIRS * FFM_DIM,
  },
  {
    name: "gates of fields (SENet)",
    inputs: { e: E, w0: [FIELDS, REDUCED], w1: [REDUCED, FIELDS] },
    build: ({ e, w0, w1 }) => senet(e, w0, w1).y,
    expected: ({ e, w0, w1 }) => senetReference(e, w0, w1, [FIELDS, DIM, REDUCED]),
    flops: 2 * FIELDS * DIM + 4 * FIELDS * REDUCED,
  },
  {
    name: "attention over pairs (AFM)",
    inputs: { e: E, w: [DIM, HIDDEN], c: [HIDDEN], h: [HIDDEN] },
    build: ({ e, w, c, h }) => attentionalPooling(e, { weight: w, bias: c, head: h }).v,
    expected: ({ e, w, c, h }) => afmReference(e, { w, c, h }, FIELDS, DIM),
    flops: PAIRS * (2 * DIM * HIDDEN + 3 * HIDDEN + 3 * DIM),
  },
  {
    name: "dense layer over products of pairs (FiBiNET)",
    inputs: { u: E, x: E, w: [PAIRS * DIM, OUTPUTS] },
    build: ({ u, x, w }) => pairDense([{ left: u, right: x }], w),
    expected: ({ u, x, w }) => denseReference(pairElementsReference(u, x, FIELDS, DIM), w),
    flops: PAIRS * DIM * (2 * OUTPUTS + 1),
  },
  {
    name: "the same with a matrix for each pair",
    inputs: { e: E, m: [PAIRS, DIM, DIM], w: [PAIRS * DIM, OUTPUTS] },
    build: ({ e, m, w }) => pairDense([{ e, matrices: m }], w),
    expected: ({ e, m, w }) => denseReference(matrixElementsReference(e, FIELDS, DIM, m), w),
    flops: PAIRS * DIM * (2 * OUTPUTS + 2 * DIM + 1),
  },
];

function denseReference(r: Float64Array, w: Float64Array): Float64Array {
  return matmulReference(r, w, [r.length / (PAIRS * DIM), PAIRS * DIM, OUTPUTS]);
}

/** Bytes of the tensors that go in and come out. */
function bytesOf(tensors: readonly Tensor[], batch: number): number {
  return tensors.reduce((sum, { shape }) => sum + 4 * sizeOf(shape, batch), 0);
}

async function measure(gpu: Gpu, bench: Case, batch: number): Promise<BenchRow[]> {
  const graph = new Graph("train");
  const { leaves, values, places } = placeInputs(gpu, graph, bench.inputs, batch);
  const y = bench.build(leaves);
  places.dy = { buffer: upload(gpu, "dy", Float32Array.from(randomArray(sizeOf(y.shape, batch), 9))) };
  const gradients = differentiate(y, graph.input("dy", y.shape), add).inputs;
  const all = [y, ...Object.values(leaves).map((leaf) => gradients.get(leaf)!)];
  const inputs = Object.values(leaves);
  const rows: BenchRow[] = [];
  for (const outputs of [[y], all]) {
    const pinned = new Map(
      outputs.map((tensor) => [tensor, { buffer: createBuffer(gpu, "result", 4 * sizeOf(tensor.shape, batch)) }]),
    );
    const plan = await Plan.create(gpu, { name: "bench", batch, outputs, pinned, inputs: places, storage: noStorage });
    plan.run([step(batch)]);
    await checkFirst(gpu, bench, values, pinned.get(y)!);
    const timing = await timeSteps(gpu, plan, step(batch), TIMING);
    plan.destroy();
    for (const { buffer } of pinned.values()) buffer.destroy();
    const isForward = outputs.length === 1;
    // The backward pass reads the inputs and the upstream gradient once more.
    const bytes = bytesOf([...inputs, ...outputs, ...(isForward ? [] : [...inputs, y])], batch);
    rows.push({
      name: isForward ? bench.name : `${bench.name} and its gradients`,
      shape: `${batch} x ${FIELDS}, D ${bench.inputs.v ? FFM_DIM : DIM}`,
      ...timing,
      gbps: bytes / timing.ms / 1e6,
      gflops: (isForward ? 1 : 3) * bench.flops * batch / timing.ms / 1e6,
      note: `${(bytes / 1e6).toFixed(1)} MB must move`,
    });
  }
  for (const { buffer } of Object.values(places)) buffer.destroy();
  return rows;
}

/** Measures the kernels; throws when one computes something else than its reference. */
export async function pairsBench(gpu: Gpu, { quick = false }: { quick?: boolean } = {}): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bench of CASES) rows.push(...await measure(gpu, bench, quick ? QUICK_BATCH : BATCH));
  return rows;
}
