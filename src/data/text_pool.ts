/**
 * Texts of a column of a file, each made once: cells that recur are recognized by their bytes.
 *
 * @module
 */
import { ByteTable, type TextBytes, UNKNOWN } from "./byte_table.ts";
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
  #table = new ByteTable();
  /** The number of a missing value, where one was asked for. */
  #none: number | undefined;

  /**
   * Numbers the texts of a block's cells; gives up what did not help with the blocks before.
   *
   * @param block holds the cells
   * @param starts position of each cell's first byte
   * @param nexts position behind its last, and one more for what is between two cells
   */
  read(block: Utf8Block, starts: Uint32Array, nexts: Uint32Array, rows: number): CodedCells {
    this.beginBlock();
    const codes = this.codes(block, starts, nexts, rows);
    this.endBlock(rows);
    return { texts: this.texts, codes };
  }

  /** Numbers texts of a block that has begun, as {@linkcode TextPool.read} does. */
  codes(block: Utf8Block, starts: Uint32Array, nexts: Uint32Array, count: number): Uint32Array {
    const codes = new Uint32Array(count);
    if (this.#numbered.isUseless) {
      for (let i = 0; i < count; i++) codes[i] = this.#number(block, starts[i], nexts[i] - 1);
      return codes;
    }
    const table = this.#table;
    const numbers = new Int32Array(codes.buffer);
    if (table.findAll(block, starts, nexts, numbers) === 0) return codes;
    for (let i = 0; i < count; i++) {
      if (numbers[i] !== UNKNOWN) continue;
      const [start, end] = [starts[i], nexts[i] - 1];
      let number = table.find(block, start, end);
      if (number === UNKNOWN) {
        number = this.#number(block, start, end);
        table.add(block, start, end);
      }
      codes[i] = number;
    }
    return codes;
  }

  /** Texts by number, none for a missing value. */
  get texts(): readonly (string | undefined)[] {
    return this.#numbered.texts;
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

  #number({ bytes, ascii }: Utf8Block, start: number, end: number): number {
    const text = ascii === undefined ? decodeText(bytes.subarray(start, end)) : copyText(ascii.slice(start, end));
    return this.#numbered.add(text);
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Returns the text of bytes.
 *
 * @throws {Error} when they are none
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Error("expected text in utf-8, received other bytes");
  }
}
