/**
 * Optimizers: the update rule, its constants and the state that it keeps; pure data.
 *
 * @module
 */

/** Which rows of an embedding table a step updates: those of the batch, or all. */
export type EmbeddingUpdate = "lazy" | "dense";

/** Names of the optimizers. */
export type OptimizerName = "sgd" | "adagrad" | "rowwise_adagrad" | "adam" | "ftrl";

/** An optimizer, as made by {@linkcode sgd}, {@linkcode adagrad}, {@linkcode adam} and the others. */
export interface Optimizer {
  /** Name, as on the command line. */
  readonly name: OptimizerName;
  /** Learning rate; a schedule may give steps another one. */
  readonly lr: number;
  /**
   * Whether a step updates the rows of the batch (`lazy`: its cost does not depend on the vocabulary) or every row
   * (`dense`: rows absent from the batch still move by momentum and L2, as ordinary dense parameters do).
   */
  readonly embeddingUpdate: EmbeddingUpdate;
  /** Number of the rule in `shaders/train/optimizer.wgsl`. */
  readonly rule: number;
  /** Numbers of state that a dense parameter has per weight. */
  readonly slots: number;
  /** Numbers of state that a table has per row, in place of `slots` per weight; 0 where it has those. */
  readonly rowSlots: number;
  /** First value of the first number of state; others start at 0. */
  readonly initialState: number;
  /** Constants of the rule by their names in `shaders/train/optimizer.wgsl`. */
  readonly constants: Readonly<Record<string, number>>;
  /** Returns Adam's 1 / (1 - beta1^t) and 1 / (1 - beta2^t) at step t, counted from 1; other rules have 1. */
  corrections(step: number): { correction1: number; correction2: number };
  /** Where the rule computes weights from their state alone: the number of state that holds them, and its first value. */
  readonly carrier?: { readonly slot: number; stateOf(weight: number): number };
}

/** One buffer beside a table's weights: slot `i + 1` of the table is element `i` of {@linkcode tableSlots}. */
export interface TableSlot {
  /** Name, for labels and checkpoints. */
  readonly name: string;
  /** Whether it holds one number per row; otherwise it has the shape of the weights. */
  readonly perRow: boolean;
  /** First value. */
  readonly initial: number;
  /** Whether it must be saved: the gradient is zero between steps. */
  readonly saved: boolean;
}

/** Options that all optimizers have. */
export interface CommonOptions {
  /** Which rows of an embedding table a step updates. @default {"lazy"} */
  embeddingUpdate?: EmbeddingUpdate;
}

/** Options of {@linkcode sgd}. */
export interface SgdOptions extends CommonOptions {
  /** Learning rate. @default {0.1} */
  lr?: number;
  /** Share of the last step that is taken again, in [0, 1). @default {0} */
  momentum?: number;
  /** Whether the gradient is corrected by the momentum to come. @default {false} */
  nesterov?: boolean;
}

/** Options of {@linkcode adagrad} and {@linkcode rowwiseAdagrad}. */
export interface AdagradOptions extends CommonOptions {
  /** Learning rate. @default {0.01} */
  lr?: number;
  /** Added to the root of the accumulator. @default {1e-10} */
  eps?: number;
  /** First value of the accumulator. @default {0} */
  initialAccumulator?: number;
}

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
 * Makes stochastic gradient descent: w -= lr g, or with momentum u = momentum u + g; w -= lr u.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { sgd } from "./optimizer.ts";
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

/**
 * Makes Adagrad (Duchi, Hazan, Singer 2011): s += g^2; w -= lr g / (sqrt(s) + eps).
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { adagrad } from "./optimizer.ts";
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
 * import { rowwiseAdagrad } from "./optimizer.ts";
 *
 * assert.equal(rowwiseAdagrad().rowSlots, 1);
 * ```
 */
export function rowwiseAdagrad(options: AdagradOptions = {}): Optimizer {
  return makeAdagrad("rowwise_adagrad", 1, 1, options);
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
 * import { adam } from "./optimizer.ts";
 *
 * assert.ok(Math.abs(adam({ lr: 1e-3 }).corrections(1).correction1 - 10) < 1e-9);
 * ```
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, embeddingUpdate = "lazy" } = options;
  checkCommon("adam", lr, embeddingUpdate);
  checkFraction("adam", "beta1", beta1);
  checkFraction("adam", "beta2", beta2);
  checkEps("adam", eps);
  const constants = { BETA1: beta1, BETA2: beta2, RATE1: 1 - beta1, RATE2: 1 - beta2, EPS: eps };
  return make("adam", 3, lr, embeddingUpdate, constants, {
    slots: 2,
    corrections: (step) => ({ correction1: 1 / (1 - beta1 ** step), correction2: 1 / (1 - beta2 ** step) }),
  });
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
 * import { ftrl } from "./optimizer.ts";
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

/** Returns the buffers that a table has beside its weights: state, and in dense mode the gradient of all rows, last. */
export function tableSlots(optimizer: Optimizer): readonly TableSlot[] {
  const slots: TableSlot[] = [];
  const count = optimizer.rowSlots > 0 ? optimizer.rowSlots : optimizer.slots;
  for (let i = 0; i < count; i++) {
    const initial = i === 0 ? optimizer.initialState : 0;
    slots.push({ name: `state${i}`, perRow: optimizer.rowSlots > 0, initial, saved: true });
  }
  if (optimizer.embeddingUpdate === "dense") slots.push({ name: "gradient", perRow: false, initial: 0, saved: false });
  return slots;
}

/** Returns the number of a table's slot with strengths of L2 by row, which comes after those of {@linkcode tableSlots}. */
export const rowL2Index = (optimizer: Optimizer): number => tableSlots(optimizer).length + 1;

function make(
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

function makeAdagrad(name: OptimizerName, rule: number, rowSlots: number, options: AdagradOptions): Optimizer {
  const { lr = 0.01, eps = 1e-10, initialAccumulator = 0, embeddingUpdate = "lazy" } = options;
  checkCommon(name, lr, embeddingUpdate);
  checkEps(name, eps);
  checkAtLeastZero(name, "initialAccumulator", initialAccumulator);
  return make(name, rule, lr, embeddingUpdate, { EPS: eps }, { slots: 1, rowSlots, initialState: initialAccumulator });
}

function checkCommon(name: string, lr: number, embeddingUpdate: string): void {
  if (!(lr > 0 && Number.isFinite(Math.fround(lr)))) {
    throw new RangeError(`Cannot make ${name}: lr must be above 0, received ${lr}`);
  }
  if (embeddingUpdate !== "lazy" && embeddingUpdate !== "dense") {
    throw new RangeError(
      `Cannot make ${name}: embeddingUpdate must be "lazy" or "dense", received "${embeddingUpdate}"`,
    );
  }
}

function checkFraction(name: string, option: string, value: number): void {
  if (!(value >= 0 && value < 1)) {
    throw new RangeError(`Cannot make ${name}: ${option} must be in [0, 1), received ${value}`);
  }
}

function checkAtLeastZero(name: string, option: string, value: number): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new RangeError(`Cannot make ${name}: ${option} must be at least 0, received ${value}`);
  }
}

/** Smallest eps: the kernels divide by it in float32 where a gradient has always been zero. */
const MIN_EPS = 1e-30;

function checkEps(name: string, eps: number): void {
  if (!(eps >= MIN_EPS && eps < Infinity)) {
    throw new RangeError(`Cannot make ${name}: eps must be at least ${MIN_EPS}, received ${eps}`);
  }
}
