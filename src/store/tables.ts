/**
 * The numbers of embedding tables on the device: weights and optimizer state, in several buffers where one is too small.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { createBuffer, download, writeBuffer } from "../gpu/memory.ts";
import type { TableShard } from "../graph/node.ts";
import type { Table } from "../graph/parameter.ts";
import type { Initializer } from "../initializer.ts";
import { type Optimizer, rowL2Index, tableSlots } from "../optimizer.ts";

/** Rows of a table that are initialized, uploaded or downloaded at a time. */
const ROWS_AT_ONCE = 1 << 16;

/** One set of numbers of a table: its weights, or a part of the optimizer's state. */
export interface Slot {
  /** Number of the slot; the weights are 0. */
  readonly index: number;
  /** Numbers of a row. */
  readonly dim: number;
  /** Floats from one row to the next. */
  readonly stride: number;
  /** First value of state. */
  readonly initial: number;
  /** Whether it belongs into a checkpoint. */
  readonly saved: boolean;
}

/** Returns the slot of a table's weights. */
export function weightsOf(table: Table): Slot {
  return { index: 0, dim: table.dim, stride: table.stride, initial: 0, saved: true };
}

/** Returns the slots of the state that an optimizer keeps of a table. */
export function statesOf(table: Table, optimizer: Optimizer): Slot[] {
  return tableSlots(optimizer).map(({ perRow, initial, saved }, i) => ({
    index: i + 1,
    dim: perRow ? 1 : table.dim,
    stride: perRow ? 1 : table.stride,
    initial,
    saved,
  }));
}

/** Returns the slot of a table's strengths of L2 by row, beside the state of an optimizer. */
export function rowL2Of(optimizer: Optimizer): Slot {
  return { index: rowL2Index(optimizer), dim: 1, stride: 1, initial: 0, saved: false };
}

/** Buffers of tables by table, slot and shard. */
export class TableBuffers {
  readonly #gpu: Gpu;
  readonly #buffers: Map<string, GPUBuffer> = new Map();

  /** Holds nothing until tables are allocated. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** All buffers. */
  get buffers(): Iterable<GPUBuffer> {
    return this.#buffers.values();
  }

  /** Allocates a slot of a table, zero filled, in place of one that it had. */
  allocate(table: Table, { index, stride }: Slot): void {
    for (const { name, rows } of this.#windows(table, index)) {
      this.#buffers.get(name)?.destroy();
      this.#buffers.set(name, createBuffer(this.#gpu, name, 4 * rows * stride));
    }
  }

  /** Releases a slot of a table. */
  release(table: Table, { index }: Slot): void {
    for (const { name } of this.#windows(table, index)) {
      this.#buffers.get(name)?.destroy();
      this.#buffers.delete(name);
    }
  }

  /** Returns the windows of a slot. */
  shards(table: Table, slot: number): readonly TableShard[] {
    return this.#windows(table, slot).map(({ name, first, rows }) => {
      const buffer = this.#buffers.get(name);
      if (!buffer) throw new TypeError(`Cannot find buffer: no such buffer was allocated, received "${name}"`);
      return { first, rows, range: { buffer } };
    });
  }

  /**
   * Fills the weights with their first values, which depend on `seed` and the table's name alone.
   *
   * @param embeddings gives them in place of the table's own initializer where a row has more than one number
   */
  initialize(table: Table, seed: number, embeddings?: Initializer): void {
    const { name, rows, dim } = table;
    const initializer = dim > 1 && embeddings ? embeddings : table.initializer;
    this.#writeBy(table, weightsOf(table), (first, end) => {
      const values = new Float32Array((end - first) * dim);
      initializer.fill(values, { seed, name, fanIn: rows, fanOut: dim, offset: first * dim });
      return values;
    });
  }

  /** Fills a slot of state with its first value. */
  fill(table: Table, slot: Slot): void {
    this.#writeBy(table, slot, (first, end) => new Float32Array((end - first) * slot.dim).fill(slot.initial));
  }

  /** Uploads all rows of a slot, without padding. */
  write(table: Table, slot: Slot, values: Float32Array<ArrayBuffer>): void {
    this.#writeBy(table, slot, (first, end) => values.subarray(first * slot.dim, end * slot.dim));
  }

  /** Downloads all rows of a slot, without padding. */
  async read(table: Table, { index, dim, stride }: Slot): Promise<Float32Array<ArrayBuffer>> {
    const values = new Float32Array(table.rows * dim);
    for (const shard of this.shards(table, index)) {
      const padded = new Float32Array(await download(this.#gpu, shard.range.buffer, 4 * shard.rows * stride));
      if (dim === stride) values.set(padded, shard.first * dim);
      else {
        for (let row = 0; row < shard.rows; row++) {
          values.set(padded.subarray(row * stride, row * stride + dim), (shard.first + row) * dim);
        }
      }
    }
    return values;
  }

  /** Releases all buffers. */
  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }

  #windows(table: Table, slot: number): { name: string; first: number; rows: number }[] {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#gpu.device.limits;
    const most = Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / (4 * table.stride));
    return Array.from({ length: Math.ceil(table.rows / most) }, (_, shard) => ({
      name: `${table.name}.slot${slot}.shard${shard}`,
      first: shard * most,
      rows: Math.min(most, table.rows - shard * most),
    }));
  }

  /** Writes a slot a block of rows at a time; `valuesOf` returns the numbers of the rows from `first` to before `end`. */
  #writeBy(table: Table, slot: Slot, valuesOf: (first: number, end: number) => Float32Array<ArrayBuffer>): void {
    for (let first = 0; first < table.rows; first += ROWS_AT_ONCE) {
      const end = Math.min(first + ROWS_AT_ONCE, table.rows);
      this.#writeRows(table, slot, first, valuesOf(first, end));
    }
  }

  #writeRows(table: Table, { index, dim, stride }: Slot, first: number, values: Float32Array<ArrayBuffer>): void {
    const rows = values.length / dim;
    const padded = dim === stride ? values : new Float32Array(rows * stride);
    if (padded !== values) {
      for (let row = 0; row < rows; row++) padded.set(values.subarray(row * dim, (row + 1) * dim), row * stride);
    }
    for (const shard of this.shards(table, index)) {
      const from = Math.max(first, shard.first);
      const to = Math.min(first + rows, shard.first + shard.rows);
      if (from >= to) continue;
      const part = padded.subarray((from - first) * stride, (to - first) * stride);
      writeBuffer(this.#gpu, shard.range.buffer, part, 4 * (from - shard.first) * stride);
    }
  }
}
