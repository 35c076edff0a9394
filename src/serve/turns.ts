/**
 * Turns of the event loop for work that takes a while.
 *
 * @module
 */

/** Spreads pieces of work over turns of the event loop, so that others are answered in between. */
export class Turns {
  readonly #budgetMs: number;
  #last: Promise<void> = Promise.resolve();
  /** When work of this turn began. */
  #since: number | undefined;

  /**
   * Makes turns.
   *
   * @param budgetMs how long work goes on in a turn, in ms
   */
  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
  }

  /** Resolves in the order of the calls, at once unless others have used up this turn. */
  next(): Promise<void> {
    return this.#last = this.#last.then(async () => {
      while (this.#isUsedUp()) await new Promise<void>((resolve) => setTimeout(resolve));
    });
  }

  #isUsedUp(): boolean {
    const now = performance.now();
    if (this.#since !== undefined) return now - this.#since >= this.#budgetMs;
    this.#since = now;
    setTimeout(() => this.#since = undefined);
    return false;
  }
}
