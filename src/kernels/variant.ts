/**
 * The seam between what an op computes and how a device computes it: a kernel is the question, its variants the answers.
 *
 * @module
 */
import type { DeviceProfile } from "../gpu/profile.ts";
import type { Emitter } from "../graph/node.ts";

/** What a choice among variants depends on: plain data such as sizes. */
export type Problem = Readonly<Record<string, number | boolean | string>>;

/** One way to compute a kernel. */
export interface Variant<Task, P extends Problem> {
  /** Name, as in a checkpoint and a tuning file. */
  readonly name: string;
  /** Returns whether a device can compute the problem this way. */
  fits(profile: DeviceProfile, problem: P): boolean;
  /** Estimates the time, in units that all variants of a kernel share. */
  cost(profile: DeviceProfile, problem: P): number;
  /** Appends the dispatches that compute the task. */
  emit(k: Emitter, task: Task, problem: P): void;
}

/** Something that ops ask a device for, with the variants for GPUs; those of `src/software` register themselves. */
export interface Kernel<Task, P extends Problem> {
  /** Name, as in a checkpoint and a tuning file. */
  readonly name: string;
  /** Returns what a choice for a task depends on. */
  problem(k: Emitter, task: Task): P;
  /** Variants that every device knows; the first fits every problem. */
  readonly variants: readonly Variant<Task, P>[];
}

/**
 * Returns the cost of operations.
 *
 * @param each time of an operation on a device of each kind
 */
export function costOn(
  { kind }: DeviceProfile,
  operations: number,
  each: Record<DeviceProfile["kind"], number>,
): number {
  return operations * each[kind];
}

/**
 * Returns the variant for GPUs, which computes every problem.
 *
 * @param flops operations of a problem
 * @param onProcessor time of an operation on a processor, where one on a GPU takes 1
 */
export function gpuVariant<Task, P extends Problem>(
  name: string,
  flops: (problem: P) => number,
  emit: (k: Emitter, task: Task, problem: P) => void,
  onProcessor = 4,
): Variant<Task, P> {
  const each = { gpu: 1, software: onProcessor };
  return { name, fits: () => true, cost: (profile, problem) => costOn(profile, flops(problem), each), emit };
}

/** Writes a problem as text, the same for equal problems: `m=4096 n=400 k=400`. */
export function problemKey(problem: Problem): string {
  return Object.entries(problem).map(([name, value]) => `${name}=${value}`).join(" ");
}
