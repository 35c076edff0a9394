/**
 * Sorting a batch's occurrences on the host, where a software adapter would take longer on the same processor.
 *
 * @module
 */
import type { Feed } from "../feed.ts";
import type { Gpu } from "../gpu/device.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { createBuffer, writeBuffer } from "../gpu/memory.ts";
import { sortOccurrencesOnHost } from "../ops/train/sort.ts";
import type { UnseenStep } from "../ops/embedding/unseen.ts";
import type { FieldSpace } from "../trace.ts";
import type { UnseenRows } from "./unseen.ts";

/** Sorts batches of a feed into a buffer on the device. */
export class HostSorter {
  readonly #gpu: Gpu;
  readonly #feed: Feed;
  readonly #space: FieldSpace;
  readonly #batch: number;
  readonly #unseen: UnseenRows | undefined;
  readonly #buffer: GPUBuffer;
  readonly #ids: Uint32Array<ArrayBuffer>;
  readonly #pairs: Uint32Array<ArrayBuffer>;
  readonly #work: Uint32Array<ArrayBuffer>;

  /** Allocates space for batches of `batch` rows, a share of whose occurrences `unseen` replaces. */
  constructor(gpu: Gpu, feed: Feed, space: FieldSpace, batch: number, unseen: UnseenRows | undefined) {
    const size = space.fields.length * batch;
    this.#gpu = gpu;
    this.#feed = feed;
    this.#space = space;
    this.#batch = batch;
    this.#unseen = unseen;
    this.#buffer = createBuffer(gpu, "pairs", 8 * size);
    this.#ids = new Uint32Array(size);
    this.#pairs = new Uint32Array(2 * size);
    this.#work = new Uint32Array(2 * size);
  }

  /** Place of the sorted occurrences. */
  get range(): BufferRange {
    return { buffer: this.#buffer };
  }

  /** Sorts the batch that starts at row `first` of the pass, as a step has it, and uploads the result. */
  sort(first: number, step: UnseenStep): void {
    const { rows } = step;
    const { fields, rowCount } = this.#space;
    this.#feed.batchIds(first, rows, this.#ids);
    this.#unseen?.substitute(this.#ids, this.#batch, step);
    sortOccurrencesOnHost(this.#ids, fields.length, this.#batch, rows, rowCount, this.#pairs, this.#work);
    writeBuffer(this.#gpu, this.#buffer, this.#pairs);
  }

  /** Releases the buffer. */
  destroy(): void {
    this.#buffer.destroy();
  }
}
