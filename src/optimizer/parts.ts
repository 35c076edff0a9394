/**
 * Optimizers by part of a model: embeddings, first-order weights and all else.
 *
 * @module
 */
import type { Optimizer } from "../optimizer.ts";
import { formatValue } from "../data/format.ts";
import { adam } from "./adam.ts";

/** Parts of a model that may have optimizers of their own. */
export const OPTIMIZER_PARTS = ["network", "embedding", "linear"] as const;

/** A part of a model: `embedding` has the tables, `linear` those of width 1, `network` all else, biases included. */
export type OptimizerPart = typeof OPTIMIZER_PARTS[number];

/**
 * Optimizers by part of a model, such as FTRL for first-order weights and Adam for the others, as Wide & Deep has them
 * (Cheng et al., DLRS 2016, section 3.2). Parts that are left out get `adam()`.
 *
 * A schedule, and early stopping, give rates of the network; the rates of the other parts keep their ratio to it.
 */
export interface OptimizerByPart {
  /** Of tables of embeddings. */
  readonly embedding?: Optimizer;
  /** Of tables of width 1: first-order weights. */
  readonly linear?: Optimizer;
  /** Of all other parameters, biases included. */
  readonly network?: Optimizer;
}

/** One optimizer for all parts, or one for each. */
export type AnyOptimizer = Optimizer | OptimizerByPart;

/** The optimizer of each part. */
export type Rules = Readonly<Record<OptimizerPart, Optimizer>>;

/** Returns the optimizer of each part; several parts may have the same one. */
export function rulesOf(optimizer: AnyOptimizer = adam()): Rules {
  if (isOptimizer(optimizer)) return { network: optimizer, embedding: optimizer, linear: optimizer };
  const { network, embedding, linear } = optimizer;
  if (network && embedding && linear) return { network, embedding, linear };
  const rest = adam();
  return { network: network ?? rest, embedding: embedding ?? rest, linear: linear ?? rest };
}

/**
 * Refuses what is no optimizer, or names parts that no model has.
 *
 * @throws {TypeError} then
 */
export function requireOptimizer(optimizer: AnyOptimizer): void {
  if (typeof optimizer !== "object" || optimizer === null) {
    throw new TypeError(`Cannot train: optimizer must be made by adam or the like, received ${formatValue(optimizer)}`);
  }
  if (isOptimizer(optimizer)) return;
  for (const [part, own] of Object.entries(optimizer)) {
    if (!(OPTIMIZER_PARTS as readonly string[]).includes(part)) {
      throw new TypeError(`Cannot train: optimizers are of ${OPTIMIZER_PARTS.join(", ")}, received "${part}"`);
    }
    if (own !== undefined && !isOptimizer(own)) {
      throw new TypeError(
        `Cannot train: the optimizer of ${part} must be made by adam or the like, received ${formatValue(own)}`,
      );
    }
  }
}

function isOptimizer(optimizer: AnyOptimizer): optimizer is Optimizer {
  return typeof (optimizer as Partial<Optimizer> | null)?.corrections === "function";
}

/** The optimizer of a tensor, and where the scalars of a step have its rate. */
export interface PlacedRule {
  /** The rule. */
  readonly optimizer: Optimizer;
  /** Place of its rate and corrections in a step: those of the network are at 0. */
  readonly place: number;
}

/** Returns the optimizer of a table. */
export function ruleOf(rules: Rules, { dim }: { readonly dim: number }): PlacedRule {
  const part = dim === 1 ? "linear" : "embedding";
  const optimizer = rules[part];
  return { optimizer, place: optimizer === rules.network ? 0 : OPTIMIZER_PARTS.indexOf(part) };
}

/** Rate and corrections of a step, for one optimizer. */
export interface Rate {
  readonly lr: number;
  readonly correction1: number;
  readonly correction2: number;
}

/**
 * Returns the rates of a step for each optimizer, those of the network first.
 *
 * @param lr rate of the network
 * @param index number of the step, from 1
 */
export function ratesOf({ network, embedding, linear }: Rules, lr: number, index: number): [Rate, ...Rate[]] {
  const own: Rate = { lr, ...network.corrections(index) };
  if (embedding === network && linear === network) return [own];
  const factor = lr / network.lr;
  return [own, ...[embedding, linear].map((rule) => ({ lr: factor * rule.lr, ...rule.corrections(index) }))];
}
