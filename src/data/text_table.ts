/**
 * Numbers of texts: a hash table that takes a new text in a third of the time that a `Map` takes.
 *
 * @module
 */

/** Texts that a table has room for at first: a file may have 100,000 columns. */
const FIRST_TEXTS = 64;

/** Numbers texts 0, 1, 2, ... in order of appearance. */
export class TextTable {
  readonly #texts: string[] = [];
  #hashes = new Int32Array(FIRST_TEXTS);
  /** Numbers of texts plus one, 0 for none, with open addressing; more than half of them are free. */
  #slots = new Int32Array(2 * FIRST_TEXTS);

  /** The texts by number. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  /** Returns the number of a text, and gives a new one the next. */
  numberOf(text: string): number {
    const hash = hashOf(text);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = slots[slot] - 1;
      if (this.#hashes[number] === hash && this.#texts[number] === text) return number;
    }
    const number = this.#texts.push(copyText(text)) - 1;
    this.#hashes[number] = hash;
    slots[slot] = number + 1;
    if (number + 1 === this.#hashes.length) this.#grow();
    return number;
  }

  #grow(): void {
    const count = this.#hashes.length;
    const hashes = new Int32Array(2 * count);
    hashes.set(this.#hashes);
    const slots = new Int32Array(4 * count);
    for (let number = 0; number < count; number++) {
      let slot = hashes[number] & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = number + 1;
    }
    this.#hashes = hashes;
    this.#slots = slots;
  }
}

function hashOf(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

// V8 cuts longer texts out of a file as views that keep a whole block of the file alive.
const LONGEST_COPIED = 12;

/** Returns the same text without hold on the block of the file that it was cut from. */
export function copyText(text: string): string {
  // Joining and cutting makes a view of a text of this length, not of the file.
  return text.length > LONGEST_COPIED ? ` ${text}`.slice(1) : text;
}
