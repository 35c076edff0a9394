/**
 * Calls under way.
 *
 * @module
 */

/** Knows which calls are under way, and nothing of those that have ended. */
export class Running {
  readonly #calls: Set<Promise<unknown>> = new Set();

  /** Takes a call in and returns it. */
  add<T>(call: Promise<T>): Promise<T> {
    const end = (): void => void this.#calls.delete(call);
    this.#calls.add(call);
    call.then(end, end);
    return call;
  }

  /** Resolves once no call is under way. */
  async idle(): Promise<void> {
    while (this.#calls.size > 0) await Promise.allSettled(this.#calls);
  }
}
