/**
 * Adam, and Adam with weights that decay.
 *
 * @module
 */
import type { CommonOptions, Optimizer, OptimizerName } from "../optimizer.ts";
import { checkAtLeastZero, checkCommon, checkEps, checkFraction, make } from "./make.ts";

/** Options of {@linkcode adam}. */
export interface AdamOptions extends CommonOptions {
  /** Learning rate. @default {1e-3} */
  lr?: number;
  /** Decay of the mean of gradients, in [0, 1). @default {0.9} */
  beta1?: number;
  /** Decay of the mean of squared gradients, in [0, 1). @default {0.999} */
  beta2?: number;
  /** Added to the root of the second moment. @default {1e-8} */
  eps?: number;
}

/**
 * Makes Adam (Kingma, Ba 2015): w -= lr mHat / (sqrt(vHat) + eps).
 *
 * With `embeddingUpdate: "lazy"` the moments of a table's row move only in steps whose batch holds the row, and eps is
 * added before the correction of v: w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps).
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { adam } from "../optimizer.ts";
 *
 * assert.ok(Math.abs(adam({ lr: 1e-3 }).corrections(1).correction1 - 10) < 1e-9);
 * ```
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return makeAdam("adam", options, {});
}

/** Options of {@linkcode adamw}. */
export interface AdamwOptions extends AdamOptions {
  /** Share of a weight that a step at rate 1 takes away. @default {0.01} */
  weightDecay?: number;
}

/**
 * Makes AdamW (Loshchilov, Hutter 2019): w -= lr weightDecay w, then as {@linkcode adam}. Unlike L2, the decay is no part
 * of the gradient, so that the second moment does not scale it. With lazy updates the rows of the batch decay.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { adamw } from "../optimizer.ts";
 *
 * assert.equal(adamw({ weightDecay: 0.1 }).constants.DECAY, 0.1);
 * ```
 */
export function adamw({ weightDecay = 0.01, ...options }: AdamwOptions = {}): Optimizer {
  checkAtLeastZero("adamw", "weightDecay", weightDecay);
  return makeAdam("adamw", options, { DECAY: weightDecay });
}

function makeAdam(name: OptimizerName, options: AdamOptions, more: Readonly<Record<string, number>>): Optimizer {
  const { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, embeddingUpdate = "lazy" } = options;
  checkCommon(name, lr, embeddingUpdate);
  checkFraction(name, "beta1", beta1);
  checkFraction(name, "beta2", beta2);
  checkEps(name, eps);
  const constants = { BETA1: beta1, BETA2: beta2, RATE1: 1 - beta1, RATE2: 1 - beta2, EPS: eps, ...more };
  return make(name, 3, lr, embeddingUpdate, constants, {
    slots: 2,
    corrections: (step) => ({ correction1: 1 / (1 - beta1 ** step), correction2: 1 / (1 - beta2 ** step) }),
  });
}
