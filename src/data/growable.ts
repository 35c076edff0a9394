/**
 * A typed array that grows by chunks: pushing never copies what is already there.
 *
 * @module
 */

type Typed = Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

const CHUNK_LENGTH = 1 << 16;

/** Collects numbers of one type, then hands them over as one array. */
export class Growable<T extends Typed> {
  readonly #create: (length: number) => T;
  #full: T[] = [];
  #last: T;
  #used = 0;

  /** @param create makes an array of zeros of a given length */
  constructor(create: (length: number) => T) {
    this.#create = create;
    this.#last = create(CHUNK_LENGTH);
  }

  /** How many numbers were pushed. */
  get length(): number {
    return this.#full.length * CHUNK_LENGTH + this.#used;
  }

  /** Appends a number. */
  push(value: number): void {
    if (this.#used === CHUNK_LENGTH) {
      this.#full.push(this.#last);
      this.#last = this.#create(CHUNK_LENGTH);
      this.#used = 0;
    }
    this.#last[this.#used++] = value;
  }

  /** Copies all numbers into one array. */
  toArray(): T {
    const whole = this.#create(this.length);
    this.#full.forEach((chunk, index) => whole.set(chunk, index * CHUNK_LENGTH));
    whole.set(this.#last.subarray(0, this.#used), this.#full.length * CHUNK_LENGTH);
    return whole;
  }

  /** Returns all numbers as one array and forgets them, which frees the chunks. */
  drain(): T {
    const whole = this.toArray();
    this.#full = [];
    this.#last = this.#create(CHUNK_LENGTH);
    this.#used = 0;
    return whole;
  }
}

/** Collects row numbers. */
export function growU32(): Growable<Uint32Array<ArrayBuffer>> {
  return new Growable((length) => new Uint32Array(length));
}

/** Collects float32 numbers. */
export function growF32(): Growable<Float32Array<ArrayBuffer>> {
  return new Growable((length) => new Float32Array(length));
}

/** Collects float64 numbers. */
export function growF64(): Growable<Float64Array<ArrayBuffer>> {
  return new Growable((length) => new Float64Array(length));
}
