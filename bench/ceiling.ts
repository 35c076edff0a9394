/**
 * What the device can do at best, measured: the bandwidth of a plain copy and the rate of multiply-adds in registers.
 *
 * @module
 */
import { Gpu } from "../src/gpu/device.ts";
import { loadKernels } from "../src/kernels/load.ts";
import { prepare } from "../src/gpu/kernel.ts";
import { createBuffer, download, upload } from "../src/gpu/memory.ts";
import type { Shader } from "../src/gpu/shader.ts";
import type { BenchRow, Ceilings } from "./report.ts";
import { timePass, type Timing } from "./timing.ts";

/** Invocations of the arithmetic kernel. */
const INVOCATIONS = 1 << 17;

/** Multiply-adds on scalars that it runs at least. */
const MULTIPLY_ADDS = 8192;

const COPY = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;

@compute @workgroup_size(256)
fn copy(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + group.y * groups.x) * 256u + lane;
  if (i < arrayLength(&target_)) { target_[i] = source[i]; }
}
`;

/** Independent chains of multiply-adds. */
interface Style {
  readonly name: string;
  /** Type of the accumulators, of so many floats. */
  readonly type: string;
  readonly lanes: number;
  /** Accumulators. */
  readonly chains: number;
  /** Multiply-adds on each of them in a round of the loop. */
  readonly perRound: number;
}

/** Compilers of GPUs and of processors each like another one; a long round hides what a loop costs some of them. */
const STYLES: readonly Style[] = [
  { name: "12 x f32", type: "f32", lanes: 1, chains: 12, perRound: 32 },
  { name: "16 x f32", type: "f32", lanes: 1, chains: 16, perRound: 8 },
  { name: "4 x vec4f", type: "vec4f", lanes: 4, chains: 4, perRound: 8 },
  { name: "8 x vec4f", type: "vec4f", lanes: 4, chains: 8, perRound: 4 },
];

function roundsOf({ lanes, chains, perRound }: Style): number {
  return Math.ceil(MULTIPLY_ADDS / (chains * lanes * perRound));
}

function arithmetic(style: Style): string {
  const { type, chains, perRound } = style;
  const names = Array.from({ length: chains }, (_, i) => `a${i}`);
  const round = names.map((name) => `${name} = fma(${name}, x, y);`).join(" ");
  const seeds = names.map((name, i) => `var ${name} = ${type}(f32(i) * ${i + 1}e-6);`).join("\n  ");
  return `
@group(0) @binding(0) var<storage, read> factors: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(64)
fn run(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let x = ${type}(factors[0]);
  let y = ${type}(factors[1]);
  ${seeds}
  for (var round = 0u; round < ${roundsOf(style)}u; round++) {
    ${Array(perRound).fill(round).join("\n    ")}
  }
  sums[i] = dot(vec4f(${names.join(" + ")}), vec4f(0.25));
}
`;
}

/** Measures both ceilings and checks what the kernels computed. */
export async function measureCeilings(gpu: Gpu): Promise<{ ceilings: Ceilings; rows: BenchRow[] }> {
  const copy = await measureCopy(gpu);
  const rates: BenchRow[] = [];
  for (const style of STYLES) rates.push(await measureArithmetic(gpu, style));
  const gflops = Math.max(...rates.map((row) => row.gflops!));
  return { ceilings: { gbps: copy.gbps!, gflops }, rows: [copy, ...rates] };
}

async function measureCopy(gpu: Gpu): Promise<BenchRow> {
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
  // Past any cache: a GPU's second level holds some 50 MB.
  const bytes = Math.min(2 ** 27, maxBufferSize, maxStorageBufferBindingSize);
  const numbers = Float32Array.from({ length: bytes / 4 }, (_, i) => i % 4093);
  const [source, target] = [upload(gpu, "source", numbers), createBuffer(gpu, "target", bytes)];
  const timing = await timeCall(gpu, "copy", COPY, { source, target_: target }, bytes / 16 / 256);
  const copied = new Float32Array(await download(gpu, target));
  if (copied.some((value, i) => value !== numbers[i])) {
    throw new Error("Cannot measure the bandwidth: the copy differs");
  }
  source.destroy();
  target.destroy();
  const gbps = 2 * bytes / timing.spread[0] / 1e6;
  return { name: "copy", shape: `${bytes / 2 ** 20} MiB, vec4f`, ...timing, gbps, ceiling: 1 };
}

async function measureArithmetic(gpu: Gpu, style: Style): Promise<BenchRow> {
  const { name, chains, lanes, perRound } = style;
  const [x, y] = [Math.fround(0.999), Math.fround(0.001)];
  const factors = upload(gpu, "factors", Float32Array.of(x, y));
  const sums = createBuffer(gpu, "sums", 4 * INVOCATIONS);
  const timing = await timeCall(gpu, "run", arithmetic(style), { factors, sums }, INVOCATIONS / 64);
  const [last] = new Float32Array(await download(gpu, sums, 4, 4 * (INVOCATIONS - 1)));
  const steps = roundsOf(style) * perRound;
  const expected = expectedSum(x, y, chains, steps);
  if (!(Math.abs(last - expected) <= 1e-4 * expected)) {
    throw new Error(`Cannot measure the arithmetic: the sum must be ${expected}, received ${last}`);
  }
  factors.destroy();
  sums.destroy();
  const gflops = 2 * steps * chains * lanes * INVOCATIONS / timing.spread[0] / 1e6;
  return { name: "multiply-add", shape: name, ...timing, gflops };
}

function expectedSum(x: number, y: number, chains: number, steps: number): number {
  let sum = 0;
  for (let chain = 1; chain <= chains; chain++) {
    let a = (INVOCATIONS - 1) * chain * 1e-6;
    for (let step = 0; step < steps; step++) a = a * x + y;
    sum += a;
  }
  return sum;
}

async function timeCall(
  gpu: Gpu,
  entry: string,
  text: string,
  buffers: Record<string, GPUBuffer>,
  grid: number,
): Promise<Timing> {
  const shader: Shader = { name: "ceiling", parts: [{ file: "bench/ceiling.ts", text }] };
  const bind = Object.fromEntries(Object.entries(buffers).map(([name, buffer]) => [name, { buffer }]));
  const { pipeline, group, grid: groups } = await prepare(gpu, { shader, entry, bind, grid });
  return await timePass(gpu, (pass) => {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...groups);
  });
}

if (import.meta.main) {
  const { requestAdapter } = await import("../src/adapter.ts");
  const { formatRows } = await import("./report.ts");
  using gpu = await Gpu.request((await requestAdapter({ announce: console.error })).adapter);
  await loadKernels(gpu);
  console.log(formatRows((await measureCeilings(gpu)).rows));
}
