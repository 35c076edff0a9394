/**
 * The average of weights that flags declare.
 *
 * @module
 */
import type { FitOptions } from "../trainer/options.ts";
import type { OptionGroups, Options } from "./options.ts";

/** Options that declare an average of weights. */
export const AVERAGING_OPTIONS = {
  average: {
    value: "KIND",
    help: "evaluate and save an average of the weights: ema, which forgets, or swa, the mean over\nthe ends of epochs",
  },
  "average-decay": { value: "D", help: "what is left of an ema after a step (default 0.999)" },
  "average-every": { value: "N", help: "steps from one update of an ema to the next (default 16)" },
  "average-from": { value: "EPOCH", help: "first epoch of swa (default: the last quarter of them)" },
} as const satisfies OptionGroups[string];

/**
 * Reads how weights are averaged.
 *
 * @param epochs epochs at most
 * @throws {UsageError} when a value is out of its range, or goes with another kind
 */
export function readAveraging(
  options: Options<keyof typeof AVERAGING_OPTIONS>,
  epochs: number,
): FitOptions["averaging"] {
  options.require("average", ["average-decay", "average-every", "average-from"]);
  const kind = options.choice("average", ["ema", "swa"]);
  if (kind === undefined) return undefined;
  const foreign = kind === "ema" ? ["average-from"] as const : ["average-decay", "average-every"] as const;
  const given = foreign.find((name) => options.has(name));
  if (given) options.refuse(`option "--${given}" is not for ${kind}`);
  if (kind === "swa") {
    return { kind, from: options.integer("average-from", 1, epochs) ?? Math.floor(0.75 * epochs) + 1 };
  }
  const decay = options.number("average-decay", Number.MIN_VALUE, 1 - Number.EPSILON) ?? 0.999;
  return { kind, decay, every: options.integer("average-every", 1) };
}
