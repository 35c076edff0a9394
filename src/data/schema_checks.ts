/**
 * Checks of what a declared schema is made of.
 *
 * @module
 */
import { formatValue } from "./format.ts";

/**
 * Returns an object whose keys are all known.
 *
 * @throws {TypeError} when it is no object, or has another key
 */
export function requireKeys(owner: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read schema: ${owner} must be an object, received ${formatValue(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new TypeError(`Cannot read schema: ${owner} can have ${known.join(", ")}, received "${key}"`);
    }
  }
  return value as Record<string, unknown>;
}

/**
 * Refuses what is not a text of at least one character.
 *
 * @throws {TypeError} then
 */
export function requireText(owner: string, key: string, value: unknown): void {
  if (typeof value !== "string" || value === "") {
    throw new TypeError(`Cannot read schema: ${key} of ${owner} must be a text, received ${formatValue(value)}`);
  }
}

/**
 * Refuses what is not an integer, or is less than `least`.
 *
 * @throws {RangeError} then
 */
export function requireCount(owner: string, key: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new RangeError(
      `Cannot read schema: ${key} of ${owner} must be an integer of at least ${least}, received ${formatValue(value)}`,
    );
  }
}

/**
 * Returns the switches among some options that are on.
 *
 * @throws {TypeError} when one is neither true nor false
 */
export function parseSwitches<K extends string>(
  owner: string,
  options: Readonly<Partial<Record<K, unknown>>>,
  keys: readonly K[],
): Partial<Record<K, true>> {
  const on: Partial<Record<K, true>> = {};
  for (const key of keys) {
    const value = options[key];
    if (value === undefined || value === false) continue;
    if (value !== true) {
      throw new TypeError(
        `Cannot read schema: ${key} of ${owner} must be true or false, received ${formatValue(value)}`,
      );
    }
    on[key] = true;
  }
  return on;
}
