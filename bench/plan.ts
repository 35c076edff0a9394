/**
 * Benches of single ops: a plan of one output, verified at its first samples, then timed.
 *
 * @module
 */
import type { Gpu } from "../src/gpu/device.ts";
import type { BufferRange } from "../src/gpu/kernel.ts";
import { createBuffer, download, upload } from "../src/gpu/memory.ts";
import { differentiate } from "../src/graph/autodiff.ts";
import { Graph } from "../src/graph/graph.ts";
import { Plan } from "../src/graph/plan.ts";
import { type Shape, sizeOf, type Tensor } from "../src/graph/tensor.ts";
import { add } from "../src/ops/add.ts";
import { noStorage } from "../tests/run.ts";
import { assertClose, randomArray, step } from "../tests/support.ts";
import { type BenchRow, type Timing, timingOf } from "./report.ts";

/** Samples whose results are compared. */
const CHECKED = 3;

/** Milliseconds of a repeat at least, so that the wait at its end does not matter. */
const REPEAT_MS = 300;
const REPEATS = 3;

/** One measured plan. */
export interface Case {
  readonly name: string;
  readonly shape: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Largest numbers of inputs; 1 when absent. */
  readonly scales?: Readonly<Record<string, number>>;
  readonly build: (inputs: Readonly<Record<string, Tensor>>) => Tensor;
  /** Computes the first samples of the result; gradients are proved by the tests of the same kernels. */
  readonly expected?: (inputs: Readonly<Record<string, Float64Array>>) => Float64Array;
  /** Bytes that must be moved for each sample. */
  readonly bytes: number;
  /** Operations that must be done for each sample. */
  readonly flops: number;
}

/** Inputs of a plan by name. */
export type Leaves = Readonly<Record<string, Tensor>>;

/** Returns the gradient of an output by an input, from the input "dy" upstream. */
export function gradientOf(y: Tensor, leaf: Tensor): Tensor {
  return differentiate(y, y.graph.input("dy", y.shape), add).inputs.get(leaf)!;
}

/** Verifies and times one plan; throws when it computes something else than its reference. */
export async function measure(gpu: Gpu, bench: Case, batch: number): Promise<BenchRow> {
  const graph = new Graph("train");
  const tensors: Record<string, Tensor> = {};
  const values: Record<string, Float64Array> = {};
  const places: Record<string, BufferRange> = {};
  Object.entries(bench.inputs).forEach(([name, shape], i) => {
    tensors[name] = graph.input(name, shape);
    const scale = bench.scales?.[name] ?? 1;
    values[name] = randomArray(sizeOf(shape, batch), i + 1).map((value) => Math.fround(scale * value));
    places[name] = { buffer: upload(gpu, name, Float32Array.from(values[name])) };
  });
  const y = bench.build(tensors);
  const result = createBuffer(gpu, "result", 4 * sizeOf(y.shape, batch));
  const plan = await Plan.create(gpu, {
    name: "bench",
    batch,
    outputs: [y],
    pinned: new Map([[y, { buffer: result }]]),
    inputs: places,
    storage: noStorage,
  });
  plan.run([step(batch)]);
  if (bench.expected) {
    const few: Record<string, Float64Array> = {};
    for (const [name, shape] of Object.entries(bench.inputs)) {
      few[name] = shape[0] === "B" ? values[name].subarray(0, sizeOf(shape, CHECKED)) : values[name];
    }
    const expected = bench.expected(few);
    const actual = new Float32Array(await download(gpu, result, 4 * expected.length));
    assertClose(actual, expected, bench.name, { rtol: 2e-5, atol: 2e-5 });
  }
  const timing = await timePlan(gpu, plan, batch);
  plan.destroy();
  for (const { buffer } of [...Object.values(places), { buffer: result }]) buffer.destroy();
  const each = batch / timing.ms / 1e6;
  return { name: bench.name, shape: bench.shape, ...timing, gbps: bench.bytes * each, gflops: bench.flops * each };
}

async function timePlan(gpu: Gpu, plan: Plan, batch: number): Promise<Timing> {
  const elapsed = async (steps: number): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < steps; i++) plan.run([step(batch)]);
    await gpu.device.queue.onSubmittedWorkDone();
    return performance.now() - started;
  };
  const wait = Math.min(await elapsed(0), await elapsed(0), await elapsed(0));
  const once = Math.max(0.1, await elapsed(1) - wait);
  const steps = Math.min(64, Math.ceil(REPEAT_MS / once));
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    times.push(Math.max(1e-6, await elapsed(steps) - wait) / steps);
  }
  return timingOf(times);
}
