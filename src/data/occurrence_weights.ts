/**
 * Values that the occurrences of a column carry.
 *
 * @module
 */
import { type Growable, growF32 } from "./growable.ts";

/** The values of a column's occurrences; takes no memory while all are 1. */
export class Weights {
  #numbers: Growable<Float32Array<ArrayBuffer>> | undefined;
  #length = 0;

  /** Whether one is not 1. */
  get used(): boolean {
    return this.#numbers !== undefined;
  }

  /** Appends the value of an occurrence. */
  push(weight: number): void {
    if (this.#numbers === undefined && weight !== 1) {
      this.#numbers = growF32();
      for (let row = 0; row < this.#length; row++) this.#numbers.push(1);
    }
    this.#numbers?.push(weight);
    this.#length++;
  }

  /** Appends so many ones. */
  pushOnes(count: number): void {
    if (this.#numbers) { for (let i = 0; i < count; i++) this.#numbers.push(1); }
    this.#length += count;
  }

  /** Writes all values from position `start`, and forgets them. */
  write(values: Float32Array | undefined, start: number): void {
    if (this.#numbers) this.#numbers.drainParts((numbers, first) => values?.set(numbers, start + first));
    else values?.fill(1, start, start + this.#length);
    this.#numbers = undefined;
    this.#length = 0;
  }
}
