/**
 * Learning rates by step.
 *
 * @module
 */
import { refuse, requirePositive } from "./checks.ts";

/** Gives the learning rate of a step; steps count from 0. */
export type StepSchedule = (step: number) => number;

/**
 * Keeps one learning rate.
 *
 * @throws {RangeError} when it is not positive
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(constant(0.01)(1000), 0.01);
 * ```
 */
export function constant(lr: number): StepSchedule {
  requirePositive("lr", lr);
  return () => lr;
}

/**
 * Lets the learning rate fall along half a cosine: `minLr + (lr - minLr) (1 + cos(pi step / steps)) / 2` up to step
 * `steps`, and `minLr` after it (Loshchilov and Hutter, ICLR 2017, without restarts).
 *
 * @throws {RangeError} when `lr` or `steps` is not positive or `minLr` is not in [0, lr]
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const schedule = cosine({ lr: 0.4, steps: 100 });
 * assert.deepEqual([0, 50, 100, 200].map((step) => schedule(step)), [0.4, 0.2, 0, 0]);
 * ```
 */
export function cosine({ lr, steps, minLr = 0 }: { lr: number; steps: number; minLr?: number }): StepSchedule {
  requirePositive("lr", lr);
  requirePositive("steps", steps);
  if (!(minLr >= 0 && minLr <= lr)) refuse(`minLr must lie in [0, ${lr}]`, minLr);
  return (step) => step >= steps ? minLr : minLr + ((lr - minLr) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}

/**
 * Raises the learning rate linearly to the first one of another schedule, `after(0) (step + 1) / steps` while
 * `step < steps`, and then follows it from its beginning: `after(step - steps)`.
 *
 * @throws {RangeError} when `steps` is not a positive integer
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const schedule = warmup(4, constant(0.8));
 * assert.deepEqual([0, 1, 3, 4, 99].map((step) => schedule(step)), [0.2, 0.4, 0.8, 0.8, 0.8]);
 * ```
 */
export function warmup(steps: number, after: StepSchedule): StepSchedule {
  if (!Number.isInteger(steps) || steps < 1) refuse("warm-up steps must be a positive integer", steps);
  return (step) => step < steps ? (after(0) * (step + 1)) / steps : after(step - steps);
}

/**
 * Lets the learning rate fall along a power: `minLr + (lr - minLr) (1 - step / steps)^power` up to step `steps`, and
 * `minLr` after it; a straight line with power 1.
 *
 * @throws {RangeError} when `lr`, `steps` or `power` is not positive or `minLr` is not in [0, lr]
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const schedule = polynomial({ lr: 0.4, steps: 4, power: 2 });
 * assert.deepEqual([0, 2, 4, 9].map((step) => schedule(step)), [0.4, 0.1, 0, 0]);
 * ```
 */
export function polynomial(
  { lr, steps, minLr = 0, power = 1 }: { lr: number; steps: number; minLr?: number; power?: number },
): StepSchedule {
  requirePositive("lr", lr);
  requirePositive("steps", steps);
  requirePositive("power", power);
  if (!(minLr >= 0 && minLr <= lr)) refuse(`minLr must lie in [0, ${lr}]`, minLr);
  return (step) => step >= steps ? minLr : minLr + (lr - minLr) * (1 - step / steps) ** power;
}

/** Options of {@linkcode oneCycle}. */
export interface OneCycleOptions {
  /** Highest learning rate. */
  lr: number;
  /** Steps of the cycle, at least 2. */
  steps: number;
  /** Share of the steps in which the rate rises, in (0, 1). @default {0.3} */
  rising?: number;
  /** How far below the highest rate the cycle begins. @default {25} */
  first?: number;
  /** How far below the first rate it ends. @default {1e4} */
  last?: number;
}

/**
 * Lets the learning rate rise along half a cosine from `lr / first` to `lr`, and fall along another one to
 * `lr / first / last`, where it stays (Smith, Topin 2018, arXiv:1708.07120).
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const schedule = oneCycle({ lr: 1, steps: 10, first: 10, last: 10 });
 * assert.deepEqual([0, 2, 9, 50].map((step) => +schedule(step).toFixed(3)), [0.1, 1, 0.01, 0.01]);
 * ```
 */
export function oneCycle({ lr, steps, rising = 0.3, first = 25, last = 1e4 }: OneCycleOptions): StepSchedule {
  requirePositive("lr", lr);
  if (!(Number.isInteger(steps) && steps >= 2)) refuse("steps must be an integer of at least 2", steps);
  if (!(rising > 0 && rising < 1)) refuse("rising must lie in (0, 1)", rising);
  if (!(first >= 1 && first < Infinity)) refuse("first must be finite and at least 1", first);
  if (!(last >= 1 && last < Infinity)) refuse("last must be finite and at least 1", last);
  const [peak, end] = [rising * steps - 1, steps - 1];
  const between = (from: number, to: number, share: number): number =>
    to + (from - to) * (1 + Math.cos(Math.PI * Math.min(1, share))) / 2;
  return (step) =>
    step < peak ? between(lr / first, lr, step / peak) : between(lr, lr / first / last, (step - peak) / (end - peak));
}
