/**
 * Lion, whose steps are signs.
 *
 * @module
 */
import type { CommonOptions, Optimizer } from "../optimizer.ts";
import { checkAtLeastZero, checkCommon, checkFraction, make } from "./make.ts";

/** Options of {@linkcode lion}. */
export interface LionOptions extends CommonOptions {
  /** Learning rate, a third to a tenth of Adam's. @default {1e-4} */
  lr?: number;
  /** Share of the momentum in a step, in [0, 1). @default {0.9} */
  beta1?: number;
  /** Decay of the momentum, in [0, 1). @default {0.99} */
  beta2?: number;
  /** Share of a weight that a step at rate 1 takes away. @default {0} */
  weightDecay?: number;
}

/**
 * Makes Lion (Chen et al. 2023, arXiv:2302.06675): w -= lr (sign(beta1 m + (1 - beta1) g) + weightDecay w), then
 * m = beta2 m + (1 - beta2) g. It keeps one number for each weight, half of Adam's state.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { lion } from "../optimizer.ts";
 *
 * assert.equal(lion().slots, 1);
 * ```
 */
export function lion(options: LionOptions = {}): Optimizer {
  const { lr = 1e-4, beta1 = 0.9, beta2 = 0.99, weightDecay = 0, embeddingUpdate = "lazy" } = options;
  checkCommon("lion", lr, embeddingUpdate);
  checkFraction("lion", "beta1", beta1);
  checkFraction("lion", "beta2", beta2);
  checkAtLeastZero("lion", "weightDecay", weightDecay);
  const constants = { BETA1: beta1, BETA2: beta2, RATE1: 1 - beta1, RATE2: 1 - beta2, DECAY: weightDecay };
  return make("lion", 6, lr, embeddingUpdate, constants, { slots: 1 });
}
