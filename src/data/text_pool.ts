/**
 * Texts of a column of a file, each made once: cells that recur are recognized by their bytes.
 *
 * @module
 */
import { ByteTable, PACKED_BYTES, padded, type TextBytes, UNKNOWN } from "./byte_table.ts";
import { type NewTexts, NumberedTexts } from "./numbered_texts.ts";
import { copyText } from "./text_table.ts";

/** Cells that are numbers of texts. */
export interface CodedCells {
  /** The texts, none for a missing value; those of later blocks are appended, or stand in another list. */
  readonly texts: readonly (string | undefined)[];
  /** Number of each row's text. */
  readonly codes: Uint32Array;
}

/** Bytes that cells are cut from. */
export interface Utf8Block extends TextBytes {
  /** Their text, where each of its characters is one byte. */
  readonly ascii: string | undefined;
}

/** Numbers the texts of one column. */
export class TextPool {
  readonly #numbered = new NumberedTexts();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #table = new ByteTable();
  /** The number of a missing value, where one was asked for. */
  #none: number | undefined;
  /** Bytes that texts were taken from last. */
  #last: Utf8Block | undefined;

  /**
   * Numbers the texts of a block's cells; gives up what did not help with the blocks before.
   *
   * @param block holds the cells
   * @param starts position of each cell's first byte
   * @param nexts position behind its last, and one more for what is between two cells
   */
  read(block: Utf8Block, starts: Uint32Array, nexts: Uint32Array, rows: number): CodedCells {
    this.beginBlock();
    const codes = new Uint32Array(rows);
    if (this.#numbered.isUseless) {
      for (let row = 0; row < rows; row++) codes[row] = this.#number(block, starts[row], nexts[row] - 1);
    } else {
      const table = this.#table;
      for (let row = 0; row < rows; row++) {
        const [start, end] = [starts[row], nexts[row] - 1];
        let number = table.find(block, start, end);
        if (number === UNKNOWN) {
          number = this.#number(block, start, end);
          table.add(block, start, end);
        }
        codes[row] = number;
      }
    }
    this.endBlock(rows);
    return { texts: this.texts, codes };
  }

  /** Texts by number, none for a missing value. */
  get texts(): readonly (string | undefined)[] {
    return this.#numbered.texts;
  }

  /** Returns the number of one text. */
  number(text: Uint8Array): number {
    const end = text.byteOffset + text.length;
    // The last of a buffer, and each that has a buffer of its own.
    if (end + PACKED_BYTES > text.buffer.byteLength) {
      return this.#find({ ...padded(text), ascii: undefined }, 0, text.length);
    }
    if (this.#last?.bytes.buffer !== text.buffer) this.#last = wholeBuffer(text);
    return this.#find(this.#last, text.byteOffset, end);
  }

  /** Returns the number of a missing value. */
  numberOfNone(): number {
    if (this.#none !== undefined) return this.#none;
    if (!this.#numbered.isUseless) this.#table.skip();
    return this.#none = this.#numbered.add(undefined);
  }

  /** Returns the texts that were numbered since they were last taken, and keeps them no longer. */
  take(): NewTexts {
    return this.#numbered.take();
  }

  /** Makes room for another block, and gives up what did not help with those before. */
  beginBlock(): void {
    if (!this.#numbered.beginBlock()) return;
    this.#none = undefined;
    if (!this.#numbered.isUseless) this.#table = new ByteTable();
  }

  /** Ends a block of so many values. */
  endBlock(values: number): void {
    this.#numbered.endBlock(values);
  }

  #find(block: Utf8Block, start: number, end: number): number {
    if (this.#numbered.isUseless) return this.#number(block, start, end);
    const known = this.#table.find(block, start, end);
    if (known !== UNKNOWN) return known;
    const number = this.#number(block, start, end);
    this.#table.add(block, start, end);
    return number;
  }

  #number({ bytes, ascii }: Utf8Block, start: number, end: number): number {
    const text = ascii === undefined
      ? this.#decoder.decode(bytes.subarray(start, end))
      : copyText(ascii.slice(start, end));
    return this.#numbered.add(text);
  }
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Returns all of the buffer that bytes are of, which nobody writes to any more: cutting texts out of its text takes less
 * than decoding each.
 */
function wholeBuffer({ buffer }: Uint8Array): Utf8Block {
  const bytes = new Uint8Array(buffer);
  const text = lenient.decode(bytes);
  const isAscii = text.length === bytes.length && !text.includes("\ufffd");
  return { bytes, view: new DataView(buffer), ascii: isAscii ? text : undefined };
}
