import { Gpu } from "../../src/gpu/device.ts";
import { GpuError } from "../../src/gpu/error.ts";
import { upload } from "../../src/gpu/memory.ts";
import { formatKernelTimes, Profiler } from "../../src/gpu/profiler.ts";
import { shader } from "../../src/gpu/shader.ts";
import { Graph } from "../../src/graph/graph.ts";
import { apply, type Op } from "../../src/graph/node.ts";
import { Plan } from "../../src/graph/plan.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { add } from "../../src/ops/dense/add.ts";
import { activation } from "../../src/ops/dense/pointwise.ts";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { gpu, noStorage, step } from "../support.ts";

const BATCH = 64;

async function planOf(build: (x: Tensor) => Tensor): Promise<Plan> {
  const device = await gpu();
  const x = new Graph("train").input("x", ["B", 4]);
  const inputs = { x: { buffer: upload(device, "x", new Float32Array(BATCH * 4)) } };
  return await Plan.create(device, { name: "test", batch: BATCH, outputs: [build(x)], inputs, storage: noStorage });
}

const squareOp: Op<null> = {
  name: "square",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y] }) =>
    k.run({ shader: square, entry: "run", bind: { x, y }, grid: k.batch * 4 / 64, flops: k.batch * 4 }),
};

/** Squares, after a copy of its input into an image that nobody reads. */
const copyOp: Op<null> = {
  ...squareOp,
  emit: (k, node) => {
    k.copy(node.inputs[0], 0, k.image(k.batch));
    squareOp.emit(k, node);
  },
};

const square = shader("square", {
  square: `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn run(@builtin(global_invocation_id) id: vec3u) { y[id.x] = x[id.x] * x[id.x]; }`,
});

Deno.test("Profiler counts and times each kernel of several steps and submits", async () => {
  const plan = await planOf((x) => activation(add(x, x, x), "tanh"));
  using profiler = new Profiler(await gpu());
  plan.run([step(BATCH), step(BATCH), step(BATCH)], profiler);
  plan.run([step(BATCH)], profiler);
  const times = await profiler.report();
  assertEquals(
    new Map(times.map(({ label, calls }) => [label, calls])),
    new Map([["elementwise.add", 8], ["pointwise.forward", 4]]),
  );
  for (const { label, calls, totalMs, eachMs } of times) {
    assert(totalMs > 0 && totalMs < 10_000, `${label} took ${totalMs} ms`);
    assertAlmostEquals(eachMs, totalMs / calls, 1e-9);
  }
  assert(times[0].totalMs >= times[1].totalMs);
  assertAlmostEquals(times.reduce((sum, { share }) => sum + share, 0), 1, 1e-9);
  plan.destroy();
});

Deno.test("Profiler times copies into images like dispatches, in the order of execution", async () => {
  const device = await gpu();
  const plan = await planOf((x) => apply(copyOp, [x], null));
  using profiler = new Profiler(device);
  plan.run([step(BATCH), step(BATCH)], profiler);
  const times = await profiler.times();
  assertEquals(times.length, 4);
  assert(times.every((ms) => ms > 0 && ms < 10_000), times.join());
  const report = await profiler.report();
  assertEquals(
    new Set(report.map(({ label, calls }) => `${label} ${calls}`)),
    new Set(["image.copy 2", "square.run 2"]),
  );
  const total = report.reduce((sum, { totalMs }) => sum + totalMs, 0);
  assertAlmostEquals(times.reduce((sum, ms) => sum + ms, 0), total, 1e-9);
  plan.destroy();
});

Deno.test("Profiler goes on counting after a report", async () => {
  const plan = await planOf((x) => add(x, x));
  using profiler = new Profiler(await gpu());
  assertEquals(await profiler.report(), []);
  plan.run([step(BATCH)], profiler);
  const [first] = await profiler.report();
  plan.run([step(BATCH)], profiler);
  const [second] = await profiler.report();
  assertEquals([first.calls, second.calls], [1, 2]);
  assert(second.totalMs > first.totalMs);
  plan.destroy();
});

Deno.test("Profiler times more dispatches in one submit than a query set holds", async () => {
  const plan = await planOf((x) => add(...Array.from({ length: 141 }, () => x)));
  using profiler = new Profiler(await gpu());
  plan.run(Array.from({ length: 16 }, () => step(BATCH)), profiler);
  const [time] = await profiler.report();
  assertEquals(time.calls, 140 * 16);
  plan.destroy();
});

Deno.test("Profiler tells bytes and operations per second", async () => {
  const plan = await planOf((x) => apply(squareOp, [x], null));
  using profiler = new Profiler(await gpu());
  plan.run([step(BATCH), step(BATCH)], profiler);
  const [time] = await profiler.report();
  const seconds = time.totalMs / 1e3;
  assertAlmostEquals(time.gbPerSecond * seconds * 1e9, 2 * 2 * 4 * BATCH * 4, 1e-3);
  assertAlmostEquals(time.gflopPerSecond! * seconds * 1e9, 2 * BATCH * 4, 1e-3);
  plan.destroy();
});

Deno.test("Profiler writes a Chrome trace in the order of execution", async () => {
  const plan = await planOf((x) => activation(add(x, x), "relu"));
  using profiler = new Profiler(await gpu(), { traceEvents: 3 });
  plan.run([step(BATCH), step(BATCH)], profiler);
  const { traceEvents } = JSON.parse(await profiler.chromeTrace());
  assertEquals(traceEvents.map((event: { name: string }) => event.name), [
    "elementwise.add",
    "pointwise.forward",
    "elementwise.add",
  ]);
  assertEquals(traceEvents.map((event: { args: { step: number } }) => event.args.step), [0, 0, 1]);
  assertEquals(traceEvents[0].ts, 0);
  for (let i = 0; i < 3; i++) {
    assertEquals([traceEvents[i].ph, traceEvents[i].pid], ["X", 1]);
    assert(traceEvents[i].dur > 0);
    if (i > 0) assert(traceEvents[i].ts >= traceEvents[i - 1].ts + traceEvents[i - 1].dur);
  }
  assertEquals((await profiler.report()).reduce((sum, { calls }) => sum + calls, 0), 4);
  plan.destroy();
});

Deno.test("Profiler refuses a device without timestamp queries", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const plain = new Gpu(await adapter!.requestDevice(), { description: "plain" });
  assertThrows(() => new Profiler(plain), GpuError, 'must offer the feature timestamp-query, received "plain"');
  plain.device.destroy();
});

Deno.test("formatKernelTimes aligns one line per kernel", () => {
  const rates = { gbPerSecond: 12.34, gflopPerSecond: undefined };
  const text = formatKernelTimes([
    { label: "matmul.nn", calls: 20, totalMs: 75, eachMs: 3.75, share: 0.75, ...rates, gflopPerSecond: 21.5 },
    { label: "fm.forward", calls: 10, totalMs: 25, eachMs: 2.5, share: 0.25, ...rates },
  ]);
  assertEquals(text.split("\n"), [
    "kernel      calls    ms  ms each   share  GB/s  GFLOP/s",
    "matmul.nn      20  75.0    3.750  75.0 %  12.3     21.5",
    "fm.forward     10  25.0    2.500  25.0 %  12.3",
  ]);
  assertStringIncludes(formatKernelTimes([]), "kernel");
});
