/**
 * Values of a column that have types, each made a text once.
 *
 * @module
 */

import { Recurrence } from "./recurrence.ts";

/** Numbers the values of one column. */
export class ValuePool {
  /** Texts by number, none for a missing value. */
  texts: (string | undefined)[] = [];
  readonly #textOf: (value: unknown) => string | undefined;
  readonly #numbers = new Map<unknown, number>();
  readonly #recurrence = new Recurrence();

  /** @param textOf makes a text; the same for values that a `Map` has for one */
  constructor(textOf: (value: unknown) => string | undefined) {
    this.#textOf = textOf;
  }

  /** Makes room for another block, and gives up what did not help with those before. */
  beginBlock(): void {
    if (!this.#recurrence.beginBlock()) return;
    this.texts = [];
    this.#numbers.clear();
  }

  /** Returns the numbers of the texts of values `first` up to `last`. */
  codes(values: ArrayLike<unknown>, first: number, last: number): Uint32Array {
    const codes = new Uint32Array(last - first);
    for (let i = first; i < last; i++) codes[i - first] = this.#code(values[i]);
    return codes;
  }

  #code(value: unknown): number {
    const { isUseless } = this.#recurrence;
    const known = isUseless ? undefined : this.#numbers.get(value);
    if (known !== undefined) {
      this.#recurrence.find();
      return known;
    }
    this.texts.push(this.#textOf(value));
    const number = this.#recurrence.number();
    if (!isUseless) this.#numbers.set(value, number);
    return number;
  }
}
