/**
 * Values of a column that have types, each made a text once.
 *
 * @module
 */

// A column of so many values, most of which occurred once, gains nothing from being looked up.
const TRIED_VALUES = 1 << 16;

/** Values at most; a column with more begins again. */
const MOST_VALUES = 1 << 18;

/** Numbers the values of one column. */
export class ValuePool {
  /** Texts by number, none for a missing value. */
  texts: (string | undefined)[] = [];
  readonly #textOf: (value: unknown) => string | undefined;
  readonly #numbers = new Map<unknown, number>();
  #found = 0;
  #isUseless = false;

  /** @param textOf makes a text; the same for values that a `Map` has for one */
  constructor(textOf: (value: unknown) => string | undefined) {
    this.#textOf = textOf;
  }

  /** Makes room for another block, and gives up what did not help with those before. */
  beginBlock(): void {
    if (!this.#isUseless && this.texts.length > TRIED_VALUES) this.#isUseless = this.#found < this.texts.length;
    if (!this.#isUseless && this.texts.length < MOST_VALUES) return;
    this.texts = [];
    this.#found = 0;
    this.#numbers.clear();
  }

  /** Returns the numbers of the texts of values `first` up to `last`. */
  codes(values: ArrayLike<unknown>, first: number, last: number): Uint32Array {
    const codes = new Uint32Array(last - first);
    for (let i = first; i < last; i++) codes[i - first] = this.#code(values[i]);
    return codes;
  }

  #code(value: unknown): number {
    const number = this.#isUseless ? undefined : this.#numbers.get(value);
    if (number !== undefined) {
      this.#found++;
      return number;
    }
    const created = this.texts.push(this.#textOf(value)) - 1;
    if (!this.#isUseless) this.#numbers.set(value, created);
    return created;
  }
}
