/**
 * A typed array that grows by chunks: pushing never copies what is already there.
 *
 * @module
 */
import { isLimited, makeF32, makeF64, makeU32 } from "./large_arrays.ts";

type Typed = Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

// A request of a server has few rows, a file many.
const FIRST_CHUNK = 64;
const LARGEST_CHUNK = 1 << 16;
// Chunks in files: each has a mapping of its own, of which a process has some ten thousands.
const LARGEST_IN_FILES = 1 << 22;

/** Collects numbers of one type, then hands them over as one array. */
export class Growable<T extends Typed> {
  readonly #create: (length: number) => T;
  #full: T[] = [];
  #fullLength = 0;
  #last: T;
  #used = 0;

  /** @param create makes an array of zeros of a given length */
  constructor(create: (length: number) => T) {
    this.#create = create;
    this.#last = create(FIRST_CHUNK);
  }

  /** How many numbers were pushed. */
  get length(): number {
    return this.#fullLength + this.#used;
  }

  /** Appends a number. */
  push(value: number): void {
    if (this.#used === this.#last.length) this.#beginChunk();
    this.#last[this.#used++] = value;
  }

  /** Appends numbers. */
  append(values: Float64Array | Uint32Array): void {
    for (let start = 0; start < values.length;) {
      if (this.#used === this.#last.length) this.#beginChunk();
      const taken = values.subarray(start, start + this.#last.length - this.#used);
      this.#last.set(taken, this.#used);
      this.#used += taken.length;
      start += taken.length;
    }
  }

  #beginChunk(): void {
    this.#full.push(this.#last);
    this.#fullLength += this.#used;
    this.#last = this.#create(Math.min(isLimited() ? LARGEST_IN_FILES : LARGEST_CHUNK, 4 * this.#used));
    this.#used = 0;
  }

  /** Copies all numbers into one array. */
  toArray(): T {
    const whole = this.#create(this.length);
    let start = 0;
    for (const chunk of this.#full) {
      whole.set(chunk, start);
      start += chunk.length;
    }
    whole.set(this.#last.subarray(0, this.#used), start);
    return whole;
  }

  /** Returns all numbers as one array and forgets them, which frees the chunks. */
  drain(): T {
    const whole = this.toArray();
    this.#clear();
    return whole;
  }

  /** Hands over all numbers in parts, each with the place of its first, and forgets them. */
  drainParts(take: (part: T, start: number) => void): void {
    let start = 0;
    for (const part of [...this.#full, this.#last.subarray(0, this.#used) as T]) {
      take(part, start);
      start += part.length;
    }
    this.#clear();
  }

  #clear(): void {
    this.#full = [];
    this.#fullLength = 0;
    this.#last = this.#create(FIRST_CHUNK);
    this.#used = 0;
  }
}

/** Collects row numbers. */
export function growU32(): Growable<Uint32Array<ArrayBuffer>> {
  return new Growable(makeU32);
}

/** Collects float32 numbers. */
export function growF32(): Growable<Float32Array<ArrayBuffer>> {
  return new Growable(makeF32);
}

/** Collects float64 numbers. */
export function growF64(): Growable<Float64Array<ArrayBuffer>> {
  return new Growable(makeF64);
}
