/** Helpers of the tests: a shared device, tolerances, and the one check that every op passes. */
import { requestAdapter } from "../src/adapter.ts";
import { Gpu } from "../src/gpu/device.ts";
import type { BufferRange } from "../src/gpu/kernel.ts";
import { createBuffer, download, upload } from "../src/gpu/memory.ts";
import { workOf } from "../src/gpu/profile.ts";
import { differentiate } from "../src/graph/autodiff.ts";
import { Graph, type Mode } from "../src/graph/graph.ts";
import { ownerOf } from "../src/graph/memory.ts";
import { Plan, type StepScalars, type Storage } from "../src/graph/plan.ts";
import { type Shape, sizeOf, type Tensor } from "../src/graph/tensor.ts";
import { add } from "../src/ops/dense/add.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { kernelsOf } from "../src/kernels/set.ts";

let shared: Promise<Gpu> | undefined;

/** Returns a device that the tests of one file share, with WebGPU's default limits: no kernel may need more. */
export function gpu(): Promise<Gpu> {
  return shared ??= openShared();
}

async function openShared(): Promise<Gpu> {
  const backend = Deno.env.get("WEFT_TEST_GPU") === "dawn" ? "dawn" : "deno";
  const { adapter } = await requestAdapter({ backend });
  const opened = await Gpu.request(adapter, { limits: "default" });
  await loadKernels(opened);
  // A driver of Deno that is still taking a device down while the process ends can crash it. Dawn crashes where a device
  // is destroyed while the process ends.
  if (backend === "deno") addEventListener("unload", () => opened.destroy());
  return opened;
}

/** Uniform numbers in [-1, 1) that depend on the seed alone. */
export function randomArray(size: number, seed: number): Float64Array {
  let state = (seed * 0x9e3779b9 + 0x85ebca6b) >>> 0;
  return Float64Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
}

/** Throws unless |actual - expected| <= atol + rtol * max |expected| for all elements. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  label: string,
  { rtol = 1e-5, atol = 1e-6 }: { rtol?: number; atol?: number } = {},
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${label}: expected ${expected.length} numbers, received ${actual.length}`);
  }
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  const limit = atol + rtol * largest;
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= limit)) {
      throw new Error(`${label}[${i}]: expected ${expected[i]} within ${limit}, received ${actual[i]}`);
    }
  }
}

/** Scalars of a step whose batch is full. */
export function step(rows: number, more: Partial<StepScalars> = {}): StepScalars {
  return { rows, first: 0, index: 1, seed: 1, lr: 0.1, slot: 0, ...more };
}

/** Storage of a graph that has neither parameters nor tables. */
export const noStorage: Storage = {
  parameter: ({ name }) => {
    throw new Error(`unexpected parameter ${name}`);
  },
  shards: () => [],
};

/** An op to run. */
export interface OpRun {
  /** Shapes of the inputs by name; `"B"` stands for the batch. */
  inputs: Record<string, Shape>;
  /** Rows of the batch. */
  batch: number;
  /** Names of inputs that are whole numbers, u32. */
  integers?: readonly string[];
  /** Builds the output from the inputs. */
  build: (inputs: Record<string, Tensor>) => Tensor;
  /** Turns random numbers in [-1, 1) into values of an input. */
  prepare?: Record<string, (values: Float64Array) => Float64Array>;
  /** Gradient by the output that is handed down. @default random numbers */
  upstream?: readonly number[];
  /** Mode of the trace. @default {"train"} */
  mode?: Mode;
  /** Valid rows. @default the batch */
  rows?: number;
  /** What the adapter is taken for, so that kernels for both kinds are checked. @default what it is */
  software?: boolean;
  /** Name of the variants to run wherever they fit. @default those that suit the device */
  kernels?: string;
}

/** An op under test. */
export interface OpCheck extends OpRun {
  /** Computes the output in float64. */
  reference: (inputs: Record<string, Float64Array>) => Float64Array;
  /** Numbers of each input whose gradient is compared, spread evenly; all by default. */
  sampled?: number;
  rtol?: number;
  atol?: number;
}

/** What an op computed. */
export interface OpResults {
  /** The inputs. */
  readonly values: Record<string, Float64Array>;
  /** The gradient by the output that was handed down. */
  readonly upstream: Float64Array;
  readonly y: Float32Array;
  /** Numbers of y in valid rows. */
  readonly valid: number;
  /** Gradients by inputs that have one. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Kernels that ran. */
  readonly labels: readonly string[];
  /** Names of the variants that would have fitted some problem, those that ran left out. */
  readonly others: readonly string[];
}

const devices = new Map<string, Gpu>();

/** Returns the tests' device as it is, or as one of the other kind; all that run the same variants share pipelines. */
export async function deviceFor({ software, kernels }: Pick<OpRun, "software" | "kernels">): Promise<Gpu> {
  const real = await gpu();
  if (software === undefined && kernels === undefined) return real;
  const kind = software === undefined ? real.profile.kind : software ? "software" : "gpu";
  const key = `${kind} ${kernels ?? ""}`;
  let device = devices.get(key);
  if (!device) {
    devices.set(key, device = new Gpu(real.device, { ...real.profile, kind, work: workOf(kind) }));
    kernelsOf(device).override = kernels;
  }
  await loadKernels(device);
  return device;
}

/** Returns the names of variants that fit problems of a plan besides those that it runs. */
function otherVariants(device: Gpu, plan: Plan): string[] {
  const { choices } = kernelsOf(device);
  const problems = Object.entries(plan.describe().kernels);
  const names = problems.flatMap(([problem, chosen]) =>
    choices.get(problem)!.fitting.filter((name) => name !== chosen)
  );
  return [...new Set(names)];
}

/** Runs an op forward and, where its output is no whole numbers, backward. */
export async function runOp(run: OpRun): Promise<OpResults> {
  const device = await deviceFor(run);
  const graph = new Graph(run.mode ?? "train");
  const names = Object.keys(run.inputs);
  const values: Record<string, Float64Array> = {};
  const tensors: Record<string, Tensor> = {};
  const buffers: Record<string, BufferRange> = {};
  names.forEach((name, i) => {
    const random = randomArray(sizeOf(run.inputs[name], run.batch), i + 1);
    values[name] = (run.prepare?.[name]?.(random) ?? random).map(Math.fround);
    const isInteger = run.integers?.includes(name) ?? false;
    tensors[name] = graph.input(name, run.inputs[name], isInteger ? "u32" : "f32");
    const numbers = isInteger ? Uint32Array.from(values[name]) : Float32Array.from(values[name]);
    buffers[name] = { buffer: upload(device, name, numbers) };
  });
  const y = run.build(tensors);
  const size = sizeOf(y.shape, run.batch);
  const upstream = run.upstream ? Float64Array.from(run.upstream) : randomArray(size, 99);
  const hasBatch = y.shape[0] === "B";
  const valid = hasBatch ? (run.rows ?? run.batch) * size / run.batch : size;
  upstream.fill(0, valid);
  buffers.upstream = { buffer: upload(device, "upstream", Float32Array.from(upstream)) };
  const slopes = y.dtype === "f32" ? differentiate(y, graph.input("upstream", y.shape), add).inputs : undefined;
  const found = names.flatMap((name) => {
    const gradient = slopes?.get(tensors[name]);
    return gradient ? [[name, gradient] as const] : [];
  });
  const wanted = [y, ...found.map(([, gradient]) => gradient)];
  const results = new Map<Tensor, BufferRange>();
  for (const tensor of wanted) {
    const owner = ownerOf(tensor);
    if (owner.node) {
      results.set(owner, { buffer: createBuffer(device, "result", 4 * sizeOf(tensor.shape, run.batch)) });
    }
  }
  const plan = await Plan.create(device, {
    name: "check",
    batch: run.batch,
    outputs: wanted,
    inputs: buffers,
    pinned: results,
    storage: noStorage,
  });
  plan.run([step(run.rows ?? run.batch)]);
  const read = async (tensor: Tensor): Promise<Float32Array> =>
    new Float32Array(await download(device, plan.rangeOf(tensor).buffer, 4 * sizeOf(tensor.shape, run.batch)));
  const gradients = new Map<string, Float32Array>();
  for (const [name, gradient] of found) gradients.set(name, await read(gradient));
  const { labels } = plan.describe();
  const numbers = await read(y);
  const others = otherVariants(device, plan);
  plan.destroy();
  for (const { buffer } of [...Object.values(buffers), ...results.values()]) buffer.destroy();
  return { values, upstream, y: numbers, valid, gradients, labels, others };
}

/**
 * Checks an op's output against its reference, and its gradients against central differences of the reference: by the
 * kernels that suit the device, and by every other variant of them that fits.
 */
export async function checkOp(check: OpCheck): Promise<void> {
  const first = await runOp(check);
  const { values, upstream, valid, others } = first;
  const expected = {
    y: check.reference(values).subarray(0, valid),
    gradients: new Map(
      [...first.gradients.keys()].map((name) =>
        [name, centralDifferences(check.reference, values, name, upstream, strideOf(check, values[name]))] as const
      ),
    ),
  };
  compare(first, expected, check, "");
  for (const kernels of check.kernels ? [] : others) {
    compare(await runOp({ ...check, kernels }), expected, check, ` by ${kernels}`);
  }
}

/** Returns how many numbers lie between those whose gradient is compared. */
function strideOf({ sampled = Infinity }: OpCheck, { length }: Float64Array): number {
  const stride = Math.max(1, Math.floor(length / sampled));
  // An odd stride visits all residues of most sizes.
  return stride % 2 === 0 ? stride + 1 : stride;
}

function compare(
  { values, y, valid, gradients }: OpResults,
  expected: { readonly y: Float64Array; readonly gradients: ReadonlyMap<string, Float64Array> },
  check: OpCheck,
  how: string,
): void {
  const { rtol, atol } = check;
  assertClose(y.subarray(0, valid), expected.y, `forward${how}`, { rtol, atol });
  for (const [name, all] of gradients) {
    const stride = strideOf(check, values[name]);
    const gradient = all.filter((_, i) => i % stride === 0);
    assertClose(gradient, expected.gradients.get(name)!, `d${name}${how}`, {
      rtol: rtol ?? 2e-5,
      atol: atol ?? 2e-6,
    });
  }
}

/** Differentiates sum(upstream * reference) by every number of one input, or by each `stride`-th. */
export function centralDifferences(
  reference: (inputs: Record<string, Float64Array>) => Float64Array,
  values: Record<string, Float64Array>,
  name: string,
  upstream: Float64Array,
  stride = 1,
  h = 1e-5,
): Float64Array {
  const objective = (): number => reference(values).reduce((sum, value, i) => sum + value * upstream[i], 0);
  const sampled = Array.from({ length: Math.ceil(values[name].length / stride) }, (_, i) => i * stride);
  return Float64Array.from(sampled, (i) => {
    const original = values[name][i];
    values[name][i] = original + h;
    const above = objective();
    values[name][i] = original - h;
    const below = objective();
    values[name][i] = original;
    return (above - below) / (2 * h);
  });
}
