/**
 * Counts over the last while, in bounded memory.
 *
 * @module
 */

/** Parts of a window; the oldest one is forgotten at a time. */
const PARTS = 12;

/** Counts of what happened within the last `windowMs`, to a twelfth of it. */
export class SlidingCounts {
  readonly #parts: readonly Uint32Array[];
  readonly #partMs: number;
  #newest = -Infinity;

  /** Counts `length` things. */
  constructor(length: number, windowMs: number) {
    this.#parts = Array.from({ length: PARTS }, () => new Uint32Array(length));
    this.#partMs = windowMs / PARTS;
  }

  /** Returns the counts to add to at a time in ms, which never goes back. */
  at(now: number): Uint32Array {
    return this.#parts[this.#forget(now) % PARTS];
  }

  /** Returns the sum of all counts that are recent at a time in ms. */
  sum(now: number): Uint32Array {
    this.#forget(now);
    const sum = new Uint32Array(this.#parts[0].length);
    for (const part of this.#parts) for (let i = 0; i < sum.length; i++) sum[i] += part[i];
    return sum;
  }

  /** Clears the parts that are too old, and returns the number of the part that a time is in. */
  #forget(now: number): number {
    const part = Math.max(this.#newest, Math.floor(now / this.#partMs));
    const first = Math.max(0, this.#newest + 1, part - PARTS + 1);
    for (let old = first; old <= part; old++) this.#parts[old % PARTS].fill(0);
    this.#newest = part;
    return part;
  }
}
