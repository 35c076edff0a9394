import { Gpu } from "../../src/gpu/device.ts";
import { GpuError } from "../../src/gpu/error.ts";
import { upload } from "../../src/gpu/memory.ts";
import { Graph } from "../../src/graph/graph.ts";
import { Plan } from "../../src/graph/plan.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { kernelsOf } from "../../src/kernels/set.ts";
import { type Timer, tuneKernels, type TuningEvent, type TuningTask } from "../../src/kernels/tuner.ts";
import { matmul } from "../../src/ops/dense/matmul.ts";
import { fm } from "../../src/ops/interaction/fm.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { gpu, noStorage, step } from "../support.ts";

const BATCH = 16;
const WIDE = "product m=16 n=8 k=4";
const NARROW = "product m=16 n=4 k=8";

/** Returns a device on the processor whose kernels nobody else uses. */
async function freshDevice(features: Partial<Gpu["profile"]> = {}): Promise<Gpu> {
  const { device, profile } = await gpu();
  const fresh = new Gpu(device, { ...profile, kind: "software", ...features });
  await loadKernels(fresh);
  return fresh;
}

/** Two products of different sizes to tune on a device. */
function taskOn(device: Gpu, more: Partial<TuningTask> = {}): TuningTask {
  const range = (name: string, count: number) => ({ buffer: upload(device, name, new Float32Array(count).fill(1)) });
  const inputs = { x: range("x", BATCH * 4), v: range("v", 32), w: range("w", 32) };
  return {
    compile: (kernels) => {
      const graph = new Graph("train");
      const y = matmul(matmul(graph.input("x", ["B", 4]), graph.input("v", [4, 8])), graph.input("w", [8, 4]));
      return Plan.create(device, { name: "test", batch: BATCH, outputs: [y], inputs, storage: noStorage, kernels });
    },
    run: (plan, profiler) => plan.run([step(BATCH)], profiler),
    ...more,
  };
}

/** Returns a timer by whose word variants take some time, 2 ms where none is given, with a list of what it was asked. */
function timerOf(times: Record<string, number>): { time: Timer; asked: string[] } {
  const asked: string[] = [];
  const time: Timer = (_, plan) => {
    const { kernels } = plan.describe();
    asked.push(kernels[WIDE]);
    return Promise.resolve(
      new Map(
        Object.entries(kernels).map(([key, variant]) => [key, times[`${key} ${variant}`] ?? times[variant] ?? 2]),
      ),
    );
  };
  return { time, asked };
}

/** Returns the variants that a task's plan runs. */
async function chosen(task: TuningTask): Promise<Readonly<Record<string, string>>> {
  const plan = await task.compile({});
  plan.destroy();
  return plan.describe().kernels;
}

Deno.test("tuning keeps the fastest variant of each problem, and plans run it from then on", async () => {
  const device = await freshDevice();
  const task = taskOn(device);
  const before = await chosen(task);
  const other = before[NARROW] === "blocks16" ? "blocks8" : "blocks16";
  const { time } = timerOf({ [`${WIDE} tiles`]: 1, [`${NARROW} ${other}`]: 1.5 });
  const tuned = await tuneKernels(device, task, time);
  assertEquals(tuned.map(({ key, chosen }) => [key, chosen]), [[WIDE, "tiles"], [NARROW, other]]);
  assertEquals(tuned.map((problem) => problem.default), [before[WIDE], before[NARROW]]);
  for (const { key, ms } of tuned) {
    assertEquals(Object.keys(ms).sort(), kernelsOf(device).choices.get(key)!.fitting.toSorted());
    assertEquals([ms[before[key]], Math.min(...Object.values(ms))], [2, key === WIDE ? 1 : 1.5]);
  }
  assertEquals(await chosen(task), { [WIDE]: "tiles", [NARROW]: other });
  // A checkpoint's word counts more.
  const plan = await task.compile(before);
  assertEquals(plan.describe().kernels, before);
  plan.destroy();
});

Deno.test("a default stays where no variant is clearly faster", async () => {
  const device = await freshDevice();
  const task = taskOn(device);
  const before = await chosen(task);
  const tuned = await tuneKernels(device, task, timerOf({ tiles: 1.95 }).time);
  assertEquals(Object.fromEntries(tuned.map(({ key, chosen }) => [key, chosen])), before);
  assertEquals(await chosen(task), before);
});

Deno.test("a winner that is no longer faster in a plan of winners is dropped", async () => {
  const device = await freshDevice();
  const events: TuningEvent[] = [];
  const task = taskOn(device, { onTuning: (event) => events.push(event) });
  const before = await chosen(task);
  const time: Timer = (_, plan) => {
    const { kernels } = plan.describe();
    const isSecond = events.length > 5;
    return Promise.resolve(
      new Map(
        Object.entries(kernels).map(([key, name]) => [key, name === "tiles" ? isSecond && key === WIDE ? 3 : 1 : 2]),
      ),
    );
  };
  const tuned = await tuneKernels(device, task, time);
  assertEquals(tuned.map(({ chosen }) => chosen), [before[WIDE], "tiles"]);
  assertEquals(events.map(({ pass }) => pass), Array.from({ length: 10 }, (_, pass) => pass + 1));
  assertEquals(events[0], { problems: 2, pass: 1, passes: 10 });
});

Deno.test("a variant that is far slower is timed once, and what was measured is not timed again", async () => {
  const device = await freshDevice();
  const task = taskOn(device);
  const { time, asked } = timerOf({ tiles: 9 });
  await tuneKernels(device, task, time);
  assertEquals(asked.filter((name) => name === "tiles").length, 1);
  const count = asked.length;
  assertEquals(await tuneKernels(device, task, time), []);
  assertEquals(asked.length, count);
  const again = await tuneKernels(device, { ...task, again: true }, timerOf({ tiles: 1 }).time);
  assertEquals(again.map(({ chosen }) => chosen), ["tiles", "tiles"]);
});

Deno.test("a choice that was measured against other variants is measured again", async () => {
  const device = await freshDevice();
  const task = taskOn(device);
  const { tuning } = kernelsOf(device);
  tuning.set(WIDE, { variant: "tiles", fitting: ["tiles", "deleted"] });
  const tuned = await tuneKernels(device, task, timerOf({}).time);
  assertEquals(tuned.map(({ key }) => key), [WIDE, NARROW]);
});

Deno.test("tuning that is ended early keeps nothing", async () => {
  const device = await freshDevice();
  const enough = new AbortController();
  const onTuning = ({ pass }: TuningEvent): void => pass === 3 ? enough.abort() : undefined;
  const task = taskOn(device, { signal: enough.signal, onTuning });
  assertEquals(await tuneKernels(device, task, timerOf({ tiles: 1 }).time), []);
  assertEquals(kernelsOf(device).tuning.size, 0);
});

Deno.test("a device with one variant for each kernel is left alone", async () => {
  const device = await freshDevice({ kind: "gpu" });
  const { time, asked } = timerOf({});
  const inputs = { e: { buffer: upload(device, "e", new Float32Array(BATCH * 12)) } };
  const compile: TuningTask["compile"] = (kernels) => {
    const outputs = [fm(new Graph("train").input("e", ["B", 3, 4]))];
    return Plan.create(device, { name: "test", batch: BATCH, outputs, inputs, storage: noStorage, kernels });
  };
  assertEquals(await tuneKernels(device, taskOn(device, { compile }), time), []);
  assertEquals(asked, []);
});

Deno.test("tuning times all variants by timestamp queries", async () => {
  const device = await freshDevice();
  const tuned = await tuneKernels(device, taskOn(device));
  assertEquals(tuned.map(({ key }) => key), [WIDE, NARROW]);
  for (const { key, ms, chosen } of tuned) {
    const { fitting } = kernelsOf(device).tuning.get(key)!;
    assertEquals(Object.keys(ms).toSorted(), fitting.toSorted());
    assert(Object.values(ms).every((time) => time > 0), JSON.stringify(ms));
    assert(fitting.includes(chosen));
  }
});

Deno.test("variants that run the same dispatches as the default are not compared with it", async () => {
  const device = await freshDevice();
  const inputs = {
    x: { buffer: upload(device, "x", new Float32Array(64)) },
    w: { buffer: upload(device, "w", new Float32Array(4)) },
  };
  const compile: TuningTask["compile"] = (kernels) => {
    const graph = new Graph("train");
    const y = matmul(graph.input("x", ["B", 4]), graph.input("w", [4, 1]));
    return Plan.create(device, { name: "test", batch: BATCH, outputs: [y], inputs, storage: noStorage, kernels });
  };
  const [{ ms, ...problem }] = await tuneKernels(
    device,
    taskOn(device, { compile }),
    timerOf({ blocks8: 1, images8: 1 }).time,
  );
  const timed = [problem.default, "tiles", "small_tiles"].toSorted();
  assertEquals([Object.keys(ms).toSorted(), problem.chosen], [timed, problem.default]);
});

Deno.test("tuning refuses a device without timestamp queries", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const { profile } = await gpu();
  const plain = new Gpu(await adapter!.requestDevice(), { ...profile, kind: "software", description: "plain" });
  await loadKernels(plain);
  await assertRejects(
    () => tuneKernels(plain, taskOn(plain)),
    GpuError,
    'Cannot tune kernels: the device must offer the feature timestamp-query, received "plain"',
  );
  plain.device.destroy();
});
