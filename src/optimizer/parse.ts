/**
 * Optimizers from texts, as a command line has them.
 *
 * @module
 */
import { adagrad, adam, adamw, ftrl, lamb, lion, rmsprop, rowwiseAdagrad, sgd } from "../optimizer.ts";
import type { Optimizer, OptimizerName } from "../optimizer.ts";

const FACTORIES = { sgd, adagrad, rowwise_adagrad: rowwiseAdagrad, adam, adamw, lamb, lion, rmsprop, ftrl } as const;

const OPTIONS: Readonly<Record<OptimizerName, readonly string[]>> = {
  sgd: ["lr", "momentum", "nesterov", "embeddingUpdate"],
  adagrad: ["lr", "eps", "initialAccumulator", "embeddingUpdate"],
  rowwise_adagrad: ["lr", "eps", "initialAccumulator", "embeddingUpdate"],
  adam: ["lr", "beta1", "beta2", "eps", "embeddingUpdate"],
  adamw: ["lr", "beta1", "beta2", "eps", "weightDecay", "embeddingUpdate"],
  lamb: ["lr", "beta1", "beta2", "eps", "weightDecay", "minNorm", "embeddingUpdate"],
  lion: ["lr", "beta1", "beta2", "weightDecay", "embeddingUpdate"],
  rmsprop: ["lr", "beta2", "eps", "embeddingUpdate"],
  ftrl: ["lr", "beta", "l1", "l2", "embeddingUpdate"],
};

/**
 * Makes an optimizer from texts, as a command line has them; numbers may be texts or numbers.
 *
 * @throws {RangeError} when the name, an option's name or its value is unknown or out of range
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { parseOptimizer } from "./parse.ts";
 *
 * assert.equal(parseOptimizer("adam", { lr: "0.01" }).lr, 0.01);
 * ```
 */
export function parseOptimizer(name: string, options: Readonly<Record<string, unknown>> = {}): Optimizer {
  if (!Object.hasOwn(FACTORIES, name)) {
    throw new RangeError(`Cannot make an optimizer: it must be ${listed(Object.keys(FACTORIES))}, received "${name}"`);
  }
  const known = name as OptimizerName;
  const parsed = Object.entries(options).filter(([, value]) => value !== undefined).map(([option, value]) => {
    if (!OPTIONS[known].includes(option)) {
      throw new RangeError(`Cannot make ${name}: its options are ${listed(OPTIONS[known])}, received "${option}"`);
    }
    return [option, parseValue(name, option, value)];
  });
  return FACTORIES[known](Object.fromEntries(parsed));
}

function parseValue(name: string, option: string, value: unknown): unknown {
  if (option === "embeddingUpdate") return value;
  if (option === "nesterov") {
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    throw new RangeError(`Cannot make ${name}: nesterov must be true or false, received "${value}"`);
  }
  const number = typeof value === "number" ? value : Number(String(value).trim() || NaN);
  if (Number.isNaN(number)) {
    throw new RangeError(`Cannot make ${name}: ${option} must be a number, received "${value}"`);
  }
  return number;
}

function listed(names: readonly string[]): string {
  return names.join(", ");
}
