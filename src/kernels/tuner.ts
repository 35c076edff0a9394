/**
 * Times the variants that fit the kernels of a plan, in the plan itself, and keeps the fastest ones.
 *
 * A plan is compiled once for each variant that some kernel has beside its default, for all kernels at once, and timestamp
 * queries tell what each kernel took. The plans run in turn, several times over, so that a device that slows down meanwhile
 * slows all variants alike. One plan at a time has memory.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { GpuError } from "../gpu/error.ts";
import { Profiler } from "../gpu/profiler.ts";
import type { Command } from "../graph/emission.ts";
import type { Plan } from "../graph/plan.ts";
import { Contest } from "./contest.ts";
import { kernelsOf } from "./set.ts";

/** A plan whose kernels are tuned. */
export interface TuningTask {
  /** Compiles the plan with the variants that are named, by kernel and problem, and those that suit the device elsewhere. */
  compile(kernels: Readonly<Record<string, string>>): Promise<Plan>;
  /** Submits one step of the plan. */
  run(plan: Plan, profiler: Profiler): void | Promise<void>;
  /** Whether problems of the plan that were measured before are timed again. @default {false} */
  readonly again?: boolean;
  /** Ends tuning before the next plan; what is being compared then stays unmeasured. */
  readonly signal?: AbortSignal;
  /** Called before each pass. */
  readonly onTuning?: (event: TuningEvent) => void;
}

/** How far tuning is. */
export interface TuningEvent {
  /** Kernel problems whose variants are timed. */
  readonly problems: number;
  /** Pass over the variants, from 1. */
  readonly pass: number;
  /** Passes at most; the second half compares the winners with the defaults, and is left out where there are none. */
  readonly passes: number;
}

/** What came of tuning one problem. */
export interface TunedProblem {
  /** Kernel and problem. */
  readonly key: string;
  /** Median time in ms by variant; variants that are far slower than the default are timed in fewer passes. */
  readonly ms: Readonly<Record<string, number>>;
  /** Variant of the least estimated cost. */
  readonly default: string;
  /** Variant that the device's kernels choose from here on. */
  readonly chosen: string;
}

/** Returns the time of each problem of a plan's kernels in ms, the mean over the places that ask for it. */
export type Timer = (gpu: Gpu, plan: Plan, task: TuningTask) => Promise<ReadonlyMap<string, number>>;

/** Passes over all variants, and then over defaults and winners. */
const PASSES = 5;

/** Most that a variant may take of the default's time to replace it. */
const CLEAR_WIN = 0.97;

/** Steps of a plan in one pass: as many as fill some milliseconds, within bounds. */
const STEPS = { least: 3, most: 16, ms: 20 };

/**
 * Times the variants of those problems of a plan that have several and were not measured before. The winners are what the
 * device's kernels choose from here on.
 *
 * A variant replaces the default where it takes 3 % less in the median of five passes and less in four of them, and again
 * less in five passes with all winners in one plan.
 *
 * @param time what times a plan
 * @returns what was measured, in the order of the plan
 * @throws {GpuError} when the device has no timestamp queries, or too little memory
 */
export async function tuneKernels(gpu: Gpu, task: TuningTask, time: Timer = timeKernels): Promise<TunedProblem[]> {
  const { tuning } = kernelsOf(gpu);
  const tuned: TunedProblem[] = [];
  if (task.again) (await problemsOf(task)).forEach((key) => tuning.delete(key));
  // Winners may ask for kernels of their own, which come next.
  for (;;) {
    const contests = await openContests(gpu, task);
    if (contests.length === 0 || !(await decide(gpu, contests, task, time))) return tuned;
    for (const contest of contests) {
      const { key, fitting, ms, winner: chosen } = contest;
      tuning.set(key, { variant: chosen, fitting });
      tuned.push({ key, ms, default: contest.default, chosen });
    }
  }
}

/** Returns the kernels and problems of the plan as the device chooses them. */
async function problemsOf(task: TuningTask): Promise<string[]> {
  const plan = await task.compile({});
  plan.destroy();
  return Object.keys(plan.describe().kernels);
}

/** Returns the problems of the plan that have several variants and were not measured. */
async function openContests(gpu: Gpu, task: TuningTask): Promise<Contest[]> {
  const kernels = kernelsOf(gpu);
  return (await problemsOf(task)).flatMap((key) => {
    const { variant, fitting } = kernels.choices.get(key)!;
    const isOpen = fitting.length > 1 && kernels.measured(key, fitting) === undefined;
    return isOpen ? [new Contest(key, variant, fitting)] : [];
  });
}

/** Finds the winners; returns false when tuning was ended before. */
async function decide(gpu: Gpu, contests: readonly Contest[], task: TuningTask, time: Timer): Promise<boolean> {
  for (const [first, most] of [[0, CLEAR_WIN], [PASSES, 1]]) {
    contests.forEach((contest) => contest.begin());
    const isOpen = (): boolean => contests.some(({ rivals }) => rivals.length > 0);
    for (let pass = first; pass < first + PASSES && isOpen(); pass++) {
      task.onTuning?.({ problems: contests.length, pass: pass + 1, passes: 2 * PASSES });
      if (!(await runPass(gpu, contests, task, time))) return false;
      contests.forEach((contest) => contest.dropHopeless());
    }
    for (const contest of contests) contest.settle(most);
  }
  return true;
}

/** Times the plan with all defaults, then with the first rival of each, the second and so on. */
async function runPass(gpu: Gpu, contests: readonly Contest[], task: TuningTask, time: Timer): Promise<boolean> {
  const rounds = Math.max(...contests.map(({ rivals }) => rivals.length));
  for (let round = -1; round < rounds; round++) {
    if (task.signal?.aborted) return false;
    const names = contests.map((contest) => [contest.key, contest.rivals[round] ?? contest.default]);
    const plan = await task.compile(Object.fromEntries(names));
    try {
      const times = await time(gpu, plan, task);
      for (const contest of contests) {
        const variant = round < 0 ? contest.default : contest.rivals[round];
        const ms = times.get(contest.key);
        if (variant !== undefined && ms !== undefined) contest.add(variant, ms, commandsOf(plan, contest.key));
      }
    } finally {
      plan.destroy();
    }
  }
  return true;
}

/**
 * Times some steps of a plan by timestamp queries, after one that is left out. The quickest time of a problem counts, since
 * whatever else runs on the machine can only add to it.
 */
async function timeKernels(gpu: Gpu, plan: Plan, task: TuningTask): Promise<ReadonlyMap<string, number>> {
  if (!gpu.device.features.has("timestamp-query")) {
    throw new GpuError(
      `Cannot tune kernels: the device must offer the feature timestamp-query, received "${gpu.adapter.description}"`,
    );
  }
  using profiler = new Profiler(gpu, { traceEvents: Infinity });
  await task.run(plan, profiler);
  const warmUp = await profiler.times();
  const steps = Math.min(STEPS.most, Math.max(STEPS.least, Math.ceil(STEPS.ms / sum(warmUp))));
  for (let step = 0; step < steps; step++) await task.run(plan, profiler);
  const times = await profiler.times();
  const least = new Map<string, number>();
  for (let step = 1; step <= steps; step++) {
    for (const [key, ms] of timesOf(plan, times.slice(step * warmUp.length, (step + 1) * warmUp.length))) {
      least.set(key, Math.min(ms, least.get(key) ?? Infinity));
    }
  }
  return least;
}

/** Returns the dispatches and copies by which a plan computes a problem. */
function commandsOf(plan: Plan, key: string): readonly Command[] {
  return plan.spans.flatMap((span) => span.problem === key ? plan.commandsOf(span) : []);
}

/** Returns the mean time of each problem in one step, whose commands took `times`. */
function timesOf({ spans }: Plan, times: readonly number[]): Map<string, number> {
  const places = Map.groupBy(spans, ({ problem }) => problem);
  return new Map([...places].map(([key, all]) => [
    key,
    sum(all.map(({ first, end }) => sum(times.slice(first, end)))) / all.length,
  ]));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
