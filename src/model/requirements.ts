/**
 * What calls of a model ask of their arguments.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { formatValue } from "../data/format.ts";

/**
 * Returns a count that an option gives.
 *
 * @param action what is done with it, as in `Cannot <action>`
 * @throws {RangeError} when it is not a positive integer
 */
export function requireCount(action: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`Cannot ${action}: ${name} must be a positive integer, received ${formatValue(value)}`);
}

/**
 * Refuses a data set without rows.
 *
 * @throws {RangeError} then
 */
export function requireRows(action: string, { rows }: Dataset): void {
  if (rows === 0) throw new RangeError(`Cannot ${action}: the data set must have rows, received 0`);
}
