/**
 * Sorting a batch's occurrences on the host, where a software adapter would take longer on the same processor.
 *
 * @module
 */
import type { Feed } from "../feed.ts";
import type { Gpu } from "../gpu/device.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { createBuffer, writeBuffer } from "../gpu/memory.ts";
import { sortOccurrencesOnHost } from "../ops/sort.ts";
import type { FieldSpace } from "../trace.ts";

/** Sorts batches of a feed into a buffer on the device. */
export class HostSorter {
  readonly #gpu: Gpu;
  readonly #feed: Feed;
  readonly #space: FieldSpace;
  readonly #batch: number;
  readonly #buffer: GPUBuffer;
  readonly #ids: Uint32Array<ArrayBuffer>;
  readonly #pairs: Uint32Array<ArrayBuffer>;
  readonly #work: Uint32Array<ArrayBuffer>;

  /** Allocates space for batches of `batch` rows. */
  constructor(gpu: Gpu, feed: Feed, space: FieldSpace, batch: number) {
    const size = space.fields.length * batch;
    this.#gpu = gpu;
    this.#feed = feed;
    this.#space = space;
    this.#batch = batch;
    this.#buffer = createBuffer(gpu, "pairs", 8 * size);
    this.#ids = new Uint32Array(size);
    this.#pairs = new Uint32Array(2 * size);
    this.#work = new Uint32Array(2 * size);
  }

  /** Place of the sorted occurrences. */
  get range(): BufferRange {
    return { buffer: this.#buffer };
  }

  /** Sorts the batch that starts at row `first` of the pass and uploads the result. */
  sort(first: number, rows: number): void {
    const { fields, rowCount } = this.#space;
    this.#feed.batchIds(first, rows, this.#ids);
    sortOccurrencesOnHost(this.#ids, fields.length, this.#batch, rows, rowCount, this.#pairs, this.#work);
    writeBuffer(this.#gpu, this.#buffer, this.#pairs);
  }

  /** Releases the buffer. */
  destroy(): void {
    this.#buffer.destroy();
  }
}
