/**
 * Whether it pays to recognize the values of a column.
 *
 * @module
 */

// A column of so many values, most of which occurred once, gains nothing from being looked up.
const TRIED_VALUES = 1 << 16;

/** Values at most; a column with more begins again. */
const MOST_VALUES = 1 << 18;

/** Counts how often values of a column that have a number recur. */
export class Recurrence {
  #numbered = 0;
  #found = 0;
  #isUseless = false;
  /** Values that had a number when the block began. */
  #numberedBefore = 0;

  /** Whether values are given numbers without being looked up. */
  get isUseless(): boolean {
    return this.#isUseless;
  }

  /** Begins another block; returns whether numbers begin again at 0 with it. */
  beginBlock(): boolean {
    if (!this.#isUseless && this.#numbered > TRIED_VALUES) this.#isUseless = this.#found < this.#numbered;
    const goesOn = !this.#isUseless && this.#numbered < MOST_VALUES;
    if (!goesOn) {
      this.#numbered = 0;
      this.#found = 0;
    }
    this.#numberedBefore = this.#numbered;
    return !goesOn;
  }

  /** Ends a block of so many values: those that got no number of their own had one. */
  endBlock(values: number): void {
    this.#found += values - (this.#numbered - this.#numberedBefore);
  }

  /** Returns the number of a new value. */
  number(): number {
    return this.#numbered++;
  }
}
