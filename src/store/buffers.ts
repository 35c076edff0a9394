/**
 * Buffers of floats by name.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { createBuffer } from "../gpu/memory.ts";

/** Buffers by name. */
export class NamedBuffers {
  readonly #gpu: Gpu;
  readonly #buffers: Map<string, GPUBuffer> = new Map();

  /** Holds nothing until buffers are allocated. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** All buffers. */
  get all(): Iterable<GPUBuffer> {
    return this.#buffers.values();
  }

  /** Allocates a buffer, zero filled, in place of one of that name. */
  allocate(name: string, floats: number): void {
    this.release([name]);
    this.#buffers.set(name, createBuffer(this.#gpu, name, 4 * floats));
  }

  /**
   * Returns the buffer of that name.
   *
   * @throws {TypeError} when there is none
   */
  get(name: string): GPUBuffer {
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new TypeError(`Cannot find buffer: no such buffer was allocated, received "${name}"`);
    return buffer;
  }

  /** Releases the buffers of these names, where there are any. */
  release(names: Iterable<string>): void {
    for (const name of names) {
      this.#buffers.get(name)?.destroy();
      this.#buffers.delete(name);
    }
  }

  /** Releases all buffers. */
  destroy(): void {
    this.release([...this.#buffers.keys()]);
  }
}
