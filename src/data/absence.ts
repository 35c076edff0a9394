/**
 * What stands in for a missing value.
 *
 * @module
 */
import { formatValue } from "./format.ts";
import { parseNumber } from "./scaling.ts";
import { requireKeys } from "./schema_checks.ts";
import type { CellForm } from "./text_rules.ts";

/**
 * What becomes of a missing value of type V, a text or a number.
 *
 * | `ifMissing` | what a missing value gets |
 * | --- | --- |
 * | `own` | a row of its own, where the training data has missing values |
 * | `{ value: x }` | x, as if it stood there |
 * | `mode` | the most frequent value of the training rows; of equally frequent numbers the least |
 * | `mean`, `median` | that of the training rows, for numbers |
 * | `nearest` | the mean over the 5 training rows that are nearest by the schema's other numbers |
 */
export type IfMissing<V> = "own" | "mode" | { readonly value: V } | (V extends number ? NumberFill : never);

type NumberFill = "mean" | "median" | "nearest";

/** What fills in for missing numbers, by name. */
const NUMBER_FILLS: Readonly<Record<string, (sorted: Float64Array) => number>> = {
  mean: meanOf,
  median: (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2,
  mode: mostFrequent,
  // A row without any other number has no neighbors.
  nearest: meanOf,
};

/** Text that all values of a field become of which only the presence counts. */
export const PRESENT = "present";

/**
 * Checks what becomes of a missing number; absent for a row of its own.
 *
 * @throws {TypeError} when it is of the wrong type
 * @throws {RangeError} when it is none of the ways, or the number is not finite in float32
 */
export function parseNumberAbsence(owner: string, given: unknown): IfMissing<number> | undefined {
  const value = valueOf(owner, given, ["own", ...Object.keys(NUMBER_FILLS)]);
  if (value === undefined) return given === "own" ? undefined : given as IfMissing<number> | undefined;
  if (typeof value !== "number" || Number.isNaN(parseNumber(String(value)))) {
    throw new RangeError(
      `Cannot read schema: value of ifMissing of ${owner} must be a finite number, received ${formatValue(value)}`,
    );
  }
  return { value };
}

/**
 * Checks what becomes of a missing name; absent for a row of its own.
 *
 * @throws {TypeError} when it is of the wrong type
 * @throws {RangeError} when it is none of the ways
 */
export function parseTextAbsence(owner: string, given: unknown): IfMissing<string> | undefined {
  const value = valueOf(owner, given, ["own", "mode"]);
  if (value === undefined) return given === "own" ? undefined : given as IfMissing<string> | undefined;
  if (typeof value !== "string" || value === "") {
    throw new TypeError(
      `Cannot read schema: value of ifMissing of ${owner} must be a text, received ${formatValue(value)}`,
    );
  }
  return { value };
}

/** Returns the value that a declaration names, or nothing where it names one of the ways. */
function valueOf(owner: string, given: unknown, ways: readonly string[]): unknown {
  if (given === undefined || ways.includes(given as string)) return undefined;
  if (typeof given === "object" && given !== null) {
    const { value } = requireKeys(`ifMissing of ${owner}`, given, ["value"]);
    if (value !== undefined) return value;
  }
  throw new RangeError(
    `Cannot read schema: ifMissing of ${owner} must be ${ways.join(", ")} or a value, received ${formatValue(given)}`,
  );
}

/**
 * Returns the number that fills in for missing ones; nothing where they have a row of their own.
 *
 * @param numbers those of the training rows, NaN where one is missing
 * @throws {RangeError} when there is no number to take it from
 */
export function fitNumberFill(name: string, way: IfMissing<number> | undefined, numbers: Float64Array) {
  if (way === undefined || way === "own") return undefined;
  if (typeof way === "object") return way.value;
  const sorted = numbers.filter((x) => !Number.isNaN(x)).sort();
  if (sorted.length === 0) throw cannotFill(name, way, "number");
  return NUMBER_FILLS[way](sorted);
}

/**
 * Returns the text that fills in for missing ones; nothing where they have a row of their own.
 *
 * @param vocabulary values of the training rows by falling count
 * @throws {RangeError} when there is no value to take
 */
export function fitTextFill(name: string, way: IfMissing<string> | undefined, vocabulary: readonly string[]) {
  if (way === undefined || way === "own") return undefined;
  if (typeof way === "object") return way.value;
  if (vocabulary.length === 0) throw cannotFill(name, way, "value");
  return vocabulary[0];
}

function cannotFill(name: string, way: string, what: string): RangeError {
  return new RangeError(`Cannot fit schema: field "${name}" must have a ${what} to take the ${way} of, received none`);
}

function meanOf(numbers: Float64Array): number {
  return numbers.reduce((mean, x, i) => mean + (x - mean) / (i + 1), 0);
}

function mostFrequent(sorted: Float64Array): number {
  let [best, most] = [sorted[0], 0];
  for (let start = 0, i = 1; i <= sorted.length; i++) {
    if (sorted[i] === sorted[start]) continue;
    if (i - start > most) [best, most] = [sorted[start], i - start];
    start = i;
  }
  return best;
}

/** Turns every value into {@linkcode PRESENT}. */
export function presenceForm(form: CellForm, missing: ReadonlySet<string>): CellForm {
  return (text) => {
    const formed = form(text);
    return formed === undefined || missing.has(formed) ? undefined : PRESENT;
  };
}
