/**
 * What can be known to go wrong before training begins, and what must hold while it runs.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import { describeNotFinite, findNotFinite } from "../checkpoint/finite.ts";
import { requireLabels, warningOfOneClass } from "../data/classes.ts";
import { formatValue } from "../data/format.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { requireSavable } from "../host/mod.ts";
import { requireLoss, squared } from "../losses.ts";
import { requireCount } from "../model/requirements.ts";
import { requireOptimizer, rulesOf } from "../optimizer/parts.ts";
import { requireAveraging } from "./averaging.ts";
import { monitorOf, requireFurther, requireMonitor } from "./monitor.ts";
import type { FitOptions } from "./options.ts";
import { requireL2 } from "./row_l2.ts";
import { requireTaskWeights } from "./tasks.ts";

/** Training whose numbers ceased to be finite. */
export class DivergenceError extends RangeError {
  /** Step that showed it, from 1. */
  readonly step: number;
  /** Epoch whose parameters the model has again, from 1; 0 when it was left as it is. */
  readonly restoredEpoch: number;

  /** Describes the state; `restoredEpoch` is 0 where there are no better parameters. */
  constructor(message: string, step: number, restoredEpoch = 0) {
    super(message);
    this.name = "DivergenceError";
    this.step = step;
    this.restoredEpoch = restoredEpoch;
  }

  /** Adds that the model has the parameters of an epoch again. */
  restored(epoch: number): DivergenceError {
    const message = `${this.message}; the model has the parameters of epoch ${epoch} again`;
    return new DivergenceError(message, this.step, epoch);
  }
}

/**
 * Refuses a training that could not end well.
 *
 * @param schema the data's schema
 * @throws {TypeError} when early stopping has no validation data, validation data have no labels, or taskWeights do not
 * fit the tasks
 * @throws {RangeError} when an option is out of its range, or the monitored metric cannot be computed
 * @throws {Error} when the checkpoint cannot be written
 */
export async function requireTrainable(options: FitOptions, schema: FittedSchema): Promise<void> {
  const { validation, earlyStopping, checkpoint } = options;
  if (validation) requireLabels("validate on the data", validation);
  requireTaskWeights(schema, options.taskWeights);
  if (options.loss !== undefined) requireLoss(options.loss);
  if (options.optimizer !== undefined) requireOptimizer(options.optimizer);
  requireLossOf(options.loss, schema);
  if (options.loss !== undefined && schema.survival) {
    const received = formatValue(options.loss);
    throw new TypeError(`Cannot train: the loss of times is their likelihood, received ${received} for labels`);
  }
  requireCount("train", "epochs", options.epochs ?? 1);
  if (checkpoint?.everySteps !== undefined) requireCount("train", "checkpoint.everySteps", checkpoint.everySteps);
  if (options.clipNorm !== undefined && !(options.clipNorm > 0 && options.clipNorm < Infinity)) {
    refuse("clipNorm must be above 0", options.clipNorm);
  }
  if (options.clipValue !== undefined && !(options.clipValue > 0 && options.clipValue < Infinity)) {
    refuse("clipValue must be above 0", options.clipValue);
  }
  const { fieldDropout = 0 } = options;
  if (!(fieldDropout >= 0 && fieldDropout < 1)) refuse("fieldDropout must be in [0, 1)", fieldDropout);
  requireL1(options);
  if (options.evaluateEvery !== undefined) {
    requireCount("train", "evaluateEvery.steps", options.evaluateEvery.steps);
    if (!validation) throw new TypeError("Cannot train: evaluateEvery needs validation data, received none");
  }
  requireAveraging(options.averaging, options.epochs ?? 1);
  requireL2(options.l2 ?? {}, schema);
  const { unseenShare = 0, optimizerState = "fresh" } = options;
  if (!["fresh", "keep"].includes(optimizerState)) refuse('optimizerState must be "fresh" or "keep"', optimizerState);
  if (!(unseenShare >= 0 && unseenShare <= 0.5)) refuse("unseenShare must be in [0, 0.5]", unseenShare);
  requireFurther(options);
  if (earlyStopping) requireMonitor(options, monitorOf(earlyStopping, schema));
  if (checkpoint) await requireSavable(checkpoint.path);
}

/** Returns options of training with the loss that labels have unless another one is given. */
export function withLoss<O extends object>(
  options: O & Pick<FitOptions, "loss">,
  { real }: Pick<FittedSchema, "real">,
): O & Pick<FitOptions, "loss"> {
  return real && options.loss === undefined ? { ...options, loss: squared() } : options;
}

/** Refuses strengths of L1 that are out of their range, or that FTRL would forget: it computes weights from its sums. */
function requireL1({ l1 = {}, optimizer }: FitOptions): void {
  for (const [part, strength] of Object.entries(l1)) {
    if (part !== "embedding" && part !== "net") refuse("l1 has embedding and net", formatValue(part));
    if (strength !== undefined && !(strength >= 0 && strength < Infinity)) {
      refuse(`l1.${part} must be at least 0`, strength);
    }
  }
  const { network, embedding, linear } = rulesOf(optimizer);
  const covered = [...((l1.embedding ?? 0) > 0 ? [embedding, linear] : []), ...((l1.net ?? 0) > 0 ? [network] : [])];
  if (covered.some(({ carrier }) => carrier)) {
    throw new TypeError("Cannot train: ftrl has an l1 of its own, received l1 of the training");
  }
}

/** Refuses squared errors of labels that have classes, and losses of classes where labels are numbers. */
function requireLossOf(loss: FitOptions["loss"], { real }: FittedSchema): void {
  if (loss === undefined || typeof loss === "function" || (loss.name === "squared") === real) return;
  const wanted = real
    ? "squared, since labels are real numbers"
    : "one of classes, since the schema declares no real label";
  throw new TypeError(`Cannot train: the loss must be ${wanted}, received ${loss.name}`);
}

/** Tells what a person should know of a training that can go ahead. */
export function warnBeforeTraining({ validation, onWarning = console.warn }: FitOptions): void {
  const warning = validation && warningOfOneClass("validation", validation);
  if (warning) onWarning(warning);
  if (validation && validation.negativeRate < 1) {
    onWarning(`validation has ${validation.negativeRate} of its negative rows: log loss and calibration are off`);
  }
}

/**
 * Refuses a learning rate that float32 cannot hold or that is negative; 0 is one, at which nothing is learned.
 *
 * @param step number of the step that the rate is for, from 0
 * @throws {RangeError} then
 */
export function checkRate(rate: number, step: number): number {
  if (rate >= 0 && Number.isFinite(Math.fround(rate))) return rate;
  return refuse(`the schedule's rate at step ${step} must be finite and at least 0`, rate);
}

/**
 * Throws when a tensor of the model has a number that is not finite.
 *
 * @throws {DivergenceError} then
 */
export function requireFinite(tensors: Readonly<Record<string, CheckpointTensor>>, step: number): void {
  const found = findNotFinite(tensors);
  if (found) throw new DivergenceError(`Cannot go on training: after step ${step}, ${describeNotFinite(found)}`, step);
}

function refuse(state: string, received: unknown): never {
  throw new RangeError(`Cannot train: ${state}, received ${received}`);
}
