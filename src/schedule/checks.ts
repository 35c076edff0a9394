/**
 * Checks of the options of schedules.
 *
 * @module
 */

/**
 * Refuses a number that is not positive and finite.
 *
 * @throws {RangeError} then
 */
export function requirePositive(option: string, value: number): void {
  if (!(value > 0 && value < Infinity)) refuse(`${option} must be positive and finite`, value);
}

/** Refuses an option. */
export function refuse(state: string, received: unknown): never {
  throw new RangeError(`Cannot create schedule: ${state}, received ${received}`);
}
