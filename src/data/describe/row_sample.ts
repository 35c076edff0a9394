/**
 * A sample of rows, for what needs several columns at once.
 *
 * @module
 */
import { placeInSample, shuffled } from "../random.ts";
import { parseNumber } from "../scaling.ts";
import type { Feature } from "../schema.ts";
import { hashWide } from "./hash.ts";

/** Seed of the choice and of the order of the rows; other samples of a description have others. */
const SEED = 3;

/** Rows of equal chance: hashes of 53 bits of the names, numbers as they are, NaN for a missing value, and the label. */
export class RowSample {
  readonly #isNumber: readonly boolean[];
  readonly #rows: Float64Array[] = [];
  readonly #most: number;
  #seen = 0;

  /**
   * Begins with no row.
   *
   * @param most rows that are kept
   */
  constructor(features: readonly Feature[], most: number) {
    this.#isNumber = features.map(({ kind }) => kind === "numeric");
    this.#most = most;
  }

  /** Rows in the sample. */
  get rows(): number {
    return this.#rows.length;
  }

  /** Takes a row in. Row n replaces a sampled one with chance `most` / n, so that each is in the sample equally likely. */
  add(texts: readonly (string | undefined)[], label: number): void {
    const n = ++this.#seen;
    const place = placeInSample(SEED, n, this.#most);
    if (place >= this.#most) return;
    const row = new Float64Array(texts.length + 1);
    texts.forEach((text, f) =>
      row[f] = text === undefined ? NaN : this.#isNumber[f] ? parseNumber(text) : hashWide(text)
    );
    row[texts.length] = label;
    this.#rows[place] = row;
  }

  /** Puts the rows in random order, since neighbors in a log are alike. */
  shuffle(): void {
    const order = shuffled(this.#rows.length, SEED);
    const rows = Array.from(order, (row) => this.#rows[row]);
    rows.forEach((row, place) => this.#rows[place] = row);
  }

  /** Returns the labels of some of the rows. */
  labels(start: number, end: number): Uint8Array {
    return Uint8Array.from(this.#rows.slice(start, end), (row) => row[row.length - 1]);
  }

  /** Returns a field of some of the rows. */
  column(field: number, start: number, end: number): Float64Array {
    return Float64Array.from(this.#rows.slice(start, end), (row) => row[field]);
  }
}
