/**
 * Counts of the values of a field in bounded memory.
 *
 * Up to a number of values, all are counted exactly. Beyond it two summaries stand for them. A sample of the distinct
 * values, those whose hash begins with so many zeros, each counted exactly from its first row on, tells how many there
 * are and what they say about the label (Gibbons, VLDB 2001). Frequent values are found by counters of which all lose one
 * whenever a value without a counter comes: a value of more than rows / counters rows cannot lose all (Misra and Gries,
 * 1982).
 *
 * @module
 */
import { hashText } from "./hash.ts";
import { countRow, createTally, type RowPlace, rowsOf, type Tally } from "./tally.ts";

/** Counters of frequent values. */
const COUNTERS = 4096;

/** A frequent value. */
interface Counter {
  /** What is left of its rows when those of values without a counter are taken off. */
  left: number;
  /** The rows since it has a counter. */
  readonly tally: Tally;
}

/** Counts the values of a field. */
export class ValueCounts {
  readonly #parts: number;
  readonly #most: number;
  #exact = new Map<string, Tally>();
  #level = 0;
  #frequent: Map<string, Counter> | undefined;

  /**
   * Begins with no row.
   *
   * @param parts parts of time
   * @param most values that are counted exactly
   */
  constructor(parts: number, most: number) {
    this.#parts = parts;
    this.#most = most;
  }

  /** Whether there are too many values to count all. */
  get approximate(): boolean {
    return this.#level > 0;
  }

  /** Number of distinct values; an estimate where {@linkcode ValueCounts.approximate}. */
  get cardinality(): number {
    return this.#exact.size * 2 ** this.#level;
  }

  /** Counts of all values, or of the sampled ones. */
  get tallies(): Iterable<Tally> {
    return this.#exact.values();
  }

  /** Counts a row. */
  add(text: string, place: RowPlace): void {
    if (this.#frequent) this.#addFrequent(this.#frequent, text, place);
    let tally = this.#exact.get(text);
    if (tally === undefined) {
      if (!isSampled(text, this.#level)) return;
      this.#exact.set(text, tally = createTally(this.#parts));
    }
    countRow(tally, place);
    if (this.#exact.size > this.#most) this.#reduce();
  }

  /** Returns the most frequent values, the first texts of equally frequent ones; their counts may lack rows where approximate. */
  top(count: number): [text: string, tally: Tally][] {
    const all: [string, Tally][] = this.#frequent
      ? [...this.#frequent].map(([text, { tally }]) => [text, tally])
      : [...this.#exact];
    const counted = all.map(([text, tally]) => ({ text, tally, ...rowsOf(tally) }));
    counted.sort((a, b) => b.rows - a.rows || (a.text < b.text ? -1 : 1));
    return counted.slice(0, count).map(({ text, tally }) => [text, tally]);
  }

  #reduce(): void {
    if (!this.#frequent) {
      const top = this.top(COUNTERS + 1);
      const taken = top.length > COUNTERS ? rowsOf(top[COUNTERS][1]).rows : 0;
      const kept = top.slice(0, COUNTERS).map(([text, tally]): [string, Counter] => {
        return [text, { left: rowsOf(tally).rows - taken, tally: tally.slice() }];
      });
      this.#frequent = new Map(kept.filter(([, { left }]) => left > 0));
    }
    while (this.#exact.size > this.#most) {
      this.#level++;
      for (const text of this.#exact.keys()) if (!isSampled(text, this.#level)) this.#exact.delete(text);
    }
  }

  #addFrequent(frequent: Map<string, Counter>, text: string, place: RowPlace): void {
    let counter = frequent.get(text);
    if (counter === undefined) {
      if (frequent.size === COUNTERS) {
        for (const [other, held] of frequent) if (--held.left === 0) frequent.delete(other);
        return;
      }
      frequent.set(text, counter = { left: 0, tally: createTally(this.#parts) });
    }
    counter.left++;
    countRow(counter.tally, place);
  }
}

function isSampled(text: string, level: number): boolean {
  return level === 0 || hashText(text, 0x9747b28c) >>> (32 - level) === 0;
}
