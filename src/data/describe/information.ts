/**
 * What columns say of the label together, corrected for how many values they have.
 *
 * The score is that of OutRank (Škrlj, Mramor, "OutRank: Speeding up AutoML-based Model Search for Large Sparse Data sets
 * with Cardinality-aware Feature Ranking", 2023).
 *
 * @module
 */

/** A column as numbers 0 .. values - 1. */
export interface Codes {
  /** Code of each row. */
  readonly codes: Uint32Array;
  /** How many codes there are. */
  readonly values: number;
}

/** What a column says of the label, in nats. */
export interface Information {
  /** H(Y) - H(Y|X), without the correction. */
  readonly plain: number;
  /** H'(Y|X) - H(Y|X), where H' is of labels from other rows; near 0 for columns that say nothing, however many values they have. */
  readonly corrected: number;
}

/** Scores columns by the labels of the same rows. */
export class InformationScorer {
  readonly #labels: Uint8Array;
  readonly #classes: number;
  /** m ln m for each count m. */
  readonly #terms: Float64Array;
  readonly #entropy: number;

  /**
   * Takes the labels of the rows.
   *
   * @param labels classes 0 .. classes - 1
   */
  constructor(labels: Uint8Array, classes = 2) {
    this.#labels = labels;
    this.#classes = classes;
    this.#terms = Float64Array.from({ length: labels.length + 1 }, (_, m) => m === 0 ? 0 : m * Math.log(m));
    const counts = new Uint32Array(classes);
    for (const label of labels) counts[label]++;
    this.#entropy = (this.#terms[labels.length] - this.#sumTerms(counts)) / labels.length;
  }

  /**
   * Measures what a column says:
   *
   * `H(Y|X) = -sum over values x with count c > 1 of c/n sum over classes y of p ln p`, where p is the share of y in the rows
   * with x. H' takes for the row i of a value with count c the label of the row `(i + c) mod n`. Values that occur once
   * would tell their own label, and count for nothing.
   */
  score({ codes, values }: Codes): Information {
    const labels = this.#labels;
    const rows = labels.length;
    const classes = this.#classes;
    const counts = new Uint32Array(values);
    const own = new Uint32Array(values * classes);
    const others = new Uint32Array(values * classes);
    for (let row = 0; row < rows; row++) {
      counts[codes[row]]++;
      own[codes[row] * classes + labels[row]]++;
    }
    for (let row = 0; row < rows; row++) {
      const code = codes[row];
      const other = row + counts[code];
      others[code * classes + labels[other < rows ? other : other - rows]]++;
    }
    let [repeated, ownTerms, otherTerms] = [0, 0, 0];
    const terms = this.#terms;
    for (let code = 0; code < values; code++) {
      if (counts[code] < 2) continue;
      repeated += terms[counts[code]];
      for (let cell = code * classes; cell < (code + 1) * classes; cell++) {
        ownTerms += terms[own[cell]];
        otherTerms += terms[others[cell]];
      }
    }
    return {
      plain: this.#entropy - (repeated - ownTerms) / rows,
      corrected: (ownTerms - otherTerms) / rows,
    };
  }

  #sumTerms(counts: Uint32Array): number {
    return counts.reduce((sum, count) => sum + this.#terms[count], 0);
  }
}

/** Makes codes of numbers, in the order in which they occur first. */
export function codesOf(numbers: ArrayLike<number>): Codes {
  const known = new Map<number, number>();
  const codes = Uint32Array.from(numbers, (number) => {
    const code = known.get(number) ?? known.size;
    if (code === known.size) known.set(number, code);
    return code;
  });
  return { codes, values: known.size };
}

/** Slots of the table that pairs of codes are looked up in: twice the rows of a batch. */
const SLOTS = 1 << 15;

/** Most rows whose columns can be joined. */
export const BATCH_ROWS = SLOTS / 2;

/** Joins columns of at most {@linkcode BATCH_ROWS} rows. */
export class CodeJoiner {
  readonly #keys = new Float64Array(SLOTS);
  readonly #codes = new Uint32Array(SLOTS);

  /** Makes a column with a code for each pair of codes that occurs. */
  join(a: Codes, b: Codes): Codes {
    const keys = this.#keys.fill(-1);
    const rows = a.codes.length;
    const codes = new Uint32Array(rows);
    let values = 0;
    for (let row = 0; row < rows; row++) {
      const key = a.codes[row] * b.values + b.codes[row];
      let slot = Math.imul(a.codes[row], 0x9e3779b1) + Math.imul(b.codes[row], 0x85ebca6b);
      slot = ((slot ^ (slot >>> 15)) >>> 0) % SLOTS;
      while (keys[slot] !== key && keys[slot] >= 0) slot = (slot + 1) % SLOTS;
      if (keys[slot] < 0) {
        keys[slot] = key;
        this.#codes[slot] = values++;
      }
      codes[row] = this.#codes[slot];
    }
    return { codes, values };
  }
}
