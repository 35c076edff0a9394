/**
 * Values of a column that have types, each made a text once.
 *
 * @module
 */
import { type NewTexts, NumberedTexts } from "./numbered_texts.ts";

/** Numbers the values of one column. */
export class ValuePool {
  readonly #numbered = new NumberedTexts();
  readonly #textOf: (value: unknown) => string | undefined;
  readonly #numbers = new Map<unknown, number>();

  /** @param textOf makes a text; the same for values that a `Map` has for one */
  constructor(textOf: (value: unknown) => string | undefined) {
    this.#textOf = textOf;
  }

  /** Texts by number, none for a missing value. */
  get texts(): readonly (string | undefined)[] {
    return this.#numbered.texts;
  }

  /** Returns the texts that were numbered since they were last taken, and keeps them no longer. */
  take(): NewTexts {
    return this.#numbered.take();
  }

  /** Makes room for another block, and gives up what did not help with those before. */
  beginBlock(): void {
    if (this.#numbered.beginBlock()) this.#numbers.clear();
  }

  /** Returns the numbers of the texts of values. */
  codes(values: ArrayLike<unknown>): Uint32Array {
    const codes = new Uint32Array(values.length);
    for (let i = 0; i < values.length; i++) codes[i] = this.#code(values[i]);
    return codes;
  }

  /** Returns the number of a missing value. */
  numberOfNone(): number {
    return this.#code(undefined);
  }

  /** Ends a block of so many values. */
  endBlock(values: number): void {
    this.#numbered.endBlock(values);
  }

  #code(value: unknown): number {
    const { isUseless } = this.#numbered;
    const known = isUseless ? undefined : this.#numbers.get(value);
    if (known !== undefined) return known;
    const number = this.#numbered.add(this.#textOf(value));
    if (!isUseless) this.#numbers.set(value, number);
    return number;
  }
}
