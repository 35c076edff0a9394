/**
 * Numbers of texts by their bytes in UTF-8, so that none of them becomes a text to be looked up.
 *
 * @module
 */
/** Bytes that texts are cut from. */
export interface TextBytes {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** The same, with {@linkcode PACKED_BYTES} more behind them at least. */
  readonly view: DataView;
}

/** Texts that a table has room for at first: a file may have 100,000 columns. */
const FIRST_TEXTS = 64;

/** Numbers of a slot: eight bytes of a text or two hashes of it, its length, and its number plus one, 0 for none. */
const SLOT = 4;

/** Bytes that a slot holds, and that must be readable behind each text. */
export const PACKED_BYTES = 8;

/** Bits of the first and of the second four bytes that texts of 0 to 8 bytes have. */
const LOW_BITS = Int32Array.from({ length: PACKED_BYTES + 1 }, (_, bytes) => bitsOf(bytes));
const HIGH_BITS = Int32Array.from({ length: PACKED_BYTES + 1 }, (_, bytes) => bitsOf(bytes - 4));

/** What stands for the number of a text that a table lacks. */
export const UNKNOWN = -1;

/** Numbers texts 0, 1, 2, ... in the order in which they are added. */
export class ByteTable {
  #mask: number;
  /** A hash table with open addressing. */
  #slots: Int32Array;
  /** Bytes of the texts that are longer than a slot, and where those of each text end. */
  #bytes: Uint8Array;
  #ends: Uint32Array;
  #length = 0;
  // What was looked for last: its slot, and what the slot is to hold.
  #slot = 0;
  #low = 0;
  #high = 0;

  /**
   * Numbers no text yet.
   *
   * @param expected how many there will be; more may come
   */
  constructor(expected: number = FIRST_TEXTS) {
    const slots = 2 ** Math.ceil(Math.log2(2 * expected + 2));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(SLOT * slots);
    this.#bytes = new Uint8Array(expected + 1);
    this.#ends = new Uint32Array(expected + 1);
  }

  /** How many numbers were given. */
  get length(): number {
    return this.#length;
  }

  /**
   * Returns the number of a text, or {@linkcode UNKNOWN}.
   *
   * @param block holds the text
   * @param start position of its first byte
   * @param end position behind its last
   */
  find(block: TextBytes, start: number, end: number): number {
    const length = end - start;
    let low = 0;
    let high = 0;
    if (length <= PACKED_BYTES) {
      low = block.view.getInt32(start, true) & LOW_BITS[length];
      high = block.view.getInt32(start + 4, true) & HIGH_BITS[length];
    } else {
      const { view } = block;
      for (let at = start; at < end; at += 4) {
        const word = view.getInt32(at, true) & LOW_BITS[Math.min(end - at, 4)];
        low = Math.imul(low ^ word, 0x01000193);
        low ^= low >>> 15;
        high = Math.imul(high + word, 0x9e3779b1) ^ (high >>> 15);
      }
    }
    const slots = this.#slots;
    const mask = this.#mask;
    let at = hashOf(low, high, length) & mask;
    for (;; at = (at + 1) & mask) {
      const slot = SLOT * at;
      const number = slots[slot + 3] - 1;
      if (number < 0) break;
      if (slots[slot] !== low || slots[slot + 1] !== high || slots[slot + 2] !== length) continue;
      if (length <= PACKED_BYTES || this.#equals(number, block.bytes, start)) return number;
    }
    this.#slot = SLOT * at;
    this.#low = low;
    this.#high = high;
    return UNKNOWN;
  }

  /**
   * Writes the number of each text of a block, or {@linkcode UNKNOWN}. Places in the table are read for all texts before
   * the first is compared: the processor waits for many of them at once then.
   *
   * @param starts position of each text's first byte
   * @param nexts position behind its last, and one more
   * @returns how many are unknown
   */
  findAll(block: TextBytes, starts: Uint32Array, nexts: Uint32Array, numbers: Int32Array): number {
    const { view } = block;
    const slots = this.#slots;
    const wrap = SLOT * this.#mask;
    const count = numbers.length;
    if (keys.length < KEY * count) keys = new Int32Array(KEY * count);
    const own = keys;
    for (let text = 0; text < count; text++) {
      const start = starts[text];
      const bytes = nexts[text] - 1 - start;
      const isPacked = bytes <= PACKED_BYTES;
      const low = isPacked ? view.getInt32(start, true) & LOW_BITS[bytes] : 0;
      const high = isPacked ? view.getInt32(start + 4, true) & HIGH_BITS[bytes] : 0;
      own[KEY * text] = low;
      own[KEY * text + 1] = high;
      own[KEY * text + 2] = (SLOT * hashOf(low, high, bytes)) & wrap;
    }
    for (let text = 0; text < count; text++) numbers[text] = slots[own[KEY * text + 2] + 3] - 1;
    let unknown = 0;
    for (let text = 0; text < count; text++) {
      const bytes = nexts[text] - 1 - starts[text];
      let number = numbers[text];
      if (bytes > PACKED_BYTES) number = this.find(block, starts[text], nexts[text] - 1);
      else {
        const low = own[KEY * text];
        const high = own[KEY * text + 1];
        let slot = own[KEY * text + 2];
        while (number >= 0 && (slots[slot] !== low || slots[slot + 1] !== high || slots[slot + 2] !== bytes)) {
          slot = (slot + SLOT) & wrap;
          number = slots[slot + 3] - 1;
        }
      }
      if (number < 0) unknown++;
      numbers[text] = number;
    }
    return unknown;
  }

  /** Gives the text that {@linkcode ByteTable.find} has just not found the next number. */
  add({ bytes }: TextBytes, start: number, end: number): number {
    const number = this.skip();
    this.#slots.set([this.#low, this.#high, end - start, number + 1], this.#slot);
    if (end - start > PACKED_BYTES) {
      const from = this.#ends[number];
      const to = from + end - start;
      if (to > this.#bytes.length) this.#bytes = grown(this.#bytes, new Uint8Array(2 * to));
      this.#bytes.set(bytes.subarray(start, end), from);
      this.#ends[number] = to;
    }
    if (2 * number > this.#mask) this.#rehash();
    return number;
  }

  /** Leaves the next number to no text; returns it. */
  skip(): number {
    const number = this.#length++;
    if (number === this.#ends.length) this.#ends = grown(this.#ends, new Uint32Array(2 * number));
    this.#ends[number] = number === 0 ? 0 : this.#ends[number - 1];
    return number;
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

/** Numbers of a key: eight bytes of a text, and its place in the table. */
const KEY = 3;

/** Keys of the texts that are looked for, kept for the next ones. */
let keys = new Int32Array(0);

/** Returns bytes with a view that reaches beyond them. */
export function padded(bytes: Uint8Array): TextBytes {
  const { buffer, byteOffset, length } = bytes;
  if (buffer.byteLength - byteOffset - length >= PACKED_BYTES) return { bytes, view: new DataView(buffer, byteOffset) };
  const longer = new Uint8Array(length + PACKED_BYTES);
  longer.set(bytes);
  return { bytes: longer.subarray(0, length), view: new DataView(longer.buffer) };
}

/** Returns the bits of so many bytes of a number. */
function bitsOf(bytes: number): number {
  return bytes <= 0 ? 0 : -1 >>> (8 * Math.max(0, 4 - bytes));
}

function hashOf(low: number, high: number, length: number): number {
  const mixed = Math.imul(Math.imul(low ^ (low >>> 15), 0x2c1b3c6d) ^ high ^ length, 0x297a2d39);
  return mixed ^ (mixed >>> 15);
}

function grown<T extends Uint8Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
