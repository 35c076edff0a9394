/**
 * The memory of a forward pass on the processor: one piece, which its WebAssembly sees, too.
 *
 * @module
 */

/** Bytes at which arrays start: a line of the processor's cache. */
const ALIGNMENT = 64;

/** Bytes of a page of WebAssembly's memory. */
const PAGE = 1 << 16;

/** Where arrays are taken from. */
export interface Memory {
  /** Returns zeros that are nobody else's. */
  take(count: number): Float32Array<ArrayBuffer>;
}

/** Tells how much memory a pass takes: its arrays are empty. */
export class MemoryMeasure implements Memory {
  #bytes = ALIGNMENT;

  /** Bytes of what was taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts an array, and returns none. */
  take(count: number): Float32Array<ArrayBuffer> {
    this.#bytes += bytesOf(count);
    return new Float32Array(0);
  }
}

/** Memory of WebAssembly of a known size: growing it would take its arrays away. */
export class WasmMemory implements Memory {
  /** The memory. */
  readonly memory: WebAssembly.Memory;
  // The first bytes are the product's own.
  #next = ALIGNMENT;

  /**
   * Allocates the memory.
   *
   * @throws {RangeError} when there is not so much
   */
  constructor(bytes: number) {
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  }

  /** Returns zeros that are nobody else's. */
  take(count: number): Float32Array<ArrayBuffer> {
    const array = new Float32Array(this.memory.buffer as ArrayBuffer, this.#next, count);
    this.#next += bytesOf(count);
    return array;
  }
}

function bytesOf(count: number): number {
  return Math.ceil(4 * count / ALIGNMENT) * ALIGNMENT;
}
