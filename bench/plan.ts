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
import { add } from "../src/ops/dense/add.ts";
import { assertClose, noStorage, randomArray, step } from "../tests/support.ts";
import type { BenchRow } from "./report.ts";
import { timeSteps } from "./timing.ts";

/** Samples whose results are compared. */
const CHECKED = 3;

const TIMING = { atLeastMs: 200, repeats: 3, most: 256 };

/** One measured plan. */
export interface Case {
  readonly name: string;
  readonly shape: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Largest numbers of inputs; 1 when absent. */
  readonly scales?: Readonly<Record<string, number>>;
  /** Inputs of whole numbers, u32, all of which are the same. */
  readonly whole?: Readonly<Record<string, number>>;
  readonly build: (inputs: Leaves) => Tensor;
  /** Computes the first samples of the result; gradients are proved by the tests of the same kernels. */
  readonly expected?: (inputs: Numbers) => Float64Array;
  /** Bytes that must be moved for each sample. */
  readonly bytes: number;
  /** Operations that must be done for each sample. */
  readonly flops: number;
}

/** Inputs of a plan by name. */
export type Leaves = Readonly<Record<string, Tensor>>;

/** Numbers of inputs by name. */
export type Numbers = Readonly<Record<string, Float64Array>>;

/** Returns the gradient of an output by an input, from the input "dy" upstream. */
export function gradientOf(y: Tensor, leaf: Tensor): Tensor {
  return differentiate(y, y.graph.input("dy", y.shape), add).inputs.get(leaf)!;
}

/** Draws the numbers of inputs, declares them and uploads them. */
export function placeInputs(
  gpu: Gpu,
  graph: Graph,
  inputs: Case["inputs"],
  batch: number,
  { scales = {}, whole = {} }: Pick<Case, "scales" | "whole"> = {},
): { leaves: Leaves; values: Numbers; places: Record<string, BufferRange> } {
  const leaves: Record<string, Tensor> = {};
  const values: Record<string, Float64Array> = {};
  const places: Record<string, BufferRange> = {};
  Object.entries(inputs).forEach(([name, shape], i) => {
    const number = whole[name];
    leaves[name] = graph.input(name, shape, number === undefined ? "f32" : "u32");
    values[name] = randomArray(sizeOf(shape, batch), i + 1).map((value) =>
      number ?? Math.fround((scales[name] ?? 1) * value)
    );
    const numbers = number === undefined ? Float32Array.from(values[name]) : Uint32Array.from(values[name]);
    places[name] = { buffer: upload(gpu, name, numbers) };
  });
  return { leaves, values, places };
}

/** Compares the first samples of a result; throws when they are something else than the reference computes. */
export async function checkFirst(
  gpu: Gpu,
  { name, inputs, expected }: Pick<Case, "name" | "inputs" | "expected">,
  values: Numbers,
  place: BufferRange,
): Promise<void> {
  if (!expected) return;
  const few: Record<string, Float64Array> = {};
  for (const [input, shape] of Object.entries(inputs)) {
    few[input] = shape[0] === "B" ? values[input].subarray(0, sizeOf(shape, CHECKED)) : values[input];
  }
  const numbers = expected(few);
  const actual = new Float32Array(await download(gpu, place.buffer, 4 * numbers.length));
  assertClose(actual, numbers, name, { rtol: 2e-5, atol: 2e-5 });
}

/** Verifies and times one plan; throws when it computes something else than its reference. */
export async function measure(gpu: Gpu, bench: Case, batch: number): Promise<BenchRow> {
  const graph = new Graph("train");
  const { leaves, values, places } = placeInputs(gpu, graph, bench.inputs, batch, bench);
  const y = bench.build(leaves);
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
  await checkFirst(gpu, bench, values, { buffer: result });
  const timing = await timeSteps(gpu, plan, step(batch), TIMING);
  plan.destroy();
  for (const { buffer } of [...Object.values(places), { buffer: result }]) buffer.destroy();
  const each = batch / timing.ms / 1e6;
  return { name: bench.name, shape: bench.shape, ...timing, gbps: bench.bytes * each, gflops: bench.flops * each };
}
