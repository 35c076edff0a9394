/**
 * The numbers of embedding tables on the device: weights and optimizer state, in several buffers where one is too small.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { Gpu } from "../gpu/device.ts";
import { createBuffer, download, writeBuffer } from "../gpu/memory.ts";
import type { TableShard } from "../graph/node.ts";
import type { Table } from "../graph/parameter.ts";
import { halvesOf, type RowStorage, type StorageByTable, wordsOf } from "../graph/table_storage.ts";
import type { Initializer } from "../initializer.ts";
import { type Optimizer, rowL2Index, rowStrengthIndex, tableSlots } from "../optimizer.ts";
import { pick, pickWords } from "./pick.ts";
import { decodeRows } from "./row_codec.ts";

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

/** Changes the first values `[rows, D]` of a table's rows from `first` on. */
export type RowOverlay = (table: Table, values: Float32Array<ArrayBuffer>, first: number) => void;

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

/** Returns the slot of the coupled L2 of a table's rows, beside the state of an optimizer. */
export function rowStrengthOf(optimizer: Optimizer): Slot {
  return { index: rowStrengthIndex(optimizer), dim: 1, stride: 1, initial: 0, saved: false };
}

/** Buffers of tables by table, slot and shard. */
export class TableBuffers {
  readonly #gpu: Gpu;
  readonly #storages: StorageByTable;
  readonly #buffers: Map<string, GPUBuffer> = new Map();

  /** Holds nothing until tables are allocated. */
  constructor(gpu: Gpu, storages: StorageByTable = {}) {
    this.#gpu = gpu;
    this.#storages = storages;
  }

  /** All buffers. */
  get buffers(): Iterable<GPUBuffer> {
    return this.#buffers.values();
  }

  /** Allocates a slot of a table, zero filled, in place of one that it had. */
  allocate(table: Table, { index, stride }: Slot): void {
    const storage = index === 0 ? this.storageOf(table) : "f32";
    for (const { name, rows } of this.#windows(table, index)) {
      this.#buffers.get(name)?.destroy();
      const words = storage === "f32" ? rows * stride : wordsOf(storage, table, rows);
      this.#buffers.set(name, createBuffer(this.#gpu, name, 4 * words));
    }
  }

  /** Returns how a table's weights are stored. */
  storageOf({ name }: Table): RowStorage {
    return this.#storages[name] ?? "f32";
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
      return { first, rows, range: { buffer }, ...(slot === 0 && { storage: this.storageOf(table) }) };
    });
  }

  /**
   * Fills the weights with their first values, which depend on `seed` and the table's name alone.
   *
   * @param embeddings gives them in place of the table's own initializer where a row has more than one number
   * @param overlay changes some of them
   */
  initialize(table: Table, seed: number, embeddings?: Initializer, overlay?: RowOverlay): void {
    const { name, rows, dim } = table;
    const initializer = dim > 1 && embeddings ? embeddings : table.initializer;
    this.#writeBy(table, weightsOf(table), (first, end) => {
      const values = new Float32Array((end - first) * dim);
      initializer.fill(values, { seed, name, fanIn: rows, fanOut: dim, offset: first * dim });
      overlay?.(table, values, first);
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

  /** Downloads the weights `[rows, D]` in float32, however they are stored. */
  async readWeights(table: Table): Promise<CheckpointTensor> {
    const storage = this.storageOf(table);
    const data = storage === "f32"
      ? await this.read(table, weightsOf(table))
      : decodeRows(table, storage, await this.#readWords(table), table.rows);
    return { shape: [table.rows, table.dim], data };
  }

  /** Downloads the weights as they are stored: words `[count]` where that is in fewer bits than float32. */
  async readStored(table: Table): Promise<CheckpointTensor> {
    if (this.storageOf(table) === "f32") return await this.readWeights(table);
    const data = await this.#readWords(table);
    return { shape: [data.length], data };
  }

  /**
   * Returns what uploads the weights that {@linkcode TableBuffers.readStored} returned.
   *
   * @throws {TypeError} when they are not among the tensors, or are stored otherwise
   */
  writerOf(table: Table, tensors: Readonly<Record<string, CheckpointTensor>>): () => void {
    const storage = this.storageOf(table);
    if (storage === "f32") {
      const values = pick(tensors, table.name, [table.rows, table.dim]);
      return () => this.write(table, weightsOf(table), values);
    }
    const words = pickWords(tensors, table.name, wordsOf(storage, table, table.rows));
    return () => {
      for (const { first, rows, range } of this.shards(table, 0)) {
        writeBuffer(this.#gpu, range.buffer, words.subarray(...this.#wordsAt(table, first, rows)));
      }
    };
  }

  /** Releases all buffers. */
  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }

  #windows(table: Table, slot: number): { name: string; first: number; rows: number }[] {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#gpu.device.limits;
    const halves = halvesOf(this.storageOf(table), table.dim);
    const fitting = Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / (2 * halves));
    // Where two rows share a word, a window begins with the first of them.
    const most = halves % 2 === 0 ? fitting : fitting - fitting % 2;
    return Array.from({ length: Math.ceil(table.rows / most) }, (_, shard) => ({
      name: `${table.name}.slot${slot}.shard${shard}`,
      first: shard * most,
      rows: Math.min(most, table.rows - shard * most),
    }));
  }

  async #readWords(table: Table): Promise<Uint32Array<ArrayBuffer>> {
    const words = new Uint32Array(wordsOf(this.storageOf(table), table, table.rows));
    for (const { first, rows, range } of this.shards(table, 0)) {
      const [start, end] = this.#wordsAt(table, first, rows);
      words.set(new Uint32Array(await download(this.#gpu, range.buffer, 4 * (end - start))), start);
    }
    return words;
  }

  /** Returns the first word of a window of weights of fewer bits, and the one past its last. */
  #wordsAt(table: Table, first: number, rows: number): [start: number, end: number] {
    const storage = this.storageOf(table);
    const start = wordsOf(storage, table, first);
    return [start, start + wordsOf(storage, table, rows)];
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
