/**
 * Texts of a column with their numbers, and whether it pays to recognize them.
 *
 * @module
 */

// A column of so many values, most of which occurred once, gains nothing from being looked up.
const TRIED_VALUES = 1 << 16;

/** Values at most; a column with more begins again. */
const MOST_VALUES = 1 << 18;

/** Texts that a column has gained. */
export interface NewTexts {
  /** None stands for a missing value. */
  readonly texts: readonly (string | undefined)[];
  /** Whether numbers begin again with them. */
  readonly beginsAgain: boolean;
}

/** Numbers texts 0, 1, 2, ..., and counts how often values that have a number recur. */
export class NumberedTexts {
  #texts: (string | undefined)[] = [];
  #beginsAgain = false;
  #numbered = 0;
  #found = 0;
  #isUseless = false;
  /** Values that had a number when the block began. */
  #numberedBefore = 0;

  /** Texts by number, those that were taken left out; none for a missing value. */
  get texts(): readonly (string | undefined)[] {
    return this.#texts;
  }

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
      this.#texts = [];
      this.#beginsAgain = true;
    }
    this.#numberedBefore = this.#numbered;
    return !goesOn;
  }

  /** Ends a block of so many values: those that got no number of their own had one. */
  endBlock(values: number): void {
    this.#found += values - (this.#numbered - this.#numberedBefore);
  }

  /** Gives the text of a new value the next number. */
  add(text: string | undefined): number {
    this.#texts.push(text);
    return this.#numbered++;
  }

  /** Returns the texts that were numbered since they were last taken, and keeps them no longer. */
  take(): NewTexts {
    const taken = { texts: this.#texts, beginsAgain: this.#beginsAgain };
    this.#texts = [];
    this.#beginsAgain = false;
    return taken;
  }
}
