/**
 * LAMB, whose steps are as long as the weights are large.
 *
 * @module
 */
import type { CommonOptions, Optimizer } from "../optimizer.ts";
import { checkAtLeastZero, checkCommon, checkEps, checkFraction, make } from "./make.ts";

/** Options of {@linkcode lamb}. */
export interface LambOptions extends CommonOptions {
  /** Learning rate: the share of its norm by which a layer changes in a step. @default {0.01} */
  lr?: number;
  /** Decay of the mean of gradients, in [0, 1). @default {0.9} */
  beta1?: number;
  /** Decay of the mean of squared gradients, in [0, 1). @default {0.999} */
  beta2?: number;
  /** Added to the root of the second moment. @default {1e-6} */
  eps?: number;
  /** Share of a weight that is added to the step before it is scaled. @default {0.01} */
  weightDecay?: number;
  /**
   * Least norm of weights that counts, gamma_l in the paper: embeddings begin so small that they would hardly move by a
   * share of their own norm. @default {0.1}
   */
  minNorm?: number;
}

/**
 * Makes LAMB (You et al., ICLR 2020, arXiv:1904.00962, algorithm 2): r = mHat / (sqrt(vHat) + eps) + weightDecay w;
 * w -= lr max(|w|, minNorm) / |r| r, where the norms are those of a layer. It keeps large batches stable.
 *
 * A layer is a dense parameter, or a row of a table: an update of a batch's rows then costs what it did, does not depend
 * on how often other rows occur, and is the same whether updates are lazy or dense. Biases and other vectors, and tables
 * of width 1, whose one number would only ever change by a share of itself, have a ratio of 1, as in AdamW.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { lamb } from "../optimizer.ts";
 *
 * assert.equal(lamb({ minNorm: 0 }).constants.MIN_NORM, 0);
 * ```
 */
export function lamb(options: LambOptions = {}): Optimizer {
  const { lr = 0.01, beta1 = 0.9, beta2 = 0.999, eps = 1e-6, weightDecay = 0.01, minNorm = 0.1 } = options;
  const { embeddingUpdate = "lazy" } = options;
  checkCommon("lamb", lr, embeddingUpdate);
  checkFraction("lamb", "beta1", beta1);
  checkFraction("lamb", "beta2", beta2);
  checkEps("lamb", eps);
  checkAtLeastZero("lamb", "weightDecay", weightDecay);
  checkAtLeastZero("lamb", "minNorm", minNorm);
  const rates = { BETA1: beta1, BETA2: beta2, RATE1: 1 - beta1, RATE2: 1 - beta2 };
  return make("lamb", 8, lr, embeddingUpdate, { ...rates, EPS: eps, DECAY: weightDecay, MIN_NORM: minNorm }, {
    slots: 2,
    byLayer: true,
    corrections: (step) => ({ correction1: 1 / (1 - beta1 ** step), correction2: 1 / (1 - beta2 ** step) }),
  });
}
