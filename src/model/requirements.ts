/**
 * What calls of a model ask of their arguments.
 *
 * @module
 */
import { requireLabels } from "../data/classes.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
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

/**
 * Refuses data of another schema than the model's.
 *
 * @throws {TypeError} then
 */
export async function requireSchema(own: FittedSchema, { schema }: Dataset): Promise<void> {
  if (schema === own) return;
  const [wanted, received] = await Promise.all([own.fingerprint(), schema.fingerprint()]);
  if (wanted === received) return;
  throw new TypeError(
    `Cannot use the data: the model was made for schema ${wanted.slice(0, 12)}, received ${received.slice(0, 12)}`,
  );
}

/**
 * Refuses data without rows, or of another schema than the model's.
 *
 * @throws {RangeError} in the first case
 * @throws {TypeError} in the second
 */
export async function requireUsable(action: string, own: FittedSchema, data: Dataset): Promise<void> {
  requireRows(action, data);
  await requireSchema(own, data);
}

/**
 * Refuses data that probabilities cannot be calibrated on.
 *
 * @throws {RangeError} when it has no rows
 * @throws {TypeError} when it has another schema or no labels, or they are times
 */
export async function requireCalibratable(own: FittedSchema, data: Dataset): Promise<void> {
  await requireUsable("calibrate", own, data);
  requireLabels("calibrate on the data", data);
  if (own.real) throw new TypeError("Cannot calibrate: labels must be 0 or 1, received numbers");
  if (own.survival) {
    throw new TypeError(
      `Cannot calibrate: labels must be 0 or 1, received the times of ${Object.keys(own.survival.heads)}`,
    );
  }
}

/** Probabilities that are not numbers. */
export class PredictionError extends RangeError {
  /** First such row, from 0. */
  readonly row: number;
  /** Number of such rows. */
  readonly count: number;

  /** Describes the rows. */
  constructor(row: number, count: number) {
    super(`Cannot predict: probabilities must be numbers, received NaN at row ${row}, in all at ${count}`);
    this.name = "PredictionError";
    this.row = row;
    this.count = count;
  }
}

/**
 * Returns probabilities that all are numbers.
 *
 * @param probabilities `[rows, tasks]`
 * @throws {PredictionError} when one is not
 */
export function requireNumbers(probabilities: Float32Array<ArrayBuffer>, tasks: number): Float32Array<ArrayBuffer> {
  // What a model predicts of real labels can also be infinite.
  if (probabilities.every(Number.isFinite)) return probabilities;
  const rows = new Set<number>();
  probabilities.forEach((probability, i) => Number.isFinite(probability) || rows.add(Math.floor(i / tasks)));
  const [first] = rows;
  throw new PredictionError(first, rows.size);
}
