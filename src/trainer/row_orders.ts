/**
 * Which rows each epoch takes, in which order.
 *
 * @module
 */
import { countAfterDownsampling } from "../data/downsample.ts";
import { rowNumbers, Shuffle, shuffled } from "../data/random.ts";
import { WindowShuffle } from "../data/window_shuffle.ts";

/** Sets the order of the negative rows apart from those of epochs, which are far fewer. */
const NEGATIVES = 0x6e656761;

/** Which rows there are, and how epochs take them. */
export interface RowOrderOptions {
  /** Rows of the data set. */
  readonly rows: number;
  /** Their labels. */
  readonly labels: Float32Array;
  /** Share of the negative rows that an epoch takes. */
  readonly negativeRate: number;
  readonly seed: number;
  readonly epochs: number;
  /** Whether rows are shuffled, or shuffled within windows. */
  readonly shuffle: boolean | "window";
}

/** Draws an order little by little. */
interface Drawing {
  /** The order, once it is drawn. */
  readonly order: Uint32Array<ArrayBuffer> | undefined;
  advance(places: number): void;
  finish(): Uint32Array<ArrayBuffer>;
}

/** An order under way. */
interface Drawn {
  readonly epoch: number;
  readonly drawing: Drawing;
}

/** Orders of rows by epoch; that of the next epoch is drawn a little with each step of this one. */
export class RowOrders {
  readonly #options: RowOrderOptions;
  readonly #taken: NegativesInTurn | undefined;
  #next: Drawn | undefined;

  private constructor(options: RowOrderOptions) {
    this.#options = options;
    if (options.negativeRate < 1) this.#taken = new NegativesInTurn(options);
  }

  /** Takes the sizes in; nothing where each epoch takes all rows as they are. */
  static of(options: RowOrderOptions): RowOrders | undefined {
    return options.shuffle === false && options.negativeRate === 1 ? undefined : new RowOrders(options);
  }

  /** Rows that an epoch takes. */
  get rows(): number {
    return this.#taken?.rows ?? this.#options.rows;
  }

  /** Returns the order of an epoch, and begins to draw that of the next. */
  begin(epoch: number): Uint32Array<ArrayBuffer> {
    const { drawing } = this.#next?.epoch === epoch ? this.#next : this.#draw(epoch);
    this.#next = epoch + 1 < this.#options.epochs ? this.#draw(epoch + 1) : undefined;
    return drawing.finish();
  }

  /** Draws further places of the next order. */
  advance(places: number): void {
    this.#next?.drawing.advance(places);
  }

  /** The next order; absent before all of it is drawn, and in the last epoch. */
  get next(): Uint32Array<ArrayBuffer> | undefined {
    return this.#next?.drawing.order;
  }

  #draw(epoch: number): Drawn {
    const { seed, shuffle } = this.#options;
    const Kind = shuffle === "window" ? WindowShuffle : Shuffle;
    const places = shuffle === false ? new AsTheyAre(this.rows) : new Kind(this.rows, seed, epoch);
    return { epoch, drawing: this.#taken ? new Chosen(places, this.#taken.rowsOf(epoch)) : places };
  }
}

/** Rows as they come. */
class AsTheyAre implements Drawing {
  readonly order: Uint32Array<ArrayBuffer>;

  constructor(rows: number) {
    this.order = rowNumbers(rows);
  }

  advance(): void {}

  finish(): Uint32Array<ArrayBuffer> {
    return this.order;
  }
}

/** An order of some of the rows. */
class Chosen implements Drawing {
  readonly #places: Drawing;
  readonly #rows: Uint32Array;
  #order: Uint32Array<ArrayBuffer> | undefined;

  constructor(places: Drawing, rows: Uint32Array) {
    this.#places = places;
    this.#rows = rows;
  }

  advance(places: number): void {
    this.#places.advance(places);
  }

  get order(): Uint32Array<ArrayBuffer> | undefined {
    return this.#order ??= this.#places.order?.map((place) => this.#rows[place]);
  }

  finish(): Uint32Array<ArrayBuffer> {
    this.#places.finish();
    return this.order!;
  }
}

/** All positive rows of a data set with a share of the negative ones: each epoch goes on where the one before ended. */
class NegativesInTurn {
  /** Rows of an epoch. */
  readonly rows: number;
  readonly #labels: Float32Array;
  readonly #negatives: Uint32Array;
  readonly #order: Uint32Array;
  readonly #share: number;

  constructor({ labels, negativeRate, seed, rows }: RowOrderOptions) {
    this.#labels = labels;
    this.#negatives = rowNumbers(rows).filter((row) => labels[row] === 0);
    this.#order = shuffled(this.#negatives.length, seed, NEGATIVES);
    this.rows = countAfterDownsampling({ rows, labels }, negativeRate);
    this.#share = this.rows - rows + this.#negatives.length;
  }

  /** Returns the rows of an epoch, ascending. */
  rowsOf(epoch: number): Uint32Array {
    const [negatives, order, share] = [this.#negatives, this.#order, this.#share];
    const isTaken = new Uint8Array(this.#labels.length);
    for (let k = 0; k < share; k++) isTaken[negatives[order[(epoch * share + k) % order.length]]] = 1;
    const rows = new Uint32Array(this.rows);
    let at = 0;
    for (let row = 0; row < isTaken.length; row++) if (isTaken[row] || this.#labels[row] !== 0) rows[at++] = row;
    return rows;
  }
}
