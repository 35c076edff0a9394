/**
 * Texts of a column of a file, each made once: cells that recur are recognized by their bytes.
 *
 * @module
 */
import { copyText } from "./vocabulary.ts";

/** Cells that are numbers of texts. */
export interface CodedCells {
  /** The texts, none for a missing value; those of later blocks are appended, or stand in another list. */
  readonly texts: readonly (string | undefined)[];
  /** Number of each row's text. */
  readonly codes: Uint32Array;
}

/** Bytes that cells are cut from. */
export interface Utf8Block {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** The same, with {@linkcode PACKED_BYTES} more behind them at least. */
  readonly view: DataView;
  /** Their text, where each of its characters is one byte. */
  readonly ascii: string | undefined;
}

const FIRST_SLOTS = 1 << 12;

// A column of so many texts, most of which occurred once, gains nothing from being looked up.
const TRIED_TEXTS = 1 << 16;

/** Texts at most; a column with more begins again. */
const MOST_TEXTS = 1 << 18;

/** Numbers of a slot: eight bytes of a text or two hashes of it, its length, and its number plus one, 0 for none. */
const SLOT = 4;

/** Bytes that a slot holds, and that must be readable behind each cell. */
export const PACKED_BYTES = 8;

/** Numbers the texts of one column. */
export class TextPool {
  /** The texts by number. */
  texts: string[] = [];
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #mask = FIRST_SLOTS - 1;
  /** A hash table with open addressing. */
  #slots = new Int32Array(SLOT * FIRST_SLOTS);
  /** Bytes of the texts that are longer than a slot, and where those of each text end. */
  #bytes = new Uint8Array(FIRST_SLOTS);
  #ends = new Uint32Array(FIRST_SLOTS);
  #found = 0;
  #isUseless = false;

  /** Makes room for another block, and gives up what did not help with those before. */
  beginBlock(): void {
    if (!this.#isUseless && this.texts.length > TRIED_TEXTS) this.#isUseless = this.#found < this.texts.length;
    if (!this.#isUseless && this.texts.length < MOST_TEXTS) return;
    this.texts = [];
    this.#found = 0;
    if (this.#isUseless) return;
    this.#mask = FIRST_SLOTS - 1;
    this.#slots = new Int32Array(SLOT * FIRST_SLOTS);
  }

  /**
   * Returns the number of a cell's text.
   *
   * @param block holds the cell
   * @param start position of its first byte
   * @param end position behind its last
   */
  code(block: Utf8Block, start: number, end: number): number {
    if (this.#isUseless) return this.texts.push(this.#decode(block, start, end)) - 1;
    const length = end - start;
    let low = 0;
    let high = 0;
    if (length <= PACKED_BYTES) {
      const { view } = block;
      if (length > 4) {
        low = view.getInt32(start, true);
        high = view.getInt32(start + 4, true) & (-1 >>> (8 * (PACKED_BYTES - length)));
      } else if (length > 0) low = view.getInt32(start, true) & (-1 >>> (8 * (4 - length)));
    } else {
      const { bytes } = block;
      for (let at = start; at < end; at++) {
        low = Math.imul(low ^ bytes[at], 0x01000193);
        high = Math.imul(high + bytes[at], 0x9e3779b1) ^ (high >>> 15);
      }
    }
    return this.#find(block, start, end, low, high);
  }

  #find(block: Utf8Block, start: number, end: number, low: number, high: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const length = end - start;
    for (let at = hashOf(low, high, length) & mask;; at = (at + 1) & mask) {
      const slot = SLOT * at;
      const number = slots[slot + 3] - 1;
      if (number < 0) return this.#add(block, start, end, low, high, slot);
      if (slots[slot] !== low || slots[slot + 1] !== high || slots[slot + 2] !== length) continue;
      if (length > PACKED_BYTES && !this.#equals(number, block.bytes, start)) continue;
      this.#found++;
      return number;
    }
  }

  /** Tells whether a text is the bytes from `start` on, of the same number. */
  #equals(number: number, bytes: Uint8Array, start: number): boolean {
    const known = this.#bytes;
    const end = this.#ends[number];
    let at = start;
    for (let k = number === 0 ? 0 : this.#ends[number - 1]; k < end; k++, at++) {
      if (known[k] !== bytes[at]) return false;
    }
    return true;
  }

  #add(block: Utf8Block, start: number, end: number, low: number, high: number, slot: number): number {
    const number = this.texts.push(this.#decode(block, start, end)) - 1;
    const from = number === 0 ? 0 : this.#ends[number - 1];
    const to = end - start > PACKED_BYTES ? from + end - start : from;
    if (number === this.#ends.length) this.#ends = grown(this.#ends, new Uint32Array(2 * number));
    if (to > this.#bytes.length) this.#bytes = grown(this.#bytes, new Uint8Array(2 * to));
    if (to > from) this.#bytes.set(block.bytes.subarray(start, end), from);
    this.#ends[number] = to;
    this.#slots.set([low, high, end - start, number + 1], slot);
    if (2 * number > this.#mask) this.#rehash();
    return number;
  }

  #decode({ bytes, ascii }: Utf8Block, start: number, end: number): string {
    return ascii === undefined ? this.#decoder.decode(bytes.subarray(start, end)) : copyText(ascii.slice(start, end));
  }

  #rehash(): void {
    const old = this.#slots;
    this.#mask = 2 * this.#mask + 1;
    this.#slots = new Int32Array(2 * old.length);
    for (let from = 0; from < old.length; from += SLOT) {
      if (old[from + 3] === 0) continue;
      let at = hashOf(old[from], old[from + 1], old[from + 2]) & this.#mask;
      while (this.#slots[SLOT * at + 3] !== 0) at = (at + 1) & this.#mask;
      this.#slots.set(old.subarray(from, from + SLOT), SLOT * at);
    }
  }
}

function hashOf(low: number, high: number, length: number): number {
  const mixed = Math.imul(Math.imul(low ^ (low >>> 15), 0x2c1b3c6d) ^ high ^ length, 0x297a2d39);
  return mixed ^ (mixed >>> 15);
}

function grown<T extends Uint8Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
