/**
 * `@std/assert` for the tests, as the import map of deno.json names it: the package that carries it ships no types, so
 * the signatures that the tests rely on are stated here.
 */
// deno-lint-ignore-file no-explicit-any -- the package is untyped; this file is where types are put on it
import * as assertions from "npm:deno-std@1.4.0/assert/mod.js";

/** Throws unless `condition` holds. */
export const assert: (condition: unknown, message?: string) => asserts condition = (assertions as any).assert;

/** Throws unless the two values are deeply equal. */
export const assertEquals: <T>(actual: T, expected: T, message?: string) => void = (assertions as any).assertEquals;

/** Throws if the two values are deeply equal. */
export const assertNotEquals: <T>(actual: T, expected: T, message?: string) => void =
  (assertions as any).assertNotEquals;

/** Throws unless the two numbers differ by at most `tolerance`. */
export const assertAlmostEquals: (actual: number, expected: number, tolerance?: number, message?: string) => void =
  (assertions as any).assertAlmostEquals;

/** Throws unless `text` contains `part`. */
export const assertStringIncludes: (text: string, part: string, message?: string) => void =
  (assertions as any).assertStringIncludes;

/** Throws unless `text` matches `pattern`. */
export const assertMatch: (text: string, pattern: RegExp, message?: string) => void = (assertions as any).assertMatch;

/** Throws unless `body` throws an error of that class whose message contains `part`; returns the error. */
export const assertThrows: <E extends Error>(
  body: () => unknown,
  errorClass: new (...args: any[]) => E,
  part?: string,
) => E = (assertions as any).assertThrows;

/** Rejects unless `body` rejects with an error of that class whose message contains `part`; resolves to the error. */
export const assertRejects: <E extends Error>(
  body: () => Promise<unknown>,
  errorClass: new (...args: any[]) => E,
  part?: string,
) => Promise<E> = (assertions as any).assertRejects;
