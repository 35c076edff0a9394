/**
 * The texts that stand for a missing value.
 *
 * @module
 */

/** A few short texts: a longer one is told from them without being hashed, which takes as long as all else that a cell needs. */
export class MissingTexts extends Set<string> {
  readonly #longest: number;

  /** Takes the texts. */
  constructor(texts: Iterable<string>) {
    super(texts);
    this.#longest = Math.max(0, ...[...this].map(({ length }) => length));
  }

  /** Tells whether a text is one of them. */
  override has(text: string): boolean {
    return text.length <= this.#longest && super.has(text);
  }
}
