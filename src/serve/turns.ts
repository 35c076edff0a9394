/**
 * Turns of the event loop for work that takes a while.
 *
 * @module
 */

/** Lets one piece of work begin in each turn of the event loop, so that others are answered in between. */
export class Turns {
  #last: Promise<void> = Promise.resolve();
  #isTaken = false;

  /** Resolves in a turn in which nobody else began, after all who asked before. */
  next(): Promise<void> {
    return this.#last = this.#last.then(async () => {
      while (this.#isTaken) await new Promise<void>((resolve) => setTimeout(resolve));
      this.#isTaken = true;
      setTimeout(() => this.#isTaken = false);
    });
  }
}
