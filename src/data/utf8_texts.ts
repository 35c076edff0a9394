/**
 * Texts as they came: each a length of 32 bits, little-endian, and then so many bytes of UTF-8.
 *
 * @module
 */
import { padded, type TextBytes } from "./byte_table.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bits that no byte of ASCII has, in four bytes. */
const HIGH_BITS = 0x80808080;

/** Why bytes are no texts. */
export type TextsFault =
  /** They end within a text. */
  | { readonly kind: "cut" }
  /** They hold another number of texts. */
  | { readonly kind: "count"; readonly count: number }
  /** A text is not UTF-8. */
  | { readonly kind: "encoding"; readonly place: number };

/** A list of texts that become strings only when someone asks for them. */
export class Utf8Texts implements TextBytes {
  /** How many. */
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #strings: readonly string[] | undefined;

  private constructor(bytes: Uint8Array, length: number) {
    const block = padded(bytes);
    this.bytes = block.bytes;
    this.view = block.view;
    this.length = length;
  }

  /** Reads `count` texts, or tells what is wrong with them. */
  static read(bytes: Uint8Array, count: number): Utf8Texts | TextsFault {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let texts = 0;
    let at = 0;
    let lengths = 0;
    while (at < bytes.length) {
      // As signed integers, lengths that no bytes here could have are negative.
      const length = at + 4 <= bytes.length ? view.getInt32(at, true) : -1;
      if (length < 0 || length > bytes.length - at - 4) {
        // What comes first in the bytes is told first.
        const place = findUndecodable(bytes, view, texts);
        return place < 0 ? { kind: "cut" } : { kind: "encoding", place };
      }
      at += 4 + length;
      lengths |= length;
      texts++;
    }
    // No character reaches past the bytes of a length that are below 128, so that all texts can be looked at together.
    const isWhole = isAscii(bytes) || ((lengths & HIGH_BITS) === 0 && isUtf8(bytes));
    if (!isWhole) {
      const place = findUndecodable(bytes, view, texts);
      if (place >= 0) return { kind: "encoding", place };
    }
    return texts === count ? new Utf8Texts(bytes, count) : { kind: "count", count: texts };
  }

  /** The texts as strings. */
  get strings(): readonly string[] {
    return this.#strings ??= this.#decodeAll();
  }

  /** Returns the first text. */
  get first(): string | undefined {
    return this.length === 0 ? undefined : this.decode(4, 4 + this.view.getUint32(0, true));
  }

  /** Returns the text whose bytes are `[start, end)`. */
  decode(start: number, end: number): string {
    return utf8.decode(this.bytes.subarray(start, end));
  }

  [Symbol.iterator](): Iterator<string> {
    return this.strings[Symbol.iterator]();
  }

  /** One string cut into many takes a tenth of the time that decoding each of them takes. */
  #decodeAll(): string[] {
    const { bytes, view } = this;
    const whole = isAscii(bytes) ? utf8.decode(bytes) : undefined;
    const strings: string[] = new Array(this.length);
    for (let text = 0, at = 0; text < this.length; text++) {
      const start = at + 4;
      at = start + view.getUint32(at, true);
      strings[text] = whole?.slice(start, at) ?? utf8.decode(bytes.subarray(start, at));
    }
    return strings;
  }
}

/** Where texts are. */
export interface TextPlaces {
  /** Position of each one's first byte. */
  readonly starts: Uint32Array;
  /** Position behind its last, and one more. */
  readonly nexts: Uint32Array;
}

/**
 * Finds texts that stand one after the other, the length of each before it.
 *
 * @throws {RangeError} when the bytes end before
 */
export function placeTexts({ bytes, view }: TextBytes, count: number): TextPlaces {
  if (4 * count > bytes.length) throw new RangeError(`expected ${count} texts, received ${bytes.length} bytes`);
  const [starts, nexts] = [new Uint32Array(count), new Uint32Array(count)];
  let at = 0;
  for (let text = 0; text < count; text++) {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    starts[text] = start;
    nexts[text] = at + 1;
  }
  if (at > bytes.length) throw new RangeError(`expected ${at} bytes of texts, received ${bytes.length}`);
  return { starts, nexts };
}

/** Tells whether all bytes are below 128, as those of lengths below 128 are, too. */
function isAscii(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes;
  const head = Math.min(length, -byteOffset & 3);
  const words = (length - head) >> 2;
  let all = 0;
  for (let i = 0; i < head; i++) all |= bytes[i];
  for (let i = head + 4 * words; i < length; i++) all |= bytes[i];
  const whole = new Uint32Array(buffer, byteOffset + head, words);
  for (let i = 0; i < words; i++) all |= whole[i];
  return (all & HIGH_BITS) === 0;
}

/** Returns the first of some texts that is not UTF-8, or -1. */
function findUndecodable(bytes: Uint8Array, view: DataView, texts: number): number {
  for (let text = 0, at = 0; text < texts; text++) {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    if (!isUtf8(bytes.subarray(start, at))) return text;
  }
  return -1;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
