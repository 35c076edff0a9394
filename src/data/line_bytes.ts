/**
 * Gathering chunks of bytes into blocks of whole lines.
 *
 * @module
 */
import type { Bytes } from "./gzip.ts";
import { PACKED_BYTES } from "./byte_table.ts";

/** Bytes of a block at least, but for the last: what is done once for a block takes little time then. */
const BLOCK_BYTES = 1 << 18;

const NEWLINE = 10;

/** The byte order mark in UTF-8, which is no text at the start of a file. */
const MARK = [0xef, 0xbb, 0xbf];

/** Chunks that wait for the end of a line. */
export class LineBytes {
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Bytes behind the last line end. */
  #open = 0;
  #isFirst = true;

  /** Bytes of the line that is not complete. */
  get open(): number {
    return this.#open;
  }

  /** Takes a chunk; returns the lines that are complete once they are enough. */
  add(chunk: Bytes): Bytes | undefined {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#open = end === 0 ? this.#open + chunk.length : chunk.length - end;
    if (this.#length < BLOCK_BYTES || this.#length === this.#open) return undefined;
    const whole = this.#join(0);
    const cut = whole.length - this.#open;
    // A copy: who takes the lines may hand their buffer on.
    this.#chunks = [whole.slice(cut)];
    this.#length = this.#open;
    return this.#bare(whole.subarray(0, cut));
  }

  /** Returns the lines that are left, the last of which may lack a line end in the file; nothing where there are none. */
  end(): Bytes | undefined {
    const whole = this.#bare(this.#join(1));
    if (this.#open === 0) return whole.length > 1 ? whole.subarray(0, -1) : undefined;
    whole[whole.length - 1] = NEWLINE;
    return whole;
  }

  #join(more: number): Bytes {
    const whole = new Uint8Array(this.#length + more + PACKED_BYTES).subarray(0, this.#length + more);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  /** Leaves out the byte order mark in front of the first block. */
  #bare(bytes: Bytes): Bytes {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return isFirst && MARK.every((byte, i) => bytes[i] === byte) ? bytes.subarray(MARK.length) : bytes;
  }
}
