/**
 * What the optimizers share: their form and the checks of their options.
 *
 * @module
 */
import type { EmbeddingUpdate, Optimizer, OptimizerName } from "../optimizer.ts";

/** Makes an optimizer of a rule, with what it has besides constants. */
export function make(
  name: OptimizerName,
  rule: number,
  lr: number,
  embeddingUpdate: EmbeddingUpdate,
  constants: Readonly<Record<string, number>>,
  more: Partial<Optimizer>,
): Optimizer {
  return {
    name,
    rule,
    lr,
    embeddingUpdate,
    constants,
    slots: 0,
    rowSlots: 0,
    initialState: 0,
    corrections: () => ({ correction1: 1, correction2: 1 }),
    ...more,
  };
}

/**
 * Refuses a rate or an update that no optimizer can have.
 *
 * @throws {RangeError} then
 */
export function checkCommon(name: string, lr: number, embeddingUpdate: string): void {
  if (!(lr > 0 && Number.isFinite(Math.fround(lr)))) {
    throw new RangeError(`Cannot make ${name}: lr must be above 0, received ${lr}`);
  }
  if (embeddingUpdate !== "lazy" && embeddingUpdate !== "dense") {
    throw new RangeError(
      `Cannot make ${name}: embeddingUpdate must be "lazy" or "dense", received "${embeddingUpdate}"`,
    );
  }
}

/**
 * Refuses a number that is not in [0, 1).
 *
 * @throws {RangeError} then
 */
export function checkFraction(name: string, option: string, value: number): void {
  if (!(value >= 0 && value < 1)) {
    throw new RangeError(`Cannot make ${name}: ${option} must be in [0, 1), received ${value}`);
  }
}

/**
 * Refuses a number that is negative or not finite.
 *
 * @throws {RangeError} then
 */
export function checkAtLeastZero(name: string, option: string, value: number): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new RangeError(`Cannot make ${name}: ${option} must be at least 0, received ${value}`);
  }
}

/** Smallest eps: the kernels divide by it in float32 where a gradient has always been zero. */
const MIN_EPS = 1e-30;

/**
 * Refuses an eps that float32 cannot divide by.
 *
 * @throws {RangeError} then
 */
export function checkEps(name: string, eps: number): void {
  if (!(eps >= MIN_EPS && eps < Infinity)) {
    throw new RangeError(`Cannot make ${name}: eps must be at least ${MIN_EPS}, received ${eps}`);
  }
}
