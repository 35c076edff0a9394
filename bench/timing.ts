/**
 * How benches time: passes and steps of plans, without what a submit and the wait for it cost.
 *
 * @module
 */
import type { Gpu } from "../src/gpu/device.ts";
import { MAX_STEPS_PER_SUBMIT, type Plan, type StepScalars } from "../src/graph/plan.ts";

/** A repeated measurement in ms. */
export interface Timing {
  /** Median. */
  readonly ms: number;
  /** Quickest and slowest repeat. */
  readonly spread: readonly [number, number];
}

/** Options of {@linkcode timePass}. */
export interface TimePassOptions {
  /** Milliseconds that one repeat takes at least, so that the wait at its end does not matter. @default {100} */
  readonly atLeastMs?: number;
  /** Repeats. @default {5} */
  readonly repeats?: number;
}

/** Runs in one submit at most. */
const MOST_RUNS = 4096;

/**
 * Times what `record` adds to a compute pass: many runs in one submit, the cost of an empty submit taken off.
 *
 * The first run, in which drivers compile, is left out.
 *
 * @throws {GpuError} when the device refuses an operation
 */
export async function timePass(
  gpu: Gpu,
  record: (pass: GPUComputePassEncoder) => void,
  { atLeastMs = 100, repeats = 5 }: TimePassOptions = {},
): Promise<Timing> {
  const submit = (runs: number): Promise<number> => {
    const encoder = gpu.device.createCommandEncoder({ label: "bench" });
    const pass = encoder.beginComputePass({ label: "bench" });
    for (let run = 0; run < runs; run++) record(pass);
    pass.end();
    return timeQueue(gpu, () => gpu.device.queue.submit([encoder.finish()]));
  };
  await submit(1);
  const wait = Math.min(await submit(0), await submit(0), await submit(0));
  let runs = 1;
  for (let ms = await submit(1) - wait; ms < atLeastMs && runs < MOST_RUNS;) {
    runs = Math.min(MOST_RUNS, Math.max(2 * runs, Math.ceil(runs * atLeastMs / Math.max(ms, 0.1))));
    ms = await submit(runs) - wait;
  }
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) times.push(Math.max(1e-6, await submit(runs) - wait) / runs);
  return timingOf(times);
}

/** Summarizes repeats in ms. */
export function timingOf(times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const ms = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { ms, spread: [sorted[0], sorted[sorted.length - 1]] };
}

/** Options of {@linkcode timePlan}. */
export interface TimePlanOptions {
  /** Milliseconds of a repeat at least, so that the wait at its end does not matter. */
  readonly atLeastMs: number;
  /** Repeats. */
  readonly repeats: number;
  /** Submits of a repeat at most. */
  readonly most: number;
}

/**
 * Times a step of a plan that has run before: many submits of `steps` before one wait, the cost of the wait taken off.
 *
 * @throws {GpuError} when the device refuses an operation
 */
export async function timePlan(
  gpu: Gpu,
  plan: Plan,
  steps: readonly StepScalars[],
  { atLeastMs, repeats, most }: TimePlanOptions,
): Promise<Timing> {
  const elapsed = (submits: number): Promise<number> =>
    timeQueue(gpu, () => {
      for (let i = 0; i < submits; i++) plan.run(steps);
    });
  const wait = Math.min(await elapsed(0), await elapsed(0), await elapsed(0));
  const once = Math.max(0.05, await elapsed(1) - wait);
  const submits = Math.min(most, Math.ceil(atLeastMs / once));
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    times.push(Math.max(1e-6, await elapsed(submits) - wait) / submits / steps.length);
  }
  return timingOf(times);
}

/** Milliseconds of a step below which a submit holds as many steps as it can, so that the host is not what is timed. */
const SHORT_STEP_MS = 5;

/**
 * Times a step of a plan that has run before, all steps having the same scalars.
 *
 * @throws {GpuError} when the device refuses an operation
 */
export async function timeSteps(
  gpu: Gpu,
  plan: Plan,
  scalars: StepScalars,
  options: TimePlanOptions,
): Promise<Timing> {
  const single = await timePlan(gpu, plan, [scalars], { ...options, atLeastMs: 1, repeats: 1 });
  const count = single.ms < SHORT_STEP_MS ? MAX_STEPS_PER_SUBMIT : 1;
  return await timePlan(gpu, plan, Array<StepScalars>(count).fill(scalars), options);
}

/** Returns the milliseconds until the queue has done what `submit` gives it. */
async function timeQueue(gpu: Gpu, submit: () => void): Promise<number> {
  const started = performance.now();
  submit();
  await gpu.device.queue.onSubmittedWorkDone();
  gpu.check();
  return performance.now() - started;
}
