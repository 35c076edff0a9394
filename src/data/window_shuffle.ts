/**
 * An order of rows that is random within windows of a data set that does not fit in memory.
 *
 * @module
 */
import { randomU32, requireU32, Shuffle } from "./random.ts";

/** Rows that stay together on the way into a window: what a disk reads of a column at a time. */
export const BLOCK_ROWS = 1 << 13;

/** Blocks of a window, whose rows are shuffled among each other. */
export const WINDOW_BLOCKS = 32;

/** Separates the draws within windows from those of the blocks' order. */
const WITHIN = 0x77696e64;

/**
 * An order of 0 .. n - 1 in which blocks of {@linkcode BLOCK_ROWS} rows come in random order, and the rows of each
 * {@linkcode WINDOW_BLOCKS} of them in random order among each other. Of up to one window of rows it is as random as
 * `shuffled`; of more, two rows that are far apart in the order are also in different parts of the file, and a pass reads
 * each part of the file once. It is drawn little by little, as {@linkcode Shuffle} is.
 */
export class WindowShuffle {
  readonly #order: Uint32Array<ArrayBuffer>;
  readonly #seed: number;
  readonly #epoch: number;
  #done = 0;

  /**
   * Lists the blocks; nothing is shuffled within windows yet.
   *
   * @throws {RangeError} when an argument is not an integer in [0, 2^32)
   */
  constructor(n: number, seed: number, epoch = 0) {
    requireU32("shuffle", "length", n);
    this.#order = new Uint32Array(n);
    this.#seed = seed;
    this.#epoch = epoch;
    let at = 0;
    for (const block of new Shuffle(Math.ceil(n / BLOCK_ROWS), seed, epoch).finish()) {
      const end = Math.min(n, (block + 1) * BLOCK_ROWS);
      for (let row = block * BLOCK_ROWS; row < end; row++) this.#order[at++] = row;
    }
  }

  /** Draws `count` places, or all that are left. */
  advance(count: number): void {
    const order = this.#order;
    const size = BLOCK_ROWS * WINDOW_BLOCKS;
    const end = Math.min(order.length, this.#done + count);
    for (let i = this.#done; i < end; i++) {
      const left = Math.min(order.length, i - i % size + size) - i;
      const j = i + Math.floor((randomU32(this.#seed, this.#epoch, i, WITHIN) / 2 ** 32) * left);
      const kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    this.#done = end;
  }

  /** The order; none before all places are drawn. */
  get order(): Uint32Array<ArrayBuffer> | undefined {
    return this.#done === this.#order.length ? this.#order : undefined;
  }

  /** Draws the rest and returns the order. */
  finish(): Uint32Array<ArrayBuffer> {
    this.advance(this.#order.length - this.#done);
    return this.#order;
  }
}
