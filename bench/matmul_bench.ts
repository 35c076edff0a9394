/** Dense layers forward and backward at the shapes of CTR models: verified on samples against float64, then timed. */
import { Gpu } from "../src/gpu/device.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { createBuffer, download, upload } from "../src/gpu/memory.ts";
import { Graph } from "../src/graph/graph.ts";
import { Plan } from "../src/graph/plan.ts";
import { type Shape, sizeOf, type Tensor } from "../src/graph/tensor.ts";
import { dense } from "../src/ops/dense/dense.ts";
import { matmulNt, matmulTn } from "../src/ops/dense/matmul.ts";
import { noStorage, randomArray, step } from "../tests/support.ts";
import { measureCeilings } from "./ceiling.ts";
import { type BenchRow, formatRows, withCeilings } from "./report.ts";
import { timeSteps } from "./timing.ts";

/** Sizes [B, K, N] of the layers. */
const SHAPES: readonly Sizes[] = [
  [4096, 624, 400],
  [4096, 400, 400],
  [4096, 100, 400],
  [4096, 390, 400],
  [4096, 400, 1],
  // A projection of attention: rows are occurrences.
  [159_744, 16, 64],
  [256, 624, 400],
  [256, 400, 400],
];

/** Elements of a result that are compared with float64. */
const SAMPLES = 64;

const TIMING = { atLeastMs: 200, repeats: 5, most: 256 };

type Sizes = readonly [batch: number, k: number, n: number];

/** A product: operands, how to build it, and one element of it in float64. */
interface Product {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  build(tensors: Record<string, Tensor>): Tensor;
  element(numbers: Record<string, Float32Array>, row: number, column: number): number;
}

function productsOf([batch, k, n]: Sizes): Product[] {
  const sum = (terms: number, term: (i: number) => number): number => {
    let total = 0;
    for (let i = 0; i < terms; i++) total += term(i);
    return total;
  };
  return [{
    name: "dense forward, relu",
    inputs: { x: ["B", k], weight: [k, n], bias: [n] },
    build: ({ x, weight, bias }) => dense(x, weight, bias, { activation: "relu" }),
    element: ({ x, weight, bias }, row, column) =>
      Math.max(0, bias[column] + sum(k, (i) => x[row * k + i] * weight[i * n + column])),
  }, {
    name: "dense dx",
    inputs: { dz: ["B", n], weight: [k, n] },
    build: ({ dz, weight }) => matmulNt(dz, weight),
    element: ({ dz, weight }, row, column) => sum(n, (i) => dz[row * n + i] * weight[column * n + i]),
  }, {
    name: "dense dW",
    inputs: { x: ["B", k], dz: ["B", n] },
    build: ({ x, dz }) => matmulTn(x, dz),
    element: ({ x, dz }, row, column) => sum(batch, (b) => x[b * k + row] * dz[b * n + column]),
  }];
}

/** Verifies and times the products of dense layers. */
export async function matmulBench(gpu: Gpu): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const sizes of SHAPES) {
    for (const product of productsOf(sizes)) rows.push(await measure(gpu, product, sizes));
  }
  return rows;
}

async function measure(gpu: Gpu, product: Product, sizes: Sizes): Promise<BenchRow> {
  const [batch, k, n] = sizes;
  const graph = new Graph("predict");
  const numbers: Record<string, Float32Array<ArrayBuffer>> = {};
  const buffers: Record<string, { buffer: GPUBuffer }> = {};
  const tensors: Record<string, Tensor> = {};
  Object.entries(product.inputs).forEach(([name, shape], i) => {
    numbers[name] = Float32Array.from(randomArray(sizeOf(shape, batch), i + 1));
    buffers[name] = { buffer: upload(gpu, name, numbers[name]) };
    tensors[name] = graph.input(name, shape);
  });
  const y = product.build(tensors);
  const result = createBuffer(gpu, "result", 4 * sizeOf(y.shape, batch));
  const plan = await Plan.create(gpu, {
    name: "matmul_bench",
    batch,
    outputs: [y],
    inputs: buffers,
    pinned: new Map([[y, { buffer: result }]]),
    storage: noStorage,
  });
  plan.run([step(batch)]);
  const timing = await timeSteps(gpu, plan, step(batch), TIMING);
  const columns = y.shape[1] as number;
  verify(
    new Float32Array(await download(gpu, result)),
    sizeOf(y.shape, batch) / columns,
    columns,
    (row, column) => product.element(numbers, row, column),
  );
  plan.destroy();
  for (const { buffer } of Object.values(buffers)) buffer.destroy();
  result.destroy();
  const [best] = timing.spread;
  const gflops = 2 * batch * k * n / best / 1e6;
  const bytes = 4 * (batch * k + k * n + batch * n);
  return { name: product.name, shape: sizes.join("x"), ...timing, gflops, gbps: bytes / best / 1e6 };
}

function verify(
  y: Float32Array,
  rows: number,
  columns: number,
  expected: (row: number, column: number) => number,
): void {
  for (let sample = 0; sample < SAMPLES; sample++) {
    // The last element is among the samples, so that edges of blocks are covered.
    const row = sample === 0 ? rows - 1 : (sample * 7919) % rows;
    const column = sample === 0 ? columns - 1 : (sample * 104_729) % columns;
    const [want, got] = [expected(row, column), y[row * columns + column]];
    if (!(Math.abs(got - want) <= 1e-3)) {
      throw new Error(`Cannot bench: element [${row}, ${column}] must be ${want}, received ${got}`);
    }
  }
}

if (import.meta.main) {
  const { requestAdapter } = await import("../src/adapter.ts");
  using gpu = await Gpu.request((await requestAdapter({ announce: console.error })).adapter);
  await loadKernels(gpu);
  const { ceilings, rows } = await measureCeilings(gpu);
  console.log(formatRows([...rows, ...withCeilings(await matmulBench(gpu), ceilings)]));
}
