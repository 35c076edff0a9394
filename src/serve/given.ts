/**
 * Options that a caller gave.
 *
 * @module
 */

/** Returns the options without those that are `undefined`, so that spreading them keeps the defaults of these. */
export function givenOf<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
