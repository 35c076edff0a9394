/**
 * What a probability costs beside a label: pure data that training reads.
 *
 * @module
 */
import type { Tensor } from "./graph/tensor.ts";
import { formatValue } from "./data/format.ts";

/** The loss of a label, as made by {@linkcode crossEntropy}, {@linkcode focal} or {@linkcode squared}. */
export interface LabelLoss {
  /** Name, as on the command line. */
  readonly name: LossName;
  /** How often a positive label counts; 1 where all labels count alike. */
  readonly positiveWeight: number;
  /** Share of a label that stays, and what is added to it. */
  readonly smoothing: { readonly kept: number; readonly added: number };
  /** Constants of the formula by their names in `shaders/train/label_*.wgsl`. */
  readonly constants: Readonly<Record<string, number>>;
}

/** Names of the losses. */
export type LossName = "cross_entropy" | "focal" | "squared";

/**
 * Computes the loss of each label out of ops, in place of a {@linkcode LabelLoss}; its gradient follows from theirs.
 *
 * @param logits `[B, T]` of T tasks
 * @param labels `[B, T]`, 0 where a label is unknown: what is returned there counts for nothing
 * @returns the losses, `[B, T]`
 */
export type CustomLoss = (logits: Tensor, labels: Tensor) => Tensor;

/** What training minimizes. */
export type LossFunction = LabelLoss | CustomLoss;

/** Options of {@linkcode crossEntropy} and {@linkcode focal}. */
export interface SmoothingOptions {
  /** Share of each label that is replaced, in [0, 1): y becomes (1 - s) y + s t. @default {0} */
  readonly smoothing?: number;
  /** What it is replaced by, t, such as 0.5 or the rate of the labels. @default {0.5} */
  readonly smoothTo?: number;
}

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions extends SmoothingOptions {
  /** How often a positive label counts; above 1 where positives are rare. @default {1} */
  readonly positiveWeight?: number;
}

/** Options of {@linkcode focal}. */
export interface FocalOptions extends SmoothingOptions {
  /** How fast labels that are well predicted lose weight, at least 0. @default {2} */
  readonly gamma?: number;
  /** Weight of positive labels, in [0, 1], that of the others being 1 - alpha; all count 1 where it is null. @default {0.25} */
  readonly alpha?: number | null;
}

/**
 * Defines binary cross-entropy: l = -(w y ln p + (1 - y) ln(1 - p)), p = sigmoid(z).
 *
 * A positive weight w makes a model predict w p / (w p + 1 - p) where the rate is p, so its probabilities are no rates.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(crossEntropy({ positiveWeight: 3 }).positiveWeight, 3);
 * assert.throws(() => crossEntropy({ smoothing: 1 }));
 * ```
 */
export function crossEntropy({ positiveWeight = 1, ...rest }: CrossEntropyOptions = {}): LabelLoss {
  requireNumber("cross_entropy", "positiveWeight", "above 0", positiveWeight, (w) => w > 0);
  const constants: Record<string, number> = positiveWeight === 1 ? {} : { POSITIVE_WEIGHT: positiveWeight };
  return { name: "cross_entropy", positiveWeight, smoothing: smoothingOf("cross_entropy", rest), constants };
}

/**
 * Defines the focal loss, in which labels that are well predicted count little: l = -a (1 - q)^gamma ln q, where q is the
 * probability of the label, and a is alpha for positive labels and 1 - alpha for the others.
 *
 * Lin, Goyal, Girshick, He, Dollár: Focal Loss for Dense Object Detection. ICCV 2017, arXiv:1708.02002, equation 5. It
 * draws probabilities towards 0.5.
 *
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(focal({ gamma: 1 }).constants, { GAMMA: 1, ALPHA: 0.25 });
 * ```
 */
export function focal(options: FocalOptions = {}): LabelLoss {
  const { gamma = 2, alpha = 0.25, ...rest } = options;
  requireNumber("focal", "gamma", "at least 0", gamma, (g) => g >= 0);
  if (alpha !== null) requireNumber("focal", "alpha", "in [0, 1]", alpha, (a) => a >= 0 && a <= 1);
  const constants = { GAMMA: gamma, ALPHA: alpha ?? -1 };
  return { name: "focal", positiveWeight: 1, smoothing: smoothingOf("focal", rest), constants };
}

/**
 * Defines the squared error of labels that are numbers, l = (z - y)^2: the model's output is the number itself. It is the
 * loss where a schema declares its label as `real`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(squared().name, "squared");
 * ```
 */
export function squared(): LabelLoss {
  return { name: "squared", positiveWeight: 1, smoothing: { kept: 1, added: 0 }, constants: {} };
}

/**
 * Returns the log-odds that a model without any evidence should begin with where a share of the labels is positive.
 *
 * With cross-entropy it is those that make the loss the least; with others, the log-odds of the share.
 */
export function startingLogOdds(loss: LossFunction, share: number): number {
  if (typeof loss === "function") return Math.log(share / (1 - share));
  const { positiveWeight, smoothing: { kept, added } } = loss;
  const smoothed = kept * share + added;
  return Math.log(positiveWeight * smoothed / (1 - smoothed));
}

/**
 * Refuses what is no loss.
 *
 * @throws {TypeError} then
 */
export function requireLoss(loss: LossFunction): void {
  if (typeof loss === "function" || typeof (loss as LabelLoss | null)?.constants === "object") return;
  throw new TypeError(
    `Cannot train: loss must be made by crossEntropy, focal or squared, or a function, received ${formatValue(loss)}`,
  );
}

function smoothingOf(name: LossName, { smoothing = 0, smoothTo = 0.5 }: SmoothingOptions): LabelLoss["smoothing"] {
  requireNumber(name, "smoothing", "in [0, 1)", smoothing, (s) => s >= 0 && s < 1);
  requireNumber(name, "smoothTo", "in [0, 1]", smoothTo, (t) => t >= 0 && t <= 1);
  return { kept: 1 - smoothing, added: smoothing * smoothTo };
}

function requireNumber(
  name: LossName,
  option: string,
  range: string,
  received: number,
  holds: (value: number) => boolean,
): void {
  if (Number.isFinite(received) && holds(received)) return;
  throw new RangeError(`Cannot make ${name}: ${option} must be ${range}, received ${formatValue(received)}`);
}
