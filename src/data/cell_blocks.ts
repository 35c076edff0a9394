/**
 * Blocks of rows, column by column: text in UTF-8 is cut into cells byte by byte, and no cell becomes a text twice.
 *
 * @module
 */
import { padded } from "./byte_table.ts";
import type { ByteBlock } from "./source.ts";
import { type CodedCells, type NewTexts, TextPool, type Utf8Block } from "./text_pool.ts";

/** Rows that follow each other, with the right number of cells each. */
export interface CellBlock {
  /** How many. */
  readonly rows: number;
  /** Line of each row. */
  readonly lines: Uint32Array;
  /** Cells by position of the column; absent for a column that is not wanted. Overwritten by the next block. */
  readonly columns: readonly (CodedCells | undefined)[];
}

/** A line with another number of cells than the table has columns. */
export interface OddLine {
  /** Its number. */
  readonly line: number;
  /** Its cells. */
  readonly cells: string[];
}

const NEWLINE = 10;
const RETURN = 13;

/** Cuts blocks of lines without quotes into cells. */
export class CellCutter {
  readonly #width: number;
  readonly #delimiter: number;
  readonly #pools: readonly (TextPool | undefined)[];
  #codes: Uint32Array[];
  #lines = new Uint32Array(0);
  #rows = 0;

  /**
   * @param width number of columns
   * @param delimiter the character between cells, a byte in UTF-8
   * @param wanted positions of the columns to read
   */
  constructor(width: number, delimiter: string, wanted: ReadonlySet<number>) {
    this.#width = width;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#pools = Array.from({ length: width }, (_, c) => wanted.has(c) ? new TextPool() : undefined);
    this.#codes = this.#pools.map(() => new Uint32Array(0));
  }

  /** Returns the texts that each column has gained since they were last taken, and keeps them no longer. */
  takeTexts(): (NewTexts | undefined)[] {
    return this.#pools.map((pool) => pool?.take());
  }

  /** Cuts a block of lines; a line with another number of cells comes between the blocks of the rows around it. */
  *cut({ line, bytes, text }: ByteBlock): Generator<CellBlock | OddLine> {
    for (const pool of this.#pools) pool?.beginBlock();
    const block = { ...padded(bytes), ascii: text.length === bytes.length ? text : undefined };
    let number = line;
    for (let start = 0; start < bytes.length; number++) {
      if (this.#rows === this.#lines.length) this.#grow(bytes.length);
      const newline = this.#cutLine(block, start);
      const end = newline < 0 ? bytes.indexOf(NEWLINE, start) : newline;
      if (newline >= 0) this.#lines[this.#rows++] = number;
      else if (!isBlank(bytes, start, end)) {
        yield* this.#take();
        yield { line: number, cells: this.#cellsOf(bytes, start, end) };
      }
      start = end + 1;
    }
    yield* this.#take();
  }

  /** Returns the rows cut so far. */
  *#take(): Generator<CellBlock> {
    const rows = this.#rows;
    this.#rows = 0;
    if (rows === 0) return;
    const columns = this.#pools.map((pool, c) => pool && { texts: pool.texts, codes: this.#codes[c] });
    yield { rows, lines: this.#lines, columns };
  }

  /** Cuts a line into the cells of the next row; returns the position of its end, or -1 for another number of cells. */
  #cutLine(block: Utf8Block, start: number): number {
    const { bytes } = block;
    const last = this.#width - 1;
    const delimiter = this.#delimiter;
    const row = this.#rows;
    let at = start;
    for (let c = 0;; c++, at++) {
      const first = at;
      let byte = bytes[at];
      while (byte !== delimiter && byte !== NEWLINE) byte = bytes[++at];
      if ((c === last) !== (byte === NEWLINE)) return -1;
      const end = c === last && at > first && bytes[at - 1] === RETURN ? at - 1 : at;
      // A line without text has one empty cell, but is no row.
      if (last === 0 && end === start) return -1;
      const pool = this.#pools[c];
      if (pool) this.#codes[c][row] = pool.code(block, first, end);
      if (c === last) return at;
    }
  }

  #cellsOf(bytes: Uint8Array, start: number, end: number): string[] {
    const last = end > start && bytes[end - 1] === RETURN ? end - 1 : end;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(start, last));
    return text.split(String.fromCharCode(this.#delimiter));
  }

  #grow(blockBytes: number): void {
    const rows = Math.max(2 * this.#rows, 64, Math.ceil(blockBytes / (4 * this.#width)));
    const larger = (old: Uint32Array) => {
      const array = new Uint32Array(rows);
      array.set(old.subarray(0, this.#rows));
      return array;
    };
    this.#lines = larger(this.#lines);
    this.#codes = this.#codes.map((codes, c) => this.#pools[c] ? larger(codes) : codes);
  }
}

/** Tells whether a line has no text; such lines are no rows. */
function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  return end === start || (end === start + 1 && bytes[start] === RETURN);
}
