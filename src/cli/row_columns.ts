/**
 * Columns of files beside the rows that a reader makes of them.
 *
 * @module
 */
import type { RowColumn } from "../metrics.ts";
import type { RowWatcher, WatchedRow } from "../data/watcher.ts";
import { copyText } from "../data/text_table.ts";

/** Keeps the texts of columns, row by row, also of rows that cannot be encoded. */
export class RowColumns implements RowWatcher {
  /** Names of the columns. */
  readonly columns: readonly string[];
  readonly #texts: string[][];
  readonly #places: string[] = [];
  /** Number of each row among those that were encoded, from 0; -1 for a row that was not. */
  readonly encoded: number[] = [];
  #kept = 0;

  /** Keeps each of the columns once. */
  constructor(columns: readonly string[]) {
    this.columns = [...new Set(columns)];
    this.#texts = this.columns.map(() => []);
  }

  /** Number of rows of the files. */
  get rows(): number {
    return this.encoded.length;
  }

  /** Takes the next row. */
  row({ file, line, unit = "line", texts, fault }: WatchedRow): void {
    this.encoded.push(fault === undefined ? this.#kept++ : -1);
    texts.forEach((text, column) => this.#texts[column].push(copyText(text)));
    this.#places.push(`"${file}" ${unit} ${line}`);
  }

  /** Returns file and line of a row of the files. */
  placeOf(row: number): string {
    return this.#places[row];
  }

  /** Returns the texts of a column, one for each row of the files. */
  textsOf(column: string): readonly string[] {
    return this.#texts[this.columns.indexOf(column)];
  }

  /**
   * Returns the texts of a column in some rows of the files, and nothing for missing ones.
   *
   * @param missing texts that stand for a missing value
   */
  valuesOf(column: string, rows: readonly number[], missing: readonly string[] = [""]): RowColumn {
    const texts = this.textsOf(column);
    return rows.map((row) => missing.includes(texts[row]) ? undefined : texts[row]);
  }

  /**
   * Returns the numbers of a column, one for each row of the files; NaN where it is empty.
   *
   * Numbers that are all written as float32 is, with 9 digits, are taken as float32: predictions that `weft predict` wrote
   * are then those of the model, to the bit.
   *
   * @throws {SyntaxError} when a text is no finite number; the message names file and line
   */
  numbersOf(column: string): Float32Array | Float64Array {
    const texts = this.textsOf(column);
    const numbers = Float64Array.from(texts, (text, row) => {
      if (text.trim() === "") return NaN;
      const number = Number(text);
      if (Number.isFinite(number)) return number;
      throw new SyntaxError(
        `Cannot read ${this.#places[row]}: column "${column}" must hold a finite number, received "${text}"`,
      );
    });
    const areSingle = numbers.every((x) => Number.isNaN(x) || Number(Math.fround(x).toPrecision(9)) === x);
    return areSingle ? Float32Array.from(numbers) : numbers;
  }
}
