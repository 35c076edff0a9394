/**
 * Values of a column that have types, each made a text once.
 *
 * @module
 */

import { Recurrence } from "./recurrence.ts";
import type { NewTexts } from "./text_pool.ts";

/** Numbers the values of one column. */
export class ValuePool {
  #texts: (string | undefined)[] = [];
  #beginsAgain = false;
  readonly #textOf: (value: unknown) => string | undefined;
  readonly #numbers = new Map<unknown, number>();
  readonly #recurrence = new Recurrence();

  /** @param textOf makes a text; the same for values that a `Map` has for one */
  constructor(textOf: (value: unknown) => string | undefined) {
    this.#textOf = textOf;
  }

  /** Texts by number, none for a missing value. */
  get texts(): readonly (string | undefined)[] {
    return this.#texts;
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
    this.#numbers.clear();
  }

  /** Returns the numbers of the texts of a block's values; gives up what did not help with the blocks before. */
  codes(values: ArrayLike<unknown>): Uint32Array {
    this.#beginBlock();
    const codes = new Uint32Array(values.length);
    for (let i = 0; i < values.length; i++) codes[i] = this.#code(values[i]);
    this.#recurrence.endBlock(values.length);
    return codes;
  }

  #code(value: unknown): number {
    const { isUseless } = this.#recurrence;
    const known = isUseless ? undefined : this.#numbers.get(value);
    if (known !== undefined) return known;
    this.#texts.push(this.#textOf(value));
    const number = this.#recurrence.number();
    if (!isUseless) this.#numbers.set(value, number);
    return number;
  }
}
