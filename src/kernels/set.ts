/**
 * The kernels of a device, and the choice among their variants.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import type { DeviceProfile } from "../gpu/profile.ts";
import type { Emitter } from "../graph/node.ts";
import { type Kernel, type Problem, problemKey, type Variant } from "./variant.ts";

/** A variant of any kernel. */
// deno-lint-ignore no-explicit-any
type AnyVariant = Variant<any, any>;

/** A choice among variants, as a set remembers it. */
export interface Choice {
  /** Name of the variant. */
  readonly variant: string;
  /** Names of all variants that fit. */
  readonly fitting: readonly string[];
}

/**
 * The variants of a device's kernels.
 *
 * For each problem a set chooses, in this order: the variant that {@linkcode KernelSet.override} names, where it fits; the
 * one that the plan is to have, like the plan of a checkpoint before; the one that was measured to be the fastest, where the
 * same variants fitted then; the one of the least estimated cost, the first registered one of equals.
 */
export class KernelSet {
  /** What the device can do. */
  readonly profile: DeviceProfile;
  /** Choices so far, by kernel and problem. */
  readonly choices: Map<string, Choice> = new Map();
  /** Variants that were measured to be the fastest of those that fitted, by kernel and problem. */
  readonly tuning: Map<string, Choice> = new Map();
  /** Name of the variants to choose wherever they fit, so that a test proves them. */
  override: string | undefined;
  /** Whether all kernels of the device are registered; those for drivers on the processor are loaded first. */
  isLoaded: boolean;
  readonly #registered: Map<string, AnyVariant[]> = new Map();

  /** Starts with the variants that kernels bring along. */
  constructor(profile: DeviceProfile) {
    this.profile = profile;
    this.isLoaded = profile.kind === "gpu";
  }

  /**
   * Adds variants of a kernel.
   *
   * @throws {TypeError} when the kernel has a variant of that name
   */
  register<Task, P extends Problem>(kernel: Kernel<Task, P>, variants: readonly Variant<Task, P>[]): void {
    const known = this.#registered.get(kernel.name) ?? [];
    const twice = variants.find(({ name }) => [...kernel.variants, ...known].some((other) => other.name === name));
    if (twice) {
      throw new TypeError(`Cannot register kernels of ${kernel.name}: the name is taken, received ${twice.name}`);
    }
    this.#registered.set(kernel.name, [...known, ...variants]);
  }

  /** Returns the variants that fit a problem. */
  fitting<Task, P extends Problem>(kernel: Kernel<Task, P>, problem: P): readonly Variant<Task, P>[] {
    const all: readonly Variant<Task, P>[] = [...kernel.variants, ...this.#registered.get(kernel.name) ?? []];
    return all.filter((variant) => variant.fits(this.profile, problem));
  }

  /** Returns the variant that was measured to be the fastest of exactly these, by their names. */
  measured(key: string, fitting: readonly string[]): string | undefined {
    const known = this.tuning.get(key);
    const isSame = known?.fitting.length === fitting.length && fitting.every((name) => known.fitting.includes(name));
    return isSame ? known?.variant : undefined;
  }

  /**
   * Chooses a variant for a problem.
   *
   * @param preferred names of the variants that a plan is to have, by kernel and problem, or by kernel for all others
   * @throws {RangeError} when none fits
   * @throws {TypeError} when kernels of the device are yet to be loaded
   */
  choose<Task, P extends Problem>(
    kernel: Kernel<Task, P>,
    problem: P,
    preferred: Readonly<Record<string, string>> = {},
  ): Variant<Task, P> {
    const key = `${kernel.name} ${problemKey(problem)}`;
    if (!this.isLoaded) {
      throw new TypeError(`Cannot choose kernels: \`await loadKernels(gpu)\` must come before, received ${key}`);
    }
    const fitting = this.fitting(kernel, problem);
    if (fitting.length === 0) throw new RangeError(`Cannot choose kernels: no variant fits, received ${key}`);
    const names = fitting.map(({ name }) => name);
    const named = (name: string | undefined) => fitting.find((variant) => variant.name === name);
    const chosen = named(this.override) ?? named(preferred[key] ?? preferred[kernel.name]) ??
      named(this.measured(key, names)) ??
      this.#cheapest(fitting, problem);
    this.choices.set(key, { variant: chosen.name, fitting: names });
    return chosen;
  }

  #cheapest<Task, P extends Problem>(fitting: readonly Variant<Task, P>[], problem: P): Variant<Task, P> {
    const costs = fitting.map((variant) => variant.cost(this.profile, problem));
    return fitting[costs.indexOf(Math.min(...costs))];
  }
}

const sets: WeakMap<Gpu, KernelSet> = new WeakMap();

/** Returns the kernels of a device. */
export function kernelsOf(gpu: Gpu): KernelSet {
  let set = sets.get(gpu);
  if (!set) sets.set(gpu, set = new KernelSet(gpu.profile));
  return set;
}

/** Appends the dispatches that compute a task, by the variant that suits the device. */
export function emitKernel<Task, P extends Problem>(k: Emitter, kernel: Kernel<Task, P>, task: Task): void {
  const problem = kernel.problem(k, task);
  const variant = kernelsOf(k.gpu).choose(kernel, problem, k.preferred);
  k.chose(`${kernel.name} ${problemKey(problem)}`, variant.name, () => variant.emit(k, task, problem));
}
