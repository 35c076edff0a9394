/**
 * Stochastic gradient descent.
 *
 * @module
 */
import type { CommonOptions, Optimizer } from "../optimizer.ts";
import { checkCommon, checkFraction, make } from "./make.ts";

/** Options of {@linkcode sgd}. */
export interface SgdOptions extends CommonOptions {
  /** Learning rate. @default {0.1} */
  lr?: number;
  /** Share of the last step that is taken again, in [0, 1). @default {0} */
  momentum?: number;
  /** Whether the gradient is corrected by the momentum to come. @default {false} */
  nesterov?: boolean;
}

/**
 * Makes stochastic gradient descent: w -= lr g, or with momentum u = momentum u + g; w -= lr u.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { sgd } from "../optimizer.ts";
 *
 * assert.equal(sgd({ lr: 0.1, momentum: 0.9 }).slots, 1);
 * ```
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { lr = 0.1, momentum = 0, nesterov = false, embeddingUpdate = "lazy" } = options;
  checkCommon("sgd", lr, embeddingUpdate);
  checkFraction("sgd", "momentum", momentum);
  if (nesterov && momentum === 0) {
    throw new RangeError("Cannot make sgd: nesterov needs a momentum above 0, received 0");
  }
  const constants = { MOMENTUM: momentum, NESTEROV: Number(nesterov) };
  return make("sgd", 0, lr, embeddingUpdate, constants, { slots: momentum > 0 ? 1 : 0 });
}
