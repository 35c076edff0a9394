/**
 * Numbers of a column of a file, read from the bytes of its cells.
 *
 * @module
 */
import { ByteTable, padded, UNKNOWN } from "./byte_table.ts";
import { parseNumber } from "./scaling.ts";
import type { Utf8Block } from "./text_pool.ts";

/** Cells that are numbers. */
export interface NumberCells {
  /** Number of each row's cell, NaN for a missing one and one that has a text here. */
  readonly numbers: Float64Array;
  /** Texts of the cells that are not plain numbers, by row. */
  readonly odd: ReadonlyMap<number, string>;
}

/** Plain numbers are smaller than this, in size. */
export const PLAIN_LIMIT = 1e15;

/** Texts of numbers that no rule about texts changes. */
const PLAIN = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

/** Most digits of an integer that a double holds, whatever they are. */
const EXACT_DIGITS = 15;

/** Powers of ten that a double holds: dividing such an integer by one gives the double that is nearest to the decimal. */
const TENS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, digits) => 10 ** digits);

const MINUS = 45;
const POINT = 46;
const ZERO = 48;

/** Reads the numbers of one column. */
export class NumberCutter {
  /** Texts that stand for a missing number. */
  readonly #missing: ByteTable;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** @param missing texts that stand for a missing number */
  constructor(missing: readonly string[]) {
    this.#missing = new ByteTable(missing.length);
    for (const text of missing) {
      const block = padded(new TextEncoder().encode(text));
      if (this.#missing.find(block, 0, block.bytes.length) === UNKNOWN) {
        this.#missing.add(block, 0, block.bytes.length);
      }
    }
  }

  /**
   * Reads the numbers of a block's cells.
   *
   * @param block holds the cells
   * @param starts position of each cell's first byte
   * @param nexts position behind its last, and one more for what is between two cells
   */
  read(block: Utf8Block, starts: Uint32Array, nexts: Uint32Array, rows: number): NumberCells {
    const numbers = new Float64Array(rows);
    const odd = new Map<number, string>();
    const hasMissing = this.#missing.length > 0;
    for (let row = 0; row < rows; row++) {
      const [start, end] = [starts[row], nexts[row] - 1];
      if (hasMissing && this.#missing.find(block, start, end) !== UNKNOWN) {
        numbers[row] = NaN;
        continue;
      }
      const plain = parseDigits(block.bytes, start, end);
      numbers[row] = Number.isNaN(plain) ? this.#parseText(block, start, end, row, odd) : plain;
    }
    return { numbers, odd };
  }

  #parseText(block: Utf8Block, start: number, end: number, row: number, odd: Map<number, string>): number {
    const text = this.#decoder.decode(block.bytes.subarray(start, end));
    const number = PLAIN.test(text) ? parseNumber(text) : NaN;
    if (Math.abs(number) < PLAIN_LIMIT) return number;
    odd.set(row, text);
    return NaN;
  }
}

/** Reads a decimal of few digits; NaN for other texts. */
function parseDigits(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  let integer = 0;
  let point = -1;
  for (let at = first; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit >= 0 && digit <= 9) integer = 10 * integer + digit;
    else if (bytes[at] === POINT && point < 0 && at > first && at < end - 1) point = at;
    else return NaN;
  }
  const digits = end - first - (point < 0 ? 0 : 1);
  if (digits === 0 || digits > EXACT_DIGITS) return NaN;
  const number = point < 0 ? integer : integer / TENS[end - point - 1];
  return isNegative ? -number : number;
}
