/**
 * How the command line says that rows are divided.
 *
 * @module
 */
import type { SplitOptions } from "../data/split.ts";
import type { Options } from "./options.ts";

type SplitOption = "split" | "split-by" | "split-seed" | "seed" | "time" | "schema";

/** Tells a way to divide from the column behind it, as in `group:user`. */
const BY = /^(group|group-label):(.+)$/;

/**
 * Reads how `--split` divides.
 *
 * @param fractions shares of the parts
 * @param time column of the time in the schema of a model that training goes on from
 */
export function readSplitBy(
  options: Options<SplitOption>,
  fractions: readonly number[],
  time: string | undefined,
): SplitOptions {
  const sum = fractions.reduce((total, fraction) => total + fraction, 0);
  if (fractions.length < 2 || fractions.length > 3 || fractions.includes(0) || Math.abs(sum - 1) > 1e-9) {
    options.refuse(`option "--split" must be two or three shares that sum to 1, received "${options.text("split")}"`);
  }
  const by = options.text("split-by") ?? "random";
  const seed = readSplitSeed(options);
  if (by === (time ?? options.text("time"))) return { by };
  if (by === "random") return { seed };
  if (by === "label") return { by, seed };
  const [, how, column] = BY.exec(by) ?? [];
  if (how === "group") return { by: how, column, seed };
  if (by === "position" || (options.has("schema") && how === undefined)) return { by };
  return options.refuse(
    `option "--split-by" must be random, label, group:COLUMN, position or the column of --time, received "${by}"`,
  );
}

/** Reads the seed of the parts. */
export function readSplitSeed(options: Options<SplitOption>): number {
  return options.integer("split-seed", 0) ?? options.integer("seed", 0) ?? 1;
}

/** Reads how `--folds` divides. */
export function readFoldsBy(options: Options<SplitOption>): { readonly by: string; readonly column?: string } {
  const text = options.text("split-by") ?? "random";
  if (text === "random" || text === "label") return { by: text };
  const [, by, column] = BY.exec(text) ?? [];
  if (by !== undefined) return { by, column };
  return options.refuse(
    `option "--split-by" must be random, label, group:COLUMN or group-label:COLUMN with "--folds", received "${text}"`,
  );
}
