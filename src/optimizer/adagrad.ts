/**
 * Adagrad, by weight and by row.
 *
 * @module
 */
import type { CommonOptions, Optimizer, OptimizerName } from "../optimizer.ts";
import { checkAtLeastZero, checkCommon, checkEps, make } from "./make.ts";

/** Options of {@linkcode adagrad} and {@linkcode rowwiseAdagrad}. */
export interface AdagradOptions extends CommonOptions {
  /** Learning rate. @default {0.01} */
  lr?: number;
  /** Added to the root of the accumulator. @default {1e-10} */
  eps?: number;
  /** First value of the accumulator. @default {0} */
  initialAccumulator?: number;
}

/**
 * Makes Adagrad (Duchi, Hazan, Singer 2011): s += g^2; w -= lr g / (sqrt(s) + eps).
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { adagrad } from "../optimizer.ts";
 *
 * assert.equal(adagrad({ initialAccumulator: 0.1 }).initialState, 0.1);
 * ```
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  return makeAdagrad("adagrad", 1, 0, options);
}

/**
 * Makes row-wise Adagrad: tables keep one accumulator per row, raised by the mean of g^2 over the row, which saves
 * nearly all of the state's memory; dense parameters get {@linkcode adagrad}.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { rowwiseAdagrad } from "../optimizer.ts";
 *
 * assert.equal(rowwiseAdagrad().rowSlots, 1);
 * ```
 */
export function rowwiseAdagrad(options: AdagradOptions = {}): Optimizer {
  return makeAdagrad("rowwise_adagrad", 1, 1, options);
}

function makeAdagrad(name: OptimizerName, rule: number, rowSlots: number, options: AdagradOptions): Optimizer {
  const { lr = 0.01, eps = 1e-10, initialAccumulator = 0, embeddingUpdate = "lazy" } = options;
  checkCommon(name, lr, embeddingUpdate);
  checkEps(name, eps);
  checkAtLeastZero(name, "initialAccumulator", initialAccumulator);
  return make(name, rule, lr, embeddingUpdate, { EPS: eps }, { slots: 1, rowSlots, initialState: initialAccumulator });
}
