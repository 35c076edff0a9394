/**
 * FTRL-Proximal.
 *
 * @module
 */
import type { CommonOptions, Optimizer } from "../optimizer.ts";
import { checkAtLeastZero, checkCommon, make } from "./make.ts";

/** Options of {@linkcode ftrl}. */
export interface FtrlOptions extends CommonOptions {
  /** Learning rate, alpha in the paper. @default {0.1} */
  lr?: number;
  /** Added to the root of the accumulator. @default {1} */
  beta?: number;
  /** Weight of the L1 norm: weights whose |z| stays below it are zero. @default {0} */
  l1?: number;
  /** Weight of the L2 norm in the proximal term. @default {0} */
  l2?: number;
}

/**
 * Makes FTRL-Proximal (McMahan et al. 2013), per weight: s = (sqrt(n + g^2) - sqrt(n)) / lr; z += g - s w; n += g^2;
 * w = 0 where |z| <= l1, otherwise -(z - sign(z) l1) / ((beta + sqrt(n)) / lr + l2).
 *
 * A schedule's rate r changes what a step adds, r / lr g in place of g, and not `lr`: z holds the sums of all steps, so
 * that another `lr` would rescale every weight. A step at rate 0 changes nothing.
 *
 * The rule computes w from z alone: training starts with the z that gives the weights there are,
 * -w (beta / lr + l2) - sign(w) l1, so that first values and those of an earlier training count.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { ftrl } from "../optimizer.ts";
 *
 * assert.equal(ftrl({ l1: 0.05 }).slots, 2);
 * ```
 */
export function ftrl(options: FtrlOptions = {}): Optimizer {
  const { lr = 0.1, beta = 1, l1 = 0, l2 = 0, embeddingUpdate = "lazy" } = options;
  checkCommon("ftrl", lr, embeddingUpdate);
  if (!(beta > 0 && beta < Infinity)) {
    throw new RangeError(`Cannot make ftrl: beta must be above 0, received ${beta}`);
  }
  checkAtLeastZero("ftrl", "l1", l1);
  checkAtLeastZero("ftrl", "l2", l2);
  return make("ftrl", 5, lr, embeddingUpdate, { LR: lr, BETA: beta, L1: l1, L2: l2 }, {
    slots: 2,
    carrier: { slot: 1, stateOf: (weight) => -weight * (beta / lr + l2) - Math.sign(weight) * l1 },
  });
}
