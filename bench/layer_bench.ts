/**
 * Batch normalization, activation with dropout, the loss and the cutting of batches at Criteo's shape: verified against
 * float64, then timed.
 *
 * @module
 */
import type { Gpu } from "../src/gpu/device.ts";
import type { BufferRange } from "../src/gpu/kernel.ts";
import { createBuffer, download, type Numbers, upload } from "../src/gpu/memory.ts";
import { differentiate } from "../src/graph/autodiff.ts";
import { Graph } from "../src/graph/graph.ts";
import { MAX_STEPS_PER_SUBMIT, Plan } from "../src/graph/plan.ts";
import { type Shape, sizeOf, type Tensor } from "../src/graph/tensor.ts";
import { add } from "../src/ops/dense/add.ts";
import { cutBatch } from "../src/ops/embedding/batch.ts";
import { batchNorm } from "../src/ops/dense/batch_norm.ts";
import { labelLoss } from "../src/ops/train/loss.ts";
import { activation, dropout } from "../src/ops/dense/pointwise.ts";
import { batchNorm as batchNormReference, moments } from "../tests/reference/batch_norm.ts";
import { binaryCrossEntropy as lossReference, crossEntropyGradient } from "../tests/reference/loss.ts";
import { ACTIVATIONS, dropoutScale } from "../tests/reference/pointwise.ts";
import { assertClose, noStorage, randomArray, step } from "../tests/support.ts";
import type { BenchRow } from "./report.ts";
import { timePlan } from "./timing.ts";

const BATCH = 4096;
const WIDTH = 400;
const FIELDS = 39;
const CAPACITY = 16 * BATCH;
const RATE = 0.2;
const SALT = 3;

const TIMING = { atLeastMs: 150, repeats: 5, most: 256 };

/** An input of a bench. */
interface Input {
  readonly shape: Shape;
  readonly data: Numbers;
}

/** One measured plan. */
interface Case {
  readonly name: string;
  readonly shape: string;
  /** Bytes that must be moved. */
  readonly bytes: number;
  readonly inputs: Readonly<Record<string, Input>>;
  readonly build: (inputs: Readonly<Record<string, Tensor>>) => readonly Tensor[];
  /** What the outputs must be. */
  readonly expected: readonly ArrayLike<number>[];
  readonly rtol?: number;
}

function normCases(): Case[] {
  const size = BATCH * WIDTH;
  const [x, dy] = [randomArray(size, 1), randomArray(size, 2)];
  const gamma = randomArray(WIDTH, 3).map((value) => Math.fround(1.5 + value));
  const beta = randomArray(WIDTH, 4);
  const column = (data: Float64Array): Input => ({ shape: [WIDTH], data: Float32Array.from(data) });
  const inputs: Record<string, Input> = {
    x: { shape: ["B", WIDTH], data: Float32Array.from(x) },
    gamma: column(gamma),
    beta: column(beta),
    mean: column(new Float64Array(WIDTH)),
    variance: column(new Float64Array(WIDTH).fill(1)),
  };
  const normed = ({ x, gamma, beta, mean, variance }: Readonly<Record<string, Tensor>>): Tensor =>
    batchNorm(x, gamma, beta, mean, variance, { activation: "relu" });
  const shape = `${BATCH}x${WIDTH}`;
  return [
    {
      name: "batch norm + relu",
      shape,
      // Read for the moments, read and written for the result.
      bytes: 3 * 4 * size,
      inputs,
      build: (tensors) => [normed(tensors)],
      expected: [batchNormReference({ x, gamma, beta }, { columns: WIDTH, rows: BATCH, activation: "relu" })],
      rtol: 2e-5,
    },
    {
      name: "batch norm + relu, and its gradient",
      shape,
      // Forward as above; x and dy read for the sums, read again and the result written.
      bytes: 8 * 4 * size,
      inputs: { ...inputs, dy: { shape: ["B", WIDTH], data: Float32Array.from(dy) } },
      build: (tensors) => [differentiate(normed(tensors), tensors.dy, add).inputs.get(tensors.x)!],
      expected: [normGradient(x, gamma, beta, dy)],
      rtol: 2e-5,
    },
  ];
}

/** Gradient of batch norm with relu by its input, in float64. */
function normGradient(x: Float64Array, gamma: Float64Array, beta: Float64Array, dy: Float64Array): Float64Array {
  const { mean, variance } = moments(x, WIDTH, BATCH);
  const rstd = variance.map((v) => 1 / Math.sqrt(v + 1e-5));
  const hat = x.map((value, i) => (value - mean[i % WIDTH]) * rstd[i % WIDTH]);
  const dz = dy.map((value, i) => hat[i] * gamma[i % WIDTH] + beta[i % WIDTH] > 0 ? value * gamma[i % WIDTH] : 0);
  const [sum, product] = [new Float64Array(WIDTH), new Float64Array(WIDTH)];
  dz.forEach((value, i) => {
    sum[i % WIDTH] += value / BATCH;
    product[i % WIDTH] += value * hat[i] / BATCH;
  });
  return dz.map((value, i) => rstd[i % WIDTH] * (value - sum[i % WIDTH] - hat[i] * product[i % WIDTH]));
}

function pointwiseCase(): Case {
  const size = BATCH * WIDTH;
  const x = randomArray(size, 5);
  return {
    name: "relu, then dropout",
    shape: `${BATCH}x${WIDTH}`,
    bytes: 4 * 4 * size,
    inputs: { x: { shape: ["B", WIDTH], data: Float32Array.from(x) } },
    build: ({ x }) => [dropout(activation(x, "relu"), RATE, SALT)],
    expected: [x.map((value, i) => ACTIVATIONS.relu(value) * dropoutScale(RATE, SALT, i))],
  };
}

function lossCase(): Case {
  const logits = Float32Array.from(randomArray(BATCH, 6), (z) => 6 * z);
  const labels = Float32Array.from(randomArray(BATCH, 7), (u) => Number(u > 0.3));
  const targets = new Float32Array(2 * BATCH).fill(1);
  targets.set(labels);
  return {
    name: "cross-entropy and its gradient",
    shape: String(BATCH),
    bytes: 4 * 4 * BATCH,
    inputs: { logits: { shape: ["B", 1], data: logits }, targets: { shape: [2, "B"], data: targets } },
    build: ({ logits, targets }) => {
      const { loss, dLogits } = labelLoss(logits, targets);
      return [loss, dLogits];
    },
    expected: [[lossReference(logits, labels, BATCH)], crossEntropyGradient(logits, labels, BATCH)],
  };
}

function cutCase(): Case {
  const ids = Uint32Array.from({ length: FIELDS * CAPACITY }, (_, i) => i * 2654435761 % 1000003);
  const labels = Float32Array.from({ length: CAPACITY }, (_, i) => i % 3 === 0 ? 1 : 0);
  const order = Uint32Array.from({ length: CAPACITY }, (_, i) => (i * 40503 + 3) % CAPACITY);
  const cut = new Uint32Array(FIELDS * BATCH);
  for (let f = 0; f < FIELDS; f++) {
    for (let b = 0; b < BATCH; b++) cut[f * BATCH + b] = ids[f * CAPACITY + order[b]];
  }
  return {
    name: "batch cut out of the data set",
    shape: `${BATCH}x${FIELDS} of ${CAPACITY}`,
    bytes: 2 * 4 * FIELDS * BATCH + 4 * 4 * BATCH,
    inputs: {
      ids: { shape: [FIELDS, CAPACITY], data: ids },
      labels: { shape: [1, CAPACITY], data: labels },
      order: { shape: [CAPACITY], data: order },
    },
    build: ({ ids, labels, order }) => {
      const batch = cutBatch({ ids, labels, order }, FIELDS, CAPACITY);
      return [batch.ids, batch.targets!];
    },
    expected: [cut, Float32Array.from({ length: 2 * BATCH }, (_, i) => i < BATCH ? labels[order[i]] : 1)],
    rtol: 0,
  };
}

async function measure(gpu: Gpu, bench: Case): Promise<BenchRow> {
  const graph = new Graph("train");
  const tensors: Record<string, Tensor> = {};
  const places: Record<string, BufferRange> = {};
  for (const [name, { shape, data }] of Object.entries(bench.inputs)) {
    tensors[name] = graph.input(name, shape, data instanceof Uint32Array ? "u32" : "f32");
    places[name] = { buffer: upload(gpu, name, data), size: data.byteLength };
  }
  const outputs = bench.build(tensors);
  const pinned = new Map(
    outputs.map((tensor) => [tensor, { buffer: createBuffer(gpu, "result", 4 * sizeOf(tensor.shape, BATCH)) }]),
  );
  const options = { name: "bench", batch: BATCH, outputs, pinned, inputs: places, storage: noStorage };
  const plan = await Plan.create(gpu, options);
  plan.run([step(BATCH)]);
  for (const [i, tensor] of outputs.entries()) {
    const bytes = await download(gpu, pinned.get(tensor)!.buffer, 4 * bench.expected[i].length);
    const actual = tensor.dtype === "u32" ? new Uint32Array(bytes) : new Float32Array(bytes);
    assertClose(actual, bench.expected[i], bench.name, { rtol: bench.rtol, atol: bench.rtol === 0 ? 0 : undefined });
  }
  const timing = await timePlan(gpu, plan, Array(MAX_STEPS_PER_SUBMIT).fill(step(BATCH)), TIMING);
  plan.destroy();
  for (const { buffer } of [...Object.values(places), ...pinned.values()]) buffer.destroy();
  return { name: bench.name, shape: bench.shape, ...timing, gbps: bench.bytes / timing.ms / 1e6 };
}

/** Measures the kernels; throws when one computes something else than its reference. */
export async function layerBench(gpu: Gpu): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bench of [...normCases(), pointwiseCase(), lossCase(), cutCase()]) rows.push(await measure(gpu, bench));
  return rows;
}
