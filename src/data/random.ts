/**
 * Random numbers that are a function of (seed, counters) alone, so that any of them can be drawn again, in any order.
 *
 * @module
 */

/**
 * Draws 32 random bits for a seed and up to three counters: `h <- mix(h xor mix(counter + odd constant))`, where
 * `mix` is a bijection of 32 bits that flips each output bit with probability near 1/2.
 *
 * @param seed integer in [0, 2^32)
 * @param a first counter, integer in [0, 2^32)
 * @param b second counter
 * @param c third counter
 * @returns integer in [0, 2^32)
 */
export function randomU32(seed: number, a = 0, b = 0, c = 0): number {
  let h = mix(seed + 0x9e3779b9);
  h = mix(h ^ mix(a + 0x85ebca6b));
  h = mix(h ^ mix(b + 0xc2b2ae35));
  return mix(h ^ mix(c + 0x27d4eb2f)) >>> 0;
}

/** Returns {@linkcode randomU32} as a function of the third counter, for loops that draw millions of numbers. */
export function randomU32By(seed: number, a = 0, b = 0): (c: number) => number {
  let h = mix(seed + 0x9e3779b9);
  h = mix(h ^ mix(a + 0x85ebca6b));
  h = mix(h ^ mix(b + 0xc2b2ae35));
  return (c) => mix(h ^ mix(c + 0x27d4eb2f)) >>> 0;
}

/** Draws a multiple of 2^-32 in (0, 1), both ends left out. Arguments as for {@linkcode randomU32}. */
export function randomUnit(seed: number, a = 0, b = 0, c = 0): number {
  return (randomU32(seed, a, b, c) + 0.5) / 2 ** 32;
}

/** Draws from N(0, 1), by Box and Muller, spending the values 2c and 2c + 1 of the third counter. */
export function randomNormal(seed: number, a = 0, b = 0, c = 0): number {
  const radius = Math.sqrt(-2 * Math.log(randomUnit(seed, a, b, 2 * c)));
  return radius * Math.cos(2 * Math.PI * randomUnit(seed, a, b, 2 * c + 1));
}

/**
 * Lists 0 .. n - 1 in random order, by the shuffle of Fisher and Yates with one 32-bit draw per element; the chance
 * of each order is uniform but for a relative error below n / 2^32.
 *
 * @param n length, integer in [0, 2^32)
 * @param seed integer in [0, 2^32)
 * @param epoch integer in [0, 2^32); each epoch has an order of its own
 * @throws {RangeError} when an argument is not such an integer
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const order = shuffled(5, 7, 0);
 * assert.deepEqual(order, shuffled(5, 7, 0));
 * assert.deepEqual([...order].sort(), [0, 1, 2, 3, 4]);
 * ```
 */
export function shuffled(n: number, seed: number, epoch = 0): Uint32Array<ArrayBuffer> {
  return new Shuffle(n, seed, epoch).finish();
}

/**
 * Draws the place of the n-th row, from 1, in a sample of `most` rows in which each row so far is equally likely; from
 * `most` on for a row that stays out.
 */
export function placeInSample(seed: number, n: number, most: number): number {
  return n <= most ? n - 1 : Math.floor(randomU32(seed, n) / 2 ** 32 * n);
}

/** Lists 0 .. n - 1; a loop, since `Uint32Array.from` with a function is slow for millions of rows. */
export function rowNumbers(n: number): Uint32Array<ArrayBuffer> {
  const numbers = new Uint32Array(n);
  for (let i = 0; i < n; i++) numbers[i] = i;
  return numbers;
}

/** An order of {@linkcode shuffled} that is drawn little by little, beside other work. */
export class Shuffle {
  readonly #order: Uint32Array<ArrayBuffer>;
  readonly #seed: number;
  readonly #epoch: number;
  #left: number;

  /**
   * Draws nothing yet.
   *
   * @throws {RangeError} when an argument is not an integer in [0, 2^32)
   */
  constructor(n: number, seed: number, epoch = 0) {
    requireU32("shuffle", "length", n);
    requireU32("shuffle", "seed", seed);
    requireU32("shuffle", "epoch", epoch);
    this.#order = rowNumbers(n);
    this.#seed = seed;
    this.#epoch = epoch;
    this.#left = n;
  }

  /** Draws the places of `count` elements, or of all that are left. */
  advance(count: number): void {
    const order = this.#order;
    const end = Math.max(0, this.#left - count);
    for (let i = this.#left - 1; i >= Math.max(end, 1); i--) {
      const j = Math.floor((randomU32(this.#seed, this.#epoch, i) / 2 ** 32) * (i + 1));
      const kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    this.#left = end;
  }

  /** The order; none before all places are drawn. */
  get order(): Uint32Array<ArrayBuffer> | undefined {
    return this.#left === 0 ? this.#order : undefined;
  }

  /** Draws the rest and returns the order. */
  finish(): Uint32Array<ArrayBuffer> {
    this.advance(this.#left);
    return this.#order;
  }
}

/**
 * Refuses what is not an integer in [0, 2^32).
 *
 * @throws {RangeError} then
 */
export function requireU32(action: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new RangeError(`Cannot ${action}: ${name} must be an integer in [0, 2^32), received ${value}`);
  }
}

function mix(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x21f0aaad);
  x ^= x >>> 15;
  x = Math.imul(x, 0x735a2d97);
  return x ^ (x >>> 15);
}
