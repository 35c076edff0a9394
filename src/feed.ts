/**
 * The way of rows to the device: a data set stays there when it fits, or streams through it in chunks.
 *
 * @module
 */
import type { Dataset } from "./data/dataset.ts";
import { rowNumbers } from "./data/random.ts";
import { keepWithinMemory } from "./data/large_arrays.ts";
import { mostRows } from "./feed/budget.ts";
import { type Column, Gather } from "./feed/gather.ts";
import { HistoryBuffers, type ListSizes } from "./feed_histories.ts";
import type { Gpu } from "./gpu/device.ts";
import type { BufferRange } from "./gpu/kernel.ts";
import { createBuffer, writeBuffer } from "./gpu/memory.ts";

/** What a feed is made for. */
export interface FeedOptions {
  /** Number of fields F. */
  readonly fields: number;
  /** Whether occurrences carry values. */
  readonly hasValues: boolean;
  /** Labels of a row. @default {1} */
  readonly tasks?: number;
  /** Sizes of the lists of values that rows have. @default {none} */
  readonly histories?: readonly ListSizes[];
  /** Values of each of these lists in the data set to come, where it is known; rows have the most values otherwise. */
  readonly counts?: readonly number[];
  /** Rows of a batch; a chunk holds whole batches. */
  readonly batch: number;
  /** Rows that the data set to come is known to have; more of them stream. */
  readonly rows: number;
  /** Bytes of device memory for rows. */
  readonly budget: number;
  /**
   * Whether a chunk takes half of the buffers, so that {@linkcode Feed.advance} can gather the next one into the other
   * half while steps run on the first.
   */
  readonly ahead?: boolean;
}

/** A chunk that is in the buffers, or on its way there. */
interface Chunk {
  readonly dataset: Dataset;
  /** Order of its pass. */
  readonly order: Uint32Array<ArrayBuffer> | undefined;
  readonly gather: Gather;
  /** Position of its first row in the buffers. */
  readonly base: number;
}

/**
 * Device buffers that hold rows, field-major: a data set, or chunks of one that streams.
 *
 * The queue keeps writes and steps in order, so a write never waits for steps before it. What can leave the device
 * without work is the host, while it gathers; {@linkcode Feed.advance} spreads that over the steps of the chunk before.
 */
export class Feed {
  /** Rows that the buffers hold. */
  readonly capacity: number;
  readonly #gpu: Gpu;
  readonly #options: FeedOptions;
  readonly #ids: GPUBuffer;
  readonly #values: GPUBuffer | undefined;
  readonly #labels: GPUBuffer;
  readonly #order: GPUBuffer;
  readonly #histories: readonly HistoryBuffers[];
  /** The data set of the pass. */
  #dataset: Dataset | undefined;
  /** The data set whose rows are all in the buffers; it may leave the host's memory meanwhile. */
  #resident: WeakRef<Dataset> | undefined;
  #rowOrder: Uint32Array<ArrayBuffer> | undefined;
  /** Rows of a chunk. */
  readonly #chunkRows: number;
  /** The chunk that was located last, and the one that is to come. */
  #present: Chunk | undefined;
  #coming: Chunk | undefined;
  /** First row of the batch that was located last. */
  #located = 0;
  /** What the buffer of the order holds: the numbers of an order, or that many rows as they are. */
  #written: Uint32Array | number = 0;

  /**
   * Allocates the buffers.
   *
   * @throws {RangeError} when the budget or what the device can bind is too small for one batch
   */
  constructor(gpu: Gpu, options: FeedOptions) {
    const { fields, tasks = 1, histories = [], counts, batch } = options;
    this.#gpu = gpu;
    this.#options = options;
    const rows = Math.max(options.rows, 1);
    const isWhole = counts !== undefined && rows <= mostRows(gpu, options, counts.map((count) => count / rows));
    this.capacity = isWhole
      ? rows
      : Math.min(rows, mostRows(gpu, options, histories.map(({ maxLength }) => maxLength)));
    const batches = Math.max(1, Math.floor(this.capacity / batch));
    // The end of one half's last list and the start of the other's first are not the same number.
    const half = Math.floor((batches - Math.min(histories.length, 1)) / 2);
    this.#chunkRows = batch * (options.ahead && half > 0 ? half : batches);
    this.#ids = createBuffer(gpu, "data.ids", 4 * fields * this.capacity);
    if (options.hasValues) this.#values = createBuffer(gpu, "data.values", 4 * fields * this.capacity);
    this.#labels = createBuffer(gpu, "data.labels", 4 * tasks * this.capacity);
    this.#order = createBuffer(gpu, "data.order", 4 * this.capacity);
    this.#histories = histories.map((sizes, i) =>
      new HistoryBuffers(gpu, sizes, this.capacity, isWhole ? counts[i] : sizes.maxLength * this.capacity)
    );
  }

  /** The buffers. */
  get buffers(): GPUBuffer[] {
    const columns = [this.#ids, this.#values, this.#labels, this.#order].filter((buffer) => buffer !== undefined);
    return [...columns, ...this.#histories.flatMap(({ buffers }) => buffers)];
  }

  /** Returns the buffers by the names of the graph's inputs. */
  get inputs(): Record<string, BufferRange> {
    const inputs: Record<string, BufferRange> = {
      "data.ids": { buffer: this.#ids },
      "data.labels": { buffer: this.#labels },
      "data.order": { buffer: this.#order },
    };
    if (this.#values) inputs["data.values"] = { buffer: this.#values };
    for (const history of this.#histories) Object.assign(inputs, history.inputs);
    return inputs;
  }

  /** Batches of a data set with that many rows that can be located before the first of them runs. */
  reach(rows: number): number {
    if (rows <= this.capacity) return Infinity;
    return this.#halves ? this.#chunkRows / this.#options.batch : 1;
  }

  /** Starts a pass over `dataset`: over all rows as they are, or over those of an order. */
  begin(dataset: Dataset, order?: Uint32Array<ArrayBuffer>): void {
    const fits = dataset.rows <= this.capacity;
    if (!fits) this.#resident = undefined;
    else if (this.#resident?.deref() !== dataset) {
      this.#uploadAll(dataset);
      this.#resident = new WeakRef(dataset);
    }
    this.#dataset = dataset;
    this.#rowOrder = order;
    if (fits && order) this.#writeOrder(order);
    else this.#writeOrder(Math.min(this.capacity, dataset.rows));
  }

  /**
   * Makes sure that the batch which starts at row `first` of the pass is on the device.
   *
   * @returns the batch's position in the buffers
   */
  locate(first: number): number {
    const dataset = this.#dataset!;
    if (dataset.rows <= this.capacity) return first;
    this.#located = first;
    const chunk = this.#chunkFrom(first - first % this.#chunkRows, this.#rowOrder);
    if (chunk !== this.#present) {
      chunk.gather.finish();
      [this.#present, this.#coming] = [chunk, undefined];
    }
    return chunk.base + first - chunk.gather.first;
  }

  /**
   * Gathers a part of the chunk to come, the same share of it as is located of the present one. All batches that were
   * located must have been submitted.
   *
   * @param following order of the next pass, whose first chunk comes after the last one of this pass; none when absent
   */
  advance(following?: Uint32Array<ArrayBuffer>): void {
    const present = this.#present;
    if (!present || !this.#halves) return;
    const { gather } = present;
    const next = gather.first + gather.rows;
    if (next < rowsOf(present)) this.#coming = this.#chunkFrom(next, present.order);
    else if (following) this.#coming = this.#chunkFrom(0, following);
    this.#coming?.gather.advance(Math.min(1, (this.#located + this.#options.batch - gather.first) / gather.rows));
  }

  /** Ends a pass: the data set is no longer held on to, but known again while its rows are in the buffers. */
  end(): void {
    this.#dataset = this.#rowOrder = undefined;
    this.#present = this.#coming = undefined;
  }

  /** Copies the row numbers of a batch, `[F, B]` with zeros past the last row, for the host's sort. */
  batchIds(first: number, rows: number, out: Uint32Array<ArrayBuffer>): void {
    const dataset = this.#dataset!;
    const { fields, batch } = this.#options;
    for (let field = 0; field < fields; field++) {
      keepWithinMemory();
      const from = field * dataset.rows;
      const to = field * batch;
      if (this.#rowOrder) {
        for (let b = 0; b < rows; b++) out[to + b] = dataset.ids[from + this.#rowOrder[first + b]];
      } else out.set(dataset.ids.subarray(from + first, from + first + rows), to);
      out.fill(0, to + rows, to + batch);
    }
  }

  /** Releases the buffers. */
  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }

  /** Writes an order, or that of `rows` rows as they are, unless the buffer holds it. */
  #writeOrder(order: Uint32Array<ArrayBuffer> | number): void {
    const holds = typeof order === "number" && typeof this.#written === "number" && order <= this.#written;
    if (holds) return;
    writeBuffer(
      this.#gpu,
      this.#order,
      typeof order === "number" ? rowNumbers(order) : order,
    );
    this.#written = order;
  }

  get #halves(): boolean {
    return 2 * this.#chunkRows <= this.capacity;
  }

  /** Returns the chunk of the pass with that order whose first row is `first`, in the half that is not in use. */
  #chunkFrom(first: number, order: Uint32Array<ArrayBuffer> | undefined): Chunk {
    const dataset = this.#dataset!;
    const known = [this.#present, this.#coming].find((chunk) =>
      chunk?.dataset === dataset && chunk.order === order && chunk.gather.first === first
    );
    if (known) return known;
    const base = this.#halves && this.#present?.base === 0 ? this.capacity - this.#chunkRows : 0;
    const rows = Math.min(this.#chunkRows, rowsOf({ dataset, order }) - first);
    const columns = this.#columnsOf(dataset);
    const gather = new Gather(columns.map(({ numbers }) => numbers), order, { first, rows }, (column, numbers) => {
      const { buffer, at } = columns[column];
      writeBuffer(this.#gpu, buffer, numbers, 4 * (at + base));
      keepWithinMemory();
      if (column === columns.length - 1) this.#writeLists(dataset, { first, rows, base }, order);
    });
    return { dataset, order, gather, base };
  }

  #uploadAll(dataset: Dataset): void {
    this.#present = this.#coming = undefined;
    for (const { numbers, buffer, at } of this.#columnsOf(dataset)) writeBuffer(this.#gpu, buffer, numbers, 4 * at);
    this.#histories.forEach((history, i) => history.write(dataset.histories[i]));
  }

  #writeLists(
    { histories }: Dataset,
    { first, rows, base }: { first: number; rows: number; base: number },
    order: Uint32Array<ArrayBuffer> | undefined,
  ): void {
    const rowAt = (place: number): number => order ? order[first + place] : first + place;
    this.#histories.forEach((history, i) => history.writeRows(histories[i], { rows, base }, rowAt));
  }

  /** Returns a data set's columns, each with its buffer and the place of its first number there. */
  #columnsOf(dataset: Dataset): { numbers: Column; buffer: GPUBuffer; at: number }[] {
    const columns: { numbers: Column; buffer: GPUBuffer; at: number }[] = [];
    for (let field = 0; field < this.#options.fields; field++) {
      const [start, end] = [field * dataset.rows, (field + 1) * dataset.rows];
      const at = field * this.capacity;
      columns.push({ numbers: dataset.ids.subarray(start, end), buffer: this.#ids, at });
      if (!this.#values) continue;
      columns.push({ numbers: bitsOf(dataset.values!).subarray(start, end), buffer: this.#values, at });
    }
    for (let task = 0; task < (this.#options.tasks ?? 1); task++) {
      const numbers = bitsOf(dataset.labels).subarray(task * dataset.rows, (task + 1) * dataset.rows);
      columns.push({ numbers, buffer: this.#labels, at: task * this.capacity });
    }
    return columns;
  }
}

/** Returns how many rows a pass has. */
function rowsOf({ dataset, order }: Pick<Chunk, "dataset" | "order">): number {
  return order?.length ?? dataset.rows;
}

function bitsOf({ buffer, byteOffset, length }: Float32Array<ArrayBuffer>): Column {
  return new Uint32Array(buffer, byteOffset, length);
}
