/**
 * Names that a layer takes at its first call and again at later ones, so that all calls find the same parameters.
 *
 * @module
 */

/** The names that one shared layer took in one trace, in order. */
export class SharedNames {
  readonly #names: { readonly base: string; readonly name: string }[] = [];
  #isComplete = false;
  #next = 0;

  /** Returns the name that the first call took here for `base`; undefined during the first call. */
  recall(base: string): string | undefined {
    if (!this.#isComplete) return undefined;
    const known = this.#names[this.#next++];
    if (known?.base === base) return known.name;
    const expected = known ? `"${known.base}"` : "no further layer";
    throw new TypeError(
      `Cannot share a layer: its calls must be built alike, expected ${expected}, received "${base}"`,
    );
  }

  /** Takes note of a name, unless it was recalled. */
  note(base: string, name: string): void {
    if (!this.#isComplete) this.#names.push({ base, name });
  }

  /** Begins a call. */
  begin(): void {
    this.#next = 0;
  }

  /**
   * Ends a call.
   *
   * @throws {TypeError} when it took fewer names than the first one
   */
  end(): void {
    if (this.#isComplete && this.#next < this.#names.length) {
      const missing = this.#names[this.#next].base;
      throw new TypeError(
        `Cannot share a layer: its calls must be built alike, expected "${missing}", received nothing`,
      );
    }
    this.#isComplete = true;
  }
}
