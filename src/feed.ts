/**
 * The way of rows to the device: a data set stays there when it fits, or streams through it in chunks.
 *
 * @module
 */
import type { Dataset } from "./data/dataset.ts";
import { bytesOfValue, HistoryBuffers, type ListSizes } from "./feed_histories.ts";
import { rowNumbers } from "./data/random.ts";
import type { Gpu } from "./gpu/device.ts";
import type { BufferRange } from "./gpu/kernel.ts";
import { createBuffer, writeBuffer } from "./gpu/memory.ts";

/** What a feed is made for. */
export interface FeedOptions {
  /** Number of fields F. */
  readonly fields: number;
  /** Whether occurrences carry values. */
  readonly hasValues: boolean;
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
}

/** Device buffers that hold a chunk of rows, field-major. */
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
  #chunk = -1;
  /** What the buffer of the order holds: the numbers of an order, or that many rows as they are. */
  #written: Uint32Array | number = 0;

  /**
   * Allocates the buffers.
   *
   * @throws {RangeError} when the budget or what the device can bind is too small for one batch
   */
  constructor(gpu: Gpu, options: FeedOptions) {
    const { fields, histories = [], counts } = options;
    this.#gpu = gpu;
    this.#options = options;
    const rows = Math.max(options.rows, 1);
    const isWhole = counts !== undefined && rows <= mostRows(gpu, options, counts.map((count) => count / rows));
    this.capacity = isWhole
      ? rows
      : Math.min(rows, mostRows(gpu, options, histories.map(({ maxLength }) => maxLength)));
    this.#ids = createBuffer(gpu, "data.ids", 4 * fields * this.capacity);
    if (options.hasValues) this.#values = createBuffer(gpu, "data.values", 4 * fields * this.capacity);
    this.#labels = createBuffer(gpu, "data.labels", 4 * this.capacity);
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

  /** Starts a pass over `dataset` in the given order of rows, or in the data set's own. */
  begin(dataset: Dataset, order?: Uint32Array<ArrayBuffer>): void {
    const fits = dataset.rows <= this.capacity;
    if (!fits) this.#resident = undefined;
    else if (this.#resident?.deref() !== dataset) {
      this.#uploadAll(dataset);
      this.#resident = new WeakRef(dataset);
    }
    this.#dataset = dataset;
    this.#rowOrder = order;
    this.#chunk = fits ? 0 : -1;
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
    const size = Math.floor(this.capacity / this.#options.batch) * this.#options.batch;
    const chunk = Math.floor(first / size);
    if (chunk !== this.#chunk) this.#uploadChunk(dataset, chunk * size, Math.min(size, dataset.rows - chunk * size));
    this.#chunk = chunk;
    return first - chunk * size;
  }

  /** Ends a pass: the data set is no longer held on to, but known again while its rows are in the buffers. */
  end(): void {
    this.#dataset = this.#rowOrder = undefined;
  }

  /** Copies the row numbers of a batch, `[F, B]` with zeros past the last row, for the host's sort. */
  batchIds(first: number, rows: number, out: Uint32Array<ArrayBuffer>): void {
    const dataset = this.#dataset!;
    const { fields, batch } = this.#options;
    for (let field = 0; field < fields; field++) {
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

  #uploadAll(dataset: Dataset): void {
    const { fields } = this.#options;
    for (let field = 0; field < fields; field++) {
      const column = (all: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>) =>
        all.subarray(field * dataset.rows, (field + 1) * dataset.rows);
      writeBuffer(this.#gpu, this.#ids, column(dataset.ids), 4 * field * this.capacity);
      if (this.#values) writeBuffer(this.#gpu, this.#values, column(dataset.values!), 4 * field * this.capacity);
    }
    writeBuffer(this.#gpu, this.#labels, dataset.labels);
    this.#histories.forEach((history, i) => history.write(dataset.histories[i]));
  }

  #uploadChunk(dataset: Dataset, first: number, rows: number): void {
    const { fields } = this.#options;
    const order = this.#rowOrder;
    const ids = new Uint32Array(rows);
    const values = new Float32Array(rows);
    const labels = new Float32Array(rows);
    for (let field = 0; field < fields; field++) {
      const from = field * dataset.rows;
      for (let i = 0; i < rows; i++) ids[i] = dataset.ids[from + (order ? order[first + i] : first + i)];
      writeBuffer(this.#gpu, this.#ids, ids, 4 * field * this.capacity);
      if (!this.#values) continue;
      const all = dataset.values!;
      for (let i = 0; i < rows; i++) values[i] = all[from + (order ? order[first + i] : first + i)];
      writeBuffer(this.#gpu, this.#values, values, 4 * field * this.capacity);
    }
    for (let i = 0; i < rows; i++) labels[i] = dataset.labels[order ? order[first + i] : first + i];
    writeBuffer(this.#gpu, this.#labels, labels);
    const rowAt = (place: number) => order ? order[first + place] : first + place;
    this.#histories.forEach((history, i) => history.writeRows(dataset.histories[i], rows, rowAt));
  }
}

/**
 * Returns the rows, in whole batches, that fit in the budget and in bindings, where lists have so many values a row.
 *
 * @throws {RangeError} when not even a batch does
 */
function mostRows(gpu: Gpu, options: FeedOptions, lengths: readonly number[]): number {
  const { fields, hasValues, histories = [], batch, budget } = options;
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const binding = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  const bytes = histories.map((sizes, i) => {
    const { all, largest } = bytesOfValue(sizes);
    return { all: 4 + all * lengths[i], largest: largest * lengths[i] };
  });
  const perRow = bytes.reduce((sum, { all }) => sum + all, 4 * (fields * (hasValues ? 2 : 1) + 2));
  const largest = Math.max(4 * fields, ...bytes.map((list) => list.largest));
  if (perRow * batch > budget) {
    throw new RangeError(
      `Cannot feed rows: a batch of ${batch} rows takes ${perRow * batch} bytes, received a budget of ${budget}`,
    );
  }
  if (largest * batch > binding) {
    throw new RangeError(
      `Cannot feed rows: the device binds ${binding} bytes at a time, received a batch of ${batch} rows with ` +
        `${largest * batch} bytes of row numbers`,
    );
  }
  return Math.floor(Math.min(budget / perRow, binding / largest) / batch) * batch;
}
