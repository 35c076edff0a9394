/**
 * The way of lists of values to the device, beside the cells of their rows.
 *
 * @module
 */
import { type Histories, selectHistories } from "./data/histories.ts";
import type { Gpu } from "./gpu/device.ts";
import type { BufferRange } from "./gpu/kernel.ts";
import { createBuffer, writeBuffer } from "./gpu/memory.ts";

/** Sizes of lists, as far as their memory depends on them. */
export interface ListSizes {
  /** Name of the sequence that the others run along. */
  readonly name: string;
  /** Sequences M that run along each other. */
  readonly members: number;
  /** Most values of a row. */
  readonly maxLength: number;
  /** Whether values have weights. */
  readonly weighted: boolean;
}

/** Returns the bytes that a value takes, and those of the largest binding among them. */
export function bytesOfValue({ members, weighted }: ListSizes): { all: number; largest: number } {
  return { all: 4 * (members + Number(weighted)), largest: 4 * members };
}

/** Device buffers that hold the lists of a chunk of rows. */
export class HistoryBuffers {
  readonly #gpu: Gpu;
  readonly #sizes: ListSizes;
  readonly #offsets: GPUBuffer;
  readonly #ids: GPUBuffer;
  readonly #weights: GPUBuffer | undefined;

  /** Allocates room for `rows` rows with `values` values in all. */
  constructor(gpu: Gpu, sizes: ListSizes, rows: number, values: number) {
    const { name, members, weighted } = sizes;
    this.#gpu = gpu;
    this.#sizes = sizes;
    this.#offsets = createBuffer(gpu, `data.${name}.offsets`, 4 * (rows + 1));
    this.#ids = createBuffer(gpu, `data.${name}.ids`, 4 * Math.max(1, members * values));
    if (weighted) this.#weights = createBuffer(gpu, `data.${name}.weights`, 4 * Math.max(1, values));
  }

  /** The buffers. */
  get buffers(): GPUBuffer[] {
    return [this.#offsets, this.#ids, ...(this.#weights ? [this.#weights] : [])];
  }

  /** Returns the buffers by the names of the graph's inputs. */
  get inputs(): Record<string, BufferRange> {
    const { name } = this.#sizes;
    return {
      [`data.${name}.offsets`]: { buffer: this.#offsets },
      [`data.${name}.ids`]: { buffer: this.#ids },
      ...(this.#weights && { [`data.${name}.weights`]: { buffer: this.#weights } }),
    };
  }

  /** Writes all lists of a data set. */
  write({ offsets, ids, weights }: Histories): void {
    writeBuffer(this.#gpu, this.#offsets, offsets);
    if (ids.length > 0) writeBuffer(this.#gpu, this.#ids, ids);
    if (this.#weights && weights!.length > 0) writeBuffer(this.#gpu, this.#weights, weights!);
  }

  /** Writes the lists of some rows, in the order in which `rowAt` names them, to the places from `base` on. */
  writeRows(
    lists: Histories,
    { rows, base }: { readonly rows: number; readonly base: number },
    rowAt: (place: number) => number,
  ): void {
    const { offsets, ids, weights } = selectHistories(lists, rows, rowAt);
    const { members, maxLength } = this.#sizes;
    const from = base * maxLength;
    writeBuffer(this.#gpu, this.#offsets, offsets.map((offset) => from + offset), 4 * base);
    if (ids.length > 0) writeBuffer(this.#gpu, this.#ids, ids, 4 * members * from);
    if (this.#weights && weights!.length > 0) writeBuffer(this.#gpu, this.#weights, weights!, 4 * from);
  }
}
