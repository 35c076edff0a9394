/**
 * Texts of integers, for columns of names that come as numbers.
 *
 * @module
 */
import type { Numbers } from "./encode_columns.ts";
import { Utf8Texts } from "./utf8_texts.ts";

/** Bytes that the text of an integer of 64 bits takes at most, with those of its length. */
const MOST_BYTES = 24;

const ZERO = 48;
const MINUS = 45;

/** Returns the decimal digits of integers as texts; nothing where a number is none, or not exact. */
export function digitsOf(numbers: Numbers): Utf8Texts | undefined {
  const bytes = new Uint8Array(MOST_BYTES * numbers.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let row = 0; row < numbers.length; row++) {
    const given = numbers[row];
    const number = Number(given);
    const start = at + 4;
    if (Number.isSafeInteger(number)) at = writeInteger(bytes, start, number);
    else if (typeof given === "bigint") at = writeText(bytes, start, String(given));
    else return undefined;
    view.setUint32(start - 4, at - start, true);
  }
  return Utf8Texts.read(bytes.subarray(0, at), numbers.length) as Utf8Texts;
}

/** Writes digits from `start` on; returns where they end. */
function writeInteger(bytes: Uint8Array, start: number, number: number): number {
  let first = start;
  let rest = Math.abs(number);
  if (number < 0) bytes[first++] = MINUS;
  let end = first + 1;
  for (let least = 10; least <= rest; least *= 10) end++;
  for (let at = end - 1; at >= first; at--) {
    const tens = Math.floor(rest / 10);
    bytes[at] = ZERO + (rest - 10 * tens);
    rest = tens;
  }
  return end;
}

function writeText(bytes: Uint8Array, start: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[start + i] = text.charCodeAt(i);
  return start + text.length;
}
