/**
 * The values that a parameter of a search can have.
 *
 * @module
 */

/** A value of a parameter; null stands for none. */
export type Value = string | number | boolean | null;

/** Real numbers from `low` to `high`, both included. */
export interface FloatDistribution {
  /** What the values are. */
  readonly kind: "float";
  /** The least value. */
  readonly low: number;
  /** The largest value. */
  readonly high: number;
  /** Whether factors count instead of differences. */
  readonly log: boolean;
  /** Difference of neighbours, where not every number is meant. */
  readonly step?: number;
}

/** Integers from `low` to `high`, both included. */
export interface IntDistribution {
  /** What the values are. */
  readonly kind: "int";
  /** The least value. */
  readonly low: number;
  /** The largest value. */
  readonly high: number;
  /** Whether factors count instead of differences. */
  readonly log: boolean;
  /** Difference of neighbours. */
  readonly step: number;
}

/** One of several values. */
export interface ChoiceDistribution {
  /** What the values are. */
  readonly kind: "choice";
  /** The values, all different. */
  readonly choices: readonly Value[];
}

/** Numbers of a range. */
export type NumberDistribution = FloatDistribution | IntDistribution;

/** The values that a parameter can have. */
export type Distribution = NumberDistribution | ChoiceDistribution;

/** Returns the number that stands for a value in a journal: the number itself, or the place of a choice. */
export function toInternal(distribution: Distribution, value: Value): number {
  return distribution.kind === "choice" ? distribution.choices.indexOf(value) : Number(value);
}

/** Returns the value that a number of a journal stands for. */
export function toValue(distribution: Distribution, internal: number): Value {
  return distribution.kind === "choice" ? distribution.choices[internal] : internal;
}

/** Tells whether there is one value only. */
export function isSingle(distribution: Distribution): boolean {
  return distribution.kind === "choice" ? distribution.choices.length === 1 : distribution.low === distribution.high;
}

/**
 * Lists all values in order.
 *
 * @returns nothing where they are all numbers of a range, or those that lie evenly by their logarithms
 */
export function listValues(distribution: Distribution): readonly Value[] | undefined {
  if (distribution.kind === "choice") return distribution.choices;
  const { low, high, log, step } = distribution;
  if (low === high) return [low];
  if (log || step === undefined) return undefined;
  return Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => roundTo(distribution, low + i * step));
}

/** Moves a number to the nearest one of a distribution. */
export function roundTo({ kind, low, high, step }: NumberDistribution, value: number): number {
  if (step === undefined) return Math.min(high, Math.max(low, value));
  const nearest = low + Math.round((value - low) / step) * step;
  // Multiples of a step such as 0.1 differ from their decimals in the last digits.
  const rounded = kind === "int" ? nearest : Number(nearest.toPrecision(12));
  return Math.min(high, Math.max(low, rounded));
}

/** Returns the range that numbers are drawn from, of their logarithms where factors count, so that each value has its share. */
export function drawnRange({ low, high, log, step = 0 }: NumberDistribution): readonly [number, number] {
  const range = [low - step / 2, high + step / 2] as const;
  return log ? [Math.log(range[0]), Math.log(range[1])] : range;
}

const CLASSES = { float: "FloatDistribution", int: "IntDistribution", choice: "CategoricalDistribution" } as const;

/** Writes a distribution as journals of Optuna have it. */
export function formatDistribution(distribution: Distribution): string {
  const { kind, ...rest } = distribution;
  const attributes = kind === "float" ? { step: null, ...rest } : rest;
  return JSON.stringify({ name: CLASSES[kind], attributes });
}

/**
 * Reads a distribution of a journal.
 *
 * @throws {TypeError} when it is of another kind
 */
export function parseDistribution(text: string): Distribution {
  const { name, attributes: { step, low, high, log, choices } } = JSON.parse(text);
  switch (name) {
    case CLASSES.float:
      return { kind: "float", low, high, log, ...(step !== null && { step }) };
    case CLASSES.int:
      return { kind: "int", low, high, log, step };
    case CLASSES.choice:
      return { kind: "choice", choices };
    default:
      throw new TypeError(`Cannot read a distribution: it must be one of ${Object.values(CLASSES)}, received ${name}`);
  }
}
