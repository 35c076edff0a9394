import { Gpu } from "../../src/gpu/device.ts";
import { GpuError } from "../../src/gpu/error.ts";
import { createBuffer, download, upload } from "../../src/gpu/memory.ts";
import { shader } from "../../src/gpu/shader.ts";
import { Graph } from "../../src/graph/graph.ts";
import { apply, applyAll, type Op } from "../../src/graph/node.ts";
import { Plan, type PlanOptions } from "../../src/graph/plan.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { zeros } from "../../src/initializer.ts";
import { add } from "../../src/ops/dense/add.ts";
import { batchNorm } from "../../src/ops/dense/batch_norm.ts";
import { labelLoss } from "../../src/ops/train/loss.ts";
import { activation, dropout } from "../../src/ops/dense/pointwise.ts";
import { flatten } from "../../src/ops/shape/reshape.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { run } from "../run.ts";
import { assertClose, gpu, noStorage, randomArray, step } from "../support.ts";
import { watch } from "../watched.ts";

const BATCH = 6;
const NUMBERS = Float32Array.from(randomArray(BATCH * 4, 1));

function inputOf(graph = new Graph("train")): Tensor {
  return graph.input("x", ["B", 4]);
}

function create(device: Gpu, outputs: readonly Tensor[], more: Partial<PlanOptions> = {}): Promise<Plan> {
  const inputs = { x: { buffer: upload(device, "x", NUMBERS) } };
  return Plan.create(device, { name: "test", batch: BATCH, outputs, inputs, storage: noStorage, ...more });
}

async function read(device: Gpu, plan: Plan, tensor: Tensor): Promise<Float32Array> {
  const { buffer, offset } = plan.rangeOf(tensor);
  return new Float32Array(await download(device, buffer, 4 * BATCH * 4, offset));
}

Deno.test("Plan keeps the numbers of every output while others share memory", async () => {
  const device = await gpu();
  const x = inputOf();
  const sums = [add(x, x)];
  for (let i = 1; i < 12; i++) sums.push(add(sums[i - 1], x));
  const outputs = [sums[2], sums[7], sums[11], x];
  const plan = await create(device, outputs);
  plan.run([step(BATCH)]);
  const factors = [4, 9, 13, 1];
  for (const [i, tensor] of outputs.entries()) {
    assertClose(await read(device, plan, tensor), NUMBERS.map((value) => factors[i] * value), `output ${i}`);
  }
  const { dispatches, longestChain, arenaBytes, peakBytes, tensorBytes, labels } = plan.describe();
  assertEquals([dispatches, longestChain, new Set(labels)], [12, 12, new Set(["elementwise.add"])]);
  assertEquals([arenaBytes, tensorBytes], [4 * 96, 12 * 96]);
  assert(peakBytes <= arenaBytes);
  plan.destroy();
});

Deno.test("Plan leaves out what no output needs and runs what has an effect", async () => {
  const device = await gpu();
  const graph = new Graph("train");
  const x = inputOf(graph);
  activation(x, "tanh");
  const ring = createBuffer(device, "ring", 16);
  const logits = graph.input("logits", ["B", 1]);
  const targets = graph.input("targets", [2, "B"]);
  labelLoss(logits, targets);
  labelLoss(logits, targets, { ring: { buffer: ring } });
  const inputs = {
    x: { buffer: upload(device, "x", NUMBERS) },
    logits: { buffer: createBuffer(device, "logits", 4 * BATCH) },
    targets: { buffer: upload(device, "targets", new Float32Array(2 * BATCH).fill(1, BATCH)) },
  };
  const plan = await create(device, [add(x, x)], { inputs });
  assertEquals(plan.describe().labels, ["loss.whole", "elementwise.add"]);
  plan.run([step(BATCH, { slot: 2 })]);
  assertClose(new Float32Array(await download(device, ring)), [0, 0, Math.LN2, 0], "ring");
  plan.destroy();
});

Deno.test("Plan runs several steps of one submit in order, each with its own scalars", async () => {
  const outcome = async (together: boolean): Promise<[Float32Array, Float32Array]> => {
    const device = await gpu();
    const graph = new Graph("train");
    const names = ["gamma", "beta", "mean", "variance"];
    const [gamma, beta, mean, variance] = names.map((name) => graph.input(name, [4]));
    const y = dropout(batchNorm(inputOf(graph), gamma, beta, mean, variance), 0.5, 1);
    const statistics = upload(device, "statistics", new Float32Array(128).fill(1));
    const ones = { buffer: upload(device, "ones", new Float32Array(4).fill(1)) };
    const inputs = {
      x: { buffer: upload(device, "x", NUMBERS) },
      gamma: ones,
      beta: ones,
      mean: { buffer: statistics, size: 16 },
      variance: { buffer: statistics, offset: 256, size: 16 },
    };
    const plan = await create(device, [y], { inputs });
    const steps = Array.from({ length: 16 }, (_, i) => step(1 + i % BATCH, { index: i + 1, seed: 9 }));
    if (together) plan.run(steps);
    else for (const one of steps) plan.run([one]);
    const result = await read(device, plan, y);
    plan.destroy();
    return [result, new Float32Array(await download(device, statistics))];
  };
  assertEquals(await outcome(true), await outcome(false));
});

Deno.test("Plan refuses more steps than one submit holds, and more rows than the batch", async () => {
  const device = await gpu();
  const plan = await create(device, [add(inputOf())]);
  const steps = Array.from({ length: 17 }, () => step(BATCH));
  assertThrows(() => plan.run(steps), RangeError, "at most 16 steps go together, received 17");
  for (const rows of [-1, BATCH + 1, NaN]) {
    assertThrows(() => plan.run([step(rows)]), RangeError, `a step has 0 to 6 rows, received ${rows}`);
  }
  plan.run([]);
  plan.destroy();
});

Deno.test("Plan writes a pinned tensor to its place, also when a reshape of it is pinned", async () => {
  const device = await gpu();
  const cube = (x: Tensor): Tensor => flatten(activation(x, "tanh"));
  const y = cube(new Graph("train").input("x", ["B", 2, 2]));
  const place = createBuffer(device, "place", 1024);
  const plan = await create(device, [add(y, y)], { pinned: new Map([[y, { buffer: place, offset: 256, size: 96 }]]) });
  plan.run([step(BATCH)]);
  const pinned = new Float32Array(await download(device, place, 96, 256));
  assertClose(pinned, NUMBERS.map(Math.tanh), "pinned");
  assertEquals(plan.describe().tensorBytes, 96);
  plan.destroy();
});

Deno.test("Plan refuses two places for one tensor and a place for an input", async () => {
  const device = await gpu();
  const x = new Graph("train").input("x", ["B", 2, 2]);
  const y = activation(x, "tanh");
  const place = { buffer: createBuffer(device, "place", 96) };
  const both = new Map([[y, place], [flatten(y), place]]);
  await assertRejects(() => create(device, [y], { pinned: both }), TypeError, "one tensor can have one place only");
  await assertRejects(
    () => create(device, [y], { pinned: new Map([[x, place]]) }),
    TypeError,
    "only a computed tensor",
  );
});

Deno.test("Plan names an input that has no buffer", async () => {
  const device = await gpu();
  const y = activation(inputOf(), "tanh");
  await assertRejects(
    () => create(device, [y], { inputs: {} }),
    TypeError,
    'Cannot plan test: input "x" has no buffer',
  );
});

const writeOp: Op<string> = {
  name: "write",
  outputs: ([x]) => [x.shape, x.shape],
  emit: (k, { inputs: [x], outputs: [y, z], attributes: text }) => {
    assertEquals([k.batch, k.needed(y), k.needed(z)], [BATCH, true, false]);
    k.run({ shader: shader("write", { write: text }), entry: "write", bind: { x, y, z: undefined }, grid: 1 });
  },
};

const WRITE = `@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1)
fn write() { for (var i = 0u; i < arrayLength(&x); i++) { y[i] = 3.0 * x[i]; } }
`;

Deno.test("Plan refuses a table that is bound whole", async () => {
  const device = await gpu();
  const y = apply(writeOp, [new Graph("train").table("t", 10, 4, zeros())], WRITE);
  await assertRejects(() => create(device, [y]), TypeError, 'table "t" must be bound by shards');
});

Deno.test("Plan tells an op which outputs are needed and leaves undefined bindings out", async () => {
  const [bytes] = await run(applyAll(writeOp, [inputOf()], WRITE).slice(0, 1), {
    batch: BATCH,
    steps: [step(BATCH)],
    inputs: { x: NUMBERS },
  });
  assertClose(new Float32Array(bytes), NUMBERS.map((value) => 3 * value), "y");
});

Deno.test("Plan fails with file and line when a shader does not compile", async () => {
  const device = await gpu();
  const y = apply(writeOp, [inputOf()], WRITE.replace("3.0 *", "3.0 +* "));
  const error = await assertRejects(() => create(device, [add(y, y)]), GpuError);
  assertStringIncludes(error.message, "Cannot compile write.wgsl:4: ");
});

Deno.test("Plan leaves nothing behind when a shader does not compile or memory runs out", async () => {
  const { gpu: device, live } = await watch();
  const x = inputOf();
  const compiled = add(activation(x, "tanh"), x);
  const y = apply(writeOp, [compiled], WRITE.replace("3.0 *", "3.0 +* "));
  const inputs = { x: { buffer: upload(device, "x", NUMBERS) } };
  const options = { name: "test", batch: BATCH, storage: noStorage, inputs };
  await assertRejects(() => Plan.create(device, { ...options, outputs: [add(y, y)] }), GpuError, "Cannot compile");
  assertEquals([...live.values()], ["x"]);
  const tight = await watch(4 * NUMBERS.length + 64);
  const range = { buffer: upload(tight.gpu, "x", NUMBERS) };
  await assertRejects(
    () => Plan.create(tight.gpu, { ...options, inputs: { x: range }, outputs: [compiled] }),
    GpuError,
    'Cannot create buffer "test.arena0" of',
  );
  assertEquals([...tight.live.values()], ["x"]);
});

Deno.test("Plan runs on a device that the caller made, within the default limits", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = new Gpu(await adapter!.requestDevice());
  const y = activation(add(inputOf(), inputOf()), "relu");
  const plan = await create(device, [y]);
  plan.run([step(BATCH)]);
  assertEquals((await read(device, plan, y)).length, NUMBERS.length);
  plan.destroy();
  device.device.destroy();
});

Deno.test("Plan stops with a clear error when the device goes away between steps", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await Gpu.request(adapter!);
  const y = activation(inputOf(), "tanh");
  const plan = await create(device, [y]);
  plan.run([step(BATCH)]);
  device.device.destroy();
  await device.device.lost;
  assertThrows(() => plan.run([step(BATCH)]), GpuError, "Cannot continue on the GPU: the device was destroyed");
  await assertRejects(() => read(device, plan, y), GpuError, "the device was destroyed");
});

Deno.test("Plan refuses an arena past the device's limit", async () => {
  const device = await gpu();
  const wide = Math.ceil(device.device.limits.maxBufferSize / 4 / BATCH) + 1;
  const x = new Graph("train").input("x", ["B", wide]);
  await assertRejects(() => create(device, [activation(x, "tanh")]), GpuError, 'Cannot create buffer "test.arena0"');
});
