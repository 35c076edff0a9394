/**
 * Texts of a column of a file, each made once: cells that recur are recognized by their bytes.
 *
 * @module
 */
import { ByteTable, type TextBytes, UNKNOWN } from "./byte_table.ts";
import { Recurrence } from "./recurrence.ts";
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
  #beginsAgain = false;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #table = new ByteTable();
  readonly #recurrence = new Recurrence();

  /** Makes room for another block, and gives up what did not help with those before. */
  beginBlock(): void {
    if (!this.#recurrence.beginBlock()) return;
    this.texts = [];
    this.#beginsAgain = true;
    if (!this.#recurrence.isUseless) this.#table = new ByteTable();
  }

  /**
   * Returns the number of a cell's text.
   *
   * @param block holds the cell
   * @param start position of its first byte
   * @param end position behind its last
   */
  code(block: Utf8Block, start: number, end: number): number {
    const { isUseless } = this.#recurrence;
    const number = isUseless ? UNKNOWN : this.#table.find(block, start, end);
    if (number !== UNKNOWN) {
      this.#recurrence.find();
      return number;
    }
    this.texts.push(this.#decode(block, start, end));
    if (!isUseless) this.#table.add(block, start, end);
    return this.#recurrence.number();
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
