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

/** Texts that a column has gained. */
export interface NewTexts {
  readonly texts: readonly string[];
  /** Whether numbers begin again with them. */
  readonly beginsAgain: boolean;
}

/** Numbers the texts of one column. */
export class TextPool {
  /** The texts by number; without those that were taken. */
  texts: string[] = [];
  /** How many texts have a number. */
  #count = 0;
  #beginsAgain = false;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #table = new ByteTable();
  #found = 0;
  #isUseless = false;

  /** Makes room for another block, and gives up what did not help with those before. */
  beginBlock(): void {
    if (!this.#isUseless && this.#count > TRIED_TEXTS) this.#isUseless = this.#found < this.#count;
    if (!this.#isUseless && this.#count < MOST_TEXTS) return;
    this.texts = [];
    this.#count = 0;
    this.#beginsAgain = true;
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
    const number = this.#isUseless ? -1 : this.#table.find(block, start, end);
    if (number >= 0) {
      this.#found++;
      return number;
    }
    this.texts.push(this.#decode(block, start, end));
    if (!this.#isUseless) this.#table.add(block, start, end);
    return this.#count++;
  }

  /** Returns the texts that were numbered since they were last taken, and keeps them no longer. */
  take(): NewTexts {
    const taken = { texts: this.texts, beginsAgain: this.#beginsAgain };
    this.texts = [];
    this.#beginsAgain = false;
    return taken;
  }

  #decode({ bytes, ascii }: Utf8Block, start: number, end: number): string {
    return ascii === undefined ? this.#decoder.decode(bytes.subarray(start, end)) : copyText(ascii.slice(start, end));
  }
}
