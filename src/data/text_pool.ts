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
  #texts: string[] = [];
  #beginsAgain = false;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #table = new ByteTable();
  readonly #recurrence = new Recurrence();

  /**
   * Numbers the texts of a block's cells; gives up what did not help with the blocks before.
   *
   * @param block holds the cells
   * @param starts position of each cell's first byte
   * @param nexts position behind its last, and one more for what is between two cells
   */
  read(block: Utf8Block, starts: Uint32Array, nexts: Uint32Array, rows: number): CodedCells {
    this.#beginBlock();
    const codes = new Uint32Array(rows);
    if (this.#recurrence.isUseless) {
      for (let row = 0; row < rows; row++) codes[row] = this.#number(block, starts[row], nexts[row] - 1);
    } else {
      const table = this.#table;
      let found = 0;
      for (let row = 0; row < rows; row++) {
        const [start, end] = [starts[row], nexts[row] - 1];
        let number = table.find(block, start, end);
        if (number === UNKNOWN) {
          number = this.#number(block, start, end);
          table.add(block, start, end);
        } else found++;
        codes[row] = number;
      }
      this.#recurrence.find(found);
    }
    return { texts: this.#texts, codes };
  }

  /** Returns the texts that were numbered since they were last taken, and keeps them no longer. */
  take(): NewTexts {
    const taken = { texts: this.#texts, beginsAgain: this.#beginsAgain };
    this.#texts = [];
    this.#beginsAgain = false;
    return taken;
  }

  #beginBlock(): void {
    if (!this.#recurrence.beginBlock()) return;
    this.#texts = [];
    this.#beginsAgain = true;
    if (!this.#recurrence.isUseless) this.#table = new ByteTable();
  }

  #number({ bytes, ascii }: Utf8Block, start: number, end: number): number {
    const text = ascii === undefined
      ? this.#decoder.decode(bytes.subarray(start, end))
      : copyText(ascii.slice(start, end));
    this.#texts.push(text);
    return this.#recurrence.number();
  }
}
