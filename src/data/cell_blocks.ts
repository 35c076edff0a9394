/**
 * Blocks of rows, column by column: text in UTF-8 is cut into cells byte by byte, and no cell becomes a text twice.
 *
 * @module
 */
import { padded } from "./byte_table.ts";
import { type NumberCells, NumberCutter } from "./number_cells.ts";
import type { NewTexts } from "./numbered_texts.ts";
import { type CodedCells, TextPool, type Utf8Block } from "./text_pool.ts";

/** How a text is cut. */
export interface CutSetup {
  /** Number of columns. */
  readonly width: number;
  /** The character between cells, a byte in UTF-8. */
  readonly delimiter: string;
  /** Whether `"` encloses cells, so that lines with it have to be cut elsewhere. */
  readonly quotes: boolean;
  /** Positions of the columns to read. */
  readonly wanted: ReadonlySet<number>;
  /** Those of them whose cells are read as numbers, each with the texts that stand for a missing one. */
  readonly numbers: ReadonlyMap<number, readonly string[]>;
}

/** Cells of a column, by numbers of texts or as numbers. */
export type ColumnCells = CodedCells | NumberCells;

/** Returns the text of a row's cell; of a plain number, one that means the same. */
export function textAt(cells: ColumnCells, row: number): string | undefined {
  if ("codes" in cells) return cells.texts[cells.codes[row]];
  const number = cells.numbers[row];
  return cells.odd.get(row) ?? (Number.isNaN(number) ? undefined : String(number));
}

/** Rows that follow each other, with the right number of cells each. */
export interface CellBlock {
  /** How many. */
  readonly rows: number;
  /** Number that the lines of the rows are counted from. */
  readonly firstLine: number;
  /** Line of each row. */
  readonly lines: Uint32Array;
  /** Cells by position of the column; absent for a column that is not wanted. */
  readonly columns: readonly (ColumnCells | undefined)[];
}

/** A line with another number of cells than the table has columns. */
export interface OddLine {
  /** Its number, counted from the first line that was cut with it. */
  readonly line: number;
  /** How many rows come before it. */
  readonly row: number;
  /** Its cells. */
  readonly cells: string[];
}

/** Lines that were cut together. */
export interface CutLines {
  /** How many lines, those that are no rows too. */
  readonly count: number;
  /** Line of each row, counted from the first of them. */
  readonly lines: Uint32Array<ArrayBuffer>;
  /** Cells of the rows by position of the column. */
  readonly columns: readonly (ColumnCells | undefined)[];
  /** Lines between the rows. */
  readonly odd: readonly OddLine[];
}

/** Why lines cannot be cut byte by byte: they are no UTF-8, or have quotes. */
export type Uncut = "undecodable" | "quoted";

const NEWLINE = 10;
const RETURN = 13;

/** Cuts blocks of lines into cells. */
export class CellCutter {
  readonly #setup: CutSetup;
  readonly #delimiter: number;
  readonly #pools: readonly (TextPool | NumberCutter | undefined)[];
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** Where the cells of each row begin, column by column, and behind them where the row ends and one byte more. */
  #starts: Uint32Array[];
  #lines = new Uint32Array(0);
  #rows = 0;

  constructor(setup: CutSetup) {
    const { width, delimiter, wanted, numbers } = setup;
    this.#setup = setup;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#pools = Array.from({ length: width }, (_, c) => {
      const missing = numbers.get(c);
      return missing ? new NumberCutter(missing) : wanted.has(c) ? new TextPool() : undefined;
    });
    this.#starts = Array.from({ length: width + 1 }, () => new Uint32Array(0));
  }

  /** Returns the texts that each column has gained since they were last taken, and keeps them no longer. */
  takeTexts(): (NewTexts | undefined)[] {
    return this.#pools.map((pool) => pool instanceof TextPool ? pool.take() : undefined);
  }

  /** Cuts lines, each of which ends in `\n`; or tells why it cannot. */
  cut(bytes: Uint8Array): CutLines | Uncut {
    let text: string;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      return "undecodable";
    }
    if (this.#setup.quotes && text.includes('"')) return "quoted";
    const odd: OddLine[] = [];
    const count = this.#findCells(bytes, odd);
    const block = { ...padded(bytes), ascii: text.length === bytes.length ? text : undefined };
    return { count, lines: this.#lines.slice(0, this.#rows), columns: this.#readColumns(block), odd };
  }

  /** Finds where the cells of each row are; returns the number of lines. */
  #findCells(bytes: Uint8Array, odd: OddLine[]): number {
    this.#rows = 0;
    let line = 0;
    for (let start = 0; start < bytes.length; line++) {
      if (this.#rows === this.#lines.length) this.#grow(bytes.length);
      const newline = this.#cutLine(bytes, start);
      const end = newline < 0 ? bytes.indexOf(NEWLINE, start) : newline;
      if (newline >= 0) this.#lines[this.#rows++] = line;
      else if (!isBlank(bytes, start, end)) {
        odd.push({ line, row: this.#rows, cells: this.#cellsOf(bytes, start, end) });
      }
      start = end + 1;
    }
    return line;
  }

  /** Finds the cells of the next row in a line; returns the position of its end, or -1 for another number of cells. */
  #cutLine(bytes: Uint8Array, start: number): number {
    const last = this.#setup.width - 1;
    const delimiter = this.#delimiter;
    const row = this.#rows;
    let at = start;
    for (let c = 0;; c++, at++) {
      const first = at;
      let byte = bytes[at];
      while (byte !== delimiter && byte !== NEWLINE) byte = bytes[++at];
      if ((c === last) !== (byte === NEWLINE)) return -1;
      this.#starts[c][row] = first;
      if (c < last) continue;
      // A line without text has one empty cell, but is no row.
      const end = at > first && bytes[at - 1] === RETURN ? at - 1 : at;
      if (last === 0 && end === start) return -1;
      this.#starts[c + 1][row] = end + 1;
      return at;
    }
  }

  /** Reads the cells that were found, column by column, since each column has a table of its own to be looked up in. */
  #readColumns(block: Utf8Block): (ColumnCells | undefined)[] {
    const rows = this.#rows;
    return this.#pools.map((pool, c) => pool?.read(block, this.#starts[c], this.#starts[c + 1], rows));
  }

  #cellsOf(bytes: Uint8Array, start: number, end: number): string[] {
    const last = end > start && bytes[end - 1] === RETURN ? end - 1 : end;
    const text = this.#decoder.decode(bytes.subarray(start, last));
    return text.split(String.fromCharCode(this.#delimiter));
  }

  #grow(blockBytes: number): void {
    const rows = Math.max(2 * this.#rows, 64, Math.ceil(blockBytes / (4 * this.#setup.width)));
    const larger = (old: Uint32Array) => {
      const array = new Uint32Array(rows);
      array.set(old.subarray(0, this.#rows));
      return array;
    };
    this.#lines = larger(this.#lines);
    this.#starts = this.#starts.map(larger);
  }
}

/** Returns rows `start` up to `end` of a block. */
export function sliceBlock(block: CellBlock, start: number, end: number): CellBlock {
  if (start === 0 && end === block.rows) return block;
  const columns = block.columns.map((cells) => cells && sliceCells(cells, start, end));
  return { rows: end - start, firstLine: block.firstLine, lines: block.lines.subarray(start, end), columns };
}

/** Returns the cells of rows `start` up to `end`. */
function sliceCells(cells: ColumnCells, start: number, end: number): ColumnCells {
  if ("codes" in cells) return { texts: cells.texts, codes: cells.codes.subarray(start, end) };
  const odd = [...cells.odd].filter(([row]) => row >= start && row < end);
  return { numbers: cells.numbers.subarray(start, end), odd: new Map(odd.map(([row, text]) => [row - start, text])) };
}

/** Cuts cells into those of so many rows each, the last of fewer. */
export function splitCells(cells: ColumnCells, size: number): ColumnCells[] {
  const array = "codes" in cells ? cells.codes : cells.numbers;
  const starts = Array.from({ length: Math.ceil(array.length / size) }, (_, part) => part * size);
  if ("codes" in cells) return starts.map((start) => ({ ...cells, codes: cells.codes.subarray(start, start + size) }));
  const odd = starts.map(() => new Map<number, string>());
  for (const [row, text] of cells.odd) odd[Math.floor(row / size)].set(row % size, text);
  return starts.map((start, part) => ({ numbers: cells.numbers.subarray(start, start + size), odd: odd[part] }));
}

/** Tells whether a line has no text; such lines are no rows. */
function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  return end === start || (end === start + 1 && bytes[start] === RETURN);
}
