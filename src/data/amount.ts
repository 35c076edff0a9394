/**
 * Numbers of at least 0 that stand beside labels: weights and times.
 *
 * @module
 */
import { formatText } from "./format.ts";
import type { RowFault } from "./rejections.ts";
import { parseNumber } from "./scaling.ts";

/** Returns whether a text stands for a missing value. */
export function isMissing(text: string | undefined, missing: ReadonlySet<string>): boolean {
  return text === undefined || text === "" || missing.has(text);
}

/** Reads a number of at least 0, or says what is wrong with it. */
export function readAmount(column: string, text: string | undefined, missing: ReadonlySet<string>): number | RowFault {
  const number = isMissing(text, missing) ? NaN : parseNumber(text!);
  if (number >= 0) return number;
  const received = text === undefined || text === "" ? "a missing one" : formatText(text);
  return { reason: `column "${column}": expected a number of at least 0, received ${received}` };
}
