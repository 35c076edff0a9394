/**
 * Values of a categorical field and the rows that they get.
 *
 * @module
 */
import { rankTexts } from "./rank_texts.ts";
import { TextTable } from "./text_table.ts";

/** Row of a categorical or bucketed field for whatever was not seen in the training data. */
export const OUT_OF_VOCABULARY = 0;

/** Row of a field for missing values; the field has it only when the training data had missing values. */
export const MISSING = 1;

/** Returns the row of the first value of a categorical field, or of the first bucket, counted from the field's first. */
export function firstValueRow(missing: boolean): number {
  return missing ? MISSING + 1 : MISSING;
}

/** Whether a value is a list of texts, as vocabularies are in files. */
export function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/**
 * Reads for how many trainings in a row each value did not occur, where a file says so.
 *
 * @throws {TypeError} when it is no list of counts, one for each value
 */
export function readIdle(json: unknown, vocabulary: readonly string[]): { idle?: readonly number[] } {
  if (json === undefined) return {};
  const isCounts = Array.isArray(json) && json.length === vocabulary.length &&
    json.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (isCounts) return { idle: json };
  throw new TypeError(`Cannot read fitted schema: idle must be ${vocabulary.length} counts, one for each value`);
}

/** Gives each distinct text a code, 0, 1, 2, ... in order of appearance, and counts it. */
export class Interner {
  readonly #table = new TextTable();
  #counts = new Uint32Array(64);

  /** The texts in the order of their codes. */
  get texts(): Iterable<string> {
    return this.#table.texts;
  }

  /** Counts a text once more, or so many times, and returns its code. */
  add(text: string, times = 1): number {
    const code = this.codeOf(text);
    this.#counts[code] += times;
    return code;
  }

  /** Returns the code of a text without counting it; a text that is never counted gets no row. */
  codeOf(text: string): number {
    const code = this.#table.numberOf(text);
    if (code >= this.#counts.length) {
      const larger = new Uint32Array(2 * code);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    return code;
  }

  /**
   * Counts the texts of cells once more, and writes their numbers: k + 1 for the text of code k, 0 for none.
   *
   * @param cells place of each cell's number among the numbers
   * @returns how many are none
   */
  countAll(cells: Uint32Array, numbers: Uint32Array, written: Uint32Array): number {
    const counts = this.#counts;
    let none = 0;
    for (let i = 0; i < cells.length; i++) {
      const number = numbers[cells[i]];
      written[i] = number;
      if (number === 0) none++;
      else counts[number - 1]++;
    }
    return none;
  }

  /**
   * Orders the values that occur at least `minCount` times by falling count, equal counts by code units of the text.
   *
   * @returns `tokens` in that order and, for each code, its position there, or -1 for a value that is too rare
   */
  rank(minCount: number): { tokens: string[]; positions: Int32Array } {
    const { texts } = this.#table;
    const order = rankTexts(texts, this.#counts, minCount);
    const positions = new Int32Array(texts.length).fill(-1);
    order.forEach((code, position) => positions[code] = position);
    return { tokens: Array.from(order, (code) => texts[code]), positions };
  }
}

/**
 * Maps each token to its row: the row of position 0 is `first`.
 *
 * @throws {RangeError} when a token occurs twice
 */
export function indexTokens(tokens: readonly string[], first: number): Map<string, number> {
  const rows = new Map(tokens.map((token, position) => [token, first + position]));
  if (rows.size !== tokens.length) {
    throw new RangeError(`Cannot read vocabulary: ${tokens.length} tokens must differ, received ${rows.size} distinct`);
  }
  return rows;
}
