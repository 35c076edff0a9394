/**
 * Texts of a column of a file, each made once: cells that recur are recognized by their bytes.
 *
 * @module
 */
import { ByteTable, type TextBytes } from "./byte_table.ts";
import { copyText } from "./vocabulary.ts";

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

// A column of so many texts, most of which occurred once, gains nothing from being looked up.
const TRIED_TEXTS = 1 << 16;

/** Texts at most; a column with more begins again. */
const MOST_TEXTS = 1 << 18;

/** Numbers the texts of one column. */
export class TextPool {
  /** The texts by number. */
  texts: string[] = [];
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #table = new ByteTable();
  #found = 0;
  #isUseless = false;

  /** Makes room for another block, and gives up what did not help with those before. */
  beginBlock(): void {
    if (!this.#isUseless && this.texts.length > TRIED_TEXTS) this.#isUseless = this.#found < this.texts.length;
    if (!this.#isUseless && this.texts.length < MOST_TEXTS) return;
    this.texts = [];
    this.#found = 0;
    if (!this.#isUseless) this.#table = new ByteTable();
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
    const number = this.#table.find(block, start, end);
    if (number < 0) {
      this.texts.push(this.#decode(block, start, end));
      return this.#table.add(block, start, end);
    }
    this.#found++;
    return number;
  }

  #decode({ bytes, ascii }: Utf8Block, start: number, end: number): string {
    return ascii === undefined ? this.#decoder.decode(bytes.subarray(start, end)) : copyText(ascii.slice(start, end));
  }
}
