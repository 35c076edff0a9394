/**
 * In which order each epoch takes the rows.
 *
 * @module
 */
import { Shuffle } from "../data/random.ts";
import { WindowShuffle } from "../data/window_shuffle.ts";

/** An order under way. */
interface Drawn {
  readonly epoch: number;
  readonly shuffle: Shuffle | WindowShuffle;
}

/** Orders of rows by epoch; that of the next epoch is drawn a little with each step of this one. */
export class RowOrders {
  readonly #rows: number;
  readonly #seed: number;
  readonly #epochs: number;
  readonly #Kind: typeof Shuffle | typeof WindowShuffle;
  #next: Drawn | undefined;

  /**
   * Takes the sizes in; nothing is drawn yet.
   *
   * @param inWindows whether rows are shuffled within windows, and those in blocks
   */
  constructor(rows: number, seed: number, epochs: number, inWindows = false) {
    this.#Kind = inWindows ? WindowShuffle : Shuffle;
    this.#rows = rows;
    this.#seed = seed;
    this.#epochs = epochs;
  }

  /** Returns the order of an epoch, and begins to draw that of the next. */
  begin(epoch: number): Uint32Array<ArrayBuffer> {
    const { shuffle } = this.#next?.epoch === epoch ? this.#next : this.#draw(epoch);
    this.#next = epoch + 1 < this.#epochs ? this.#draw(epoch + 1) : undefined;
    return shuffle.finish();
  }

  /** Draws further places of the next order. */
  advance(places: number): void {
    this.#next?.shuffle.advance(places);
  }

  /** The next order; absent before all of it is drawn, and in the last epoch. */
  get next(): Uint32Array<ArrayBuffer> | undefined {
    return this.#next?.shuffle.order;
  }

  #draw(epoch: number): Drawn {
    return { epoch, shuffle: new this.#Kind(this.#rows, this.#seed, epoch) };
  }
}
