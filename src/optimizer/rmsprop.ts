/**
 * RMSprop.
 *
 * @module
 */
import type { CommonOptions, Optimizer } from "../optimizer.ts";
import { checkCommon, checkEps, checkFraction, make } from "./make.ts";

/** Options of {@linkcode rmsprop}. */
export interface RmspropOptions extends CommonOptions {
  /** Learning rate. @default {1e-3} */
  lr?: number;
  /** Decay of the mean of squared gradients, in [0, 1). @default {0.99} */
  beta2?: number;
  /** Added to the root of that mean. @default {1e-8} */
  eps?: number;
}

/**
 * Makes RMSprop (Tieleman, Hinton 2012): v = beta2 v + (1 - beta2) g^2; w -= lr g / (sqrt(v) + eps).
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { rmsprop } from "../optimizer.ts";
 *
 * assert.equal(rmsprop().slots, 1);
 * ```
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { lr = 1e-3, beta2 = 0.99, eps = 1e-8, embeddingUpdate = "lazy" } = options;
  checkCommon("rmsprop", lr, embeddingUpdate);
  checkFraction("rmsprop", "beta2", beta2);
  checkEps("rmsprop", eps);
  return make("rmsprop", 7, lr, embeddingUpdate, { BETA2: beta2, RATE2: 1 - beta2, EPS: eps }, { slots: 1 });
}
