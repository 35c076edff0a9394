/**
 * The numbers behind a model's declarations: parameters, statistics, embedding tables and optimizer state.
 *
 * @module
 */
import type { CheckpointTensor } from "./checkpoint/content.ts";
import type { Gpu } from "./gpu/device.ts";
import type { BufferRange } from "./gpu/kernel.ts";
import { download, requireAllocated, writeBuffer } from "./gpu/memory.ts";
import type { TableShard } from "./graph/node.ts";
import type { Declarations, Parameter, Table } from "./graph/parameter.ts";
import type { Storage } from "./graph/plan.ts";
import type { StorageByTable } from "./graph/table_storage.ts";
import type { Initializer } from "./initializer.ts";
import { NamedBuffers } from "./store/buffers.ts";
import { FrozenRows } from "./store/frozen_rows.ts";
import { BLOCK, type Flat, layOut, sizeOfParameter } from "./store/flat.ts";
import { OptimizerState } from "./store/optimizer_state.ts";
import { pick } from "./store/pick.ts";
import type { DenseLayers } from "./ops/train/dense_update.ts";
import { type RowOverlay, TableBuffers, weightsOf } from "./store/tables.ts";

/** Strengths of the L2 regularizer: the loss gains (l2 / 2) times the sum of squares. */
export interface L2 {
  /** Over embedding tables and first-order weights. @default {0} */
  embedding?: number;
  /** Over all other trainable parameters, biases included. @default {0} */
  net?: number;
  /**
   * Over the rows of embedding tables and first-order weights that occur in the batch, each once and divided by its
   * occurrences n_j in the training data: the loss of a batch gains (byCount / 2) sum_j |w_j|^2 / n_j. This is the
   * mini-batch-aware regularizer of DIN (Zhou et al., KDD 2018, section 5.1): frequent values are held back less, and
   * rows that a batch does not hold cost nothing. It adds to `embedding`.
   *
   * @default {0}
   */
  byCount?: number;
  /**
   * Occurrences n_j by row of the schema, for `byCount`, as {@linkcode countRows} returns them: for training on parts of
   * the data one after the other. Rows with 0 are not held back. @default those in the rows that `fit` is given
   */
  counts?: ArrayLike<number>;
  /**
   * Over the rows of the fields that are named, or of sequences with vocabularies of their own, in place of `embedding`:
   * `{ user: 1e-4 }`. `byCount` adds to it as well.
   *
   * @default {none}
   */
  byField?: Readonly<Record<string, number>>;
}

/** Strengths of the L1 regularizer, which draws weights to exactly 0. */
export interface L1 {
  /** Over embedding tables and first-order weights. @default {0} */
  embedding?: number;
  /** Over all other trainable parameters, biases included. @default {0} */
  net?: number;
}

/** Numbers of a model on the device. */
export class Store implements Storage {
  readonly #gpu: Gpu;
  readonly #declarations: Declarations;
  readonly #trainable: Flat;
  readonly #statistics: Flat;
  readonly #tables: TableBuffers;
  readonly #buffers: NamedBuffers;
  /** State of the optimizer. */
  readonly optimizer: OptimizerState;
  /** Rows of tables that training leaves as they are. */
  readonly frozen: FrozenRows = new FrozenRows();

  /**
   * Allocates the parameters, statistics and tables of `declarations`; {@linkcode Store.requireAllocated} tells whether
   * the device had room.
   *
   * @param storages how tables are stored; only ones that are `f32` can be trained
   * @throws {GpuError} when one is past the device's limit
   */
  constructor(gpu: Gpu, declarations: Declarations, storages: StorageByTable = {}) {
    this.#gpu = gpu;
    this.#declarations = declarations;
    const parameters = [...declarations.parameters.values()];
    this.#trainable = layOut(parameters.filter((parameter) => parameter.trainable));
    this.#statistics = layOut(parameters.filter((parameter) => !parameter.trainable));
    this.#tables = new TableBuffers(gpu, storages);
    this.#buffers = new NamedBuffers(gpu);
    const [buffers, tables, { count }] = [this.#buffers, this.#tables, this.#trainable];
    this.optimizer = new OptimizerState({ gpu, declarations, buffers, tables, count });
    try {
      buffers.allocate("parameters", count);
      buffers.allocate("statistics", this.#statistics.count);
      for (const table of declarations.tables.values()) this.#tables.allocate(table, weightsOf(table));
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /** Floats of the flat buffer of trainable parameters, a multiple of 64. */
  get count(): number {
    return this.#trainable.count;
  }

  /** Number of trainable scalars; padding is not counted. */
  get parameterCount(): number {
    let sum = 0;
    for (const parameter of this.#trainable.offsets.keys()) sum += sizeOfParameter(parameter);
    for (const table of this.#declarations.tables.values()) sum += table.rows * table.dim;
    return sum;
  }

  /** Bytes of the tables' weights on the device. */
  get tableBytes(): number {
    const tables = [...this.#declarations.tables.values()];
    return tables.flatMap((table) => this.shards(table, 0)).reduce((sum, { range }) => sum + range.buffer.size, 0);
  }

  /**
   * Fills everything with its first values, which depend on `seed` and the tensor's name alone.
   *
   * @param embeddings fills the embeddings in place of their own initializers
   * @param overlay changes the first values of rows of a table, of which it gets a block at a time
   */
  initialize(seed: number, embeddings?: Initializer, overlay?: RowOverlay): void {
    for (const flat of [this.#trainable, this.#statistics]) {
      for (const parameter of flat.offsets.keys()) {
        const values = new Float32Array(sizeOfParameter(parameter));
        const [fanIn, fanOut] = [parameter.shape[0], parameter.shape[parameter.shape.length - 1]];
        parameter.initializer.fill(values, { seed, name: parameter.name, fanIn, fanOut });
        this.#writeParameter(parameter, values);
      }
    }
    for (const table of this.#declarations.tables.values()) this.#tables.initialize(table, seed, embeddings, overlay);
  }

  /**
   * Waits until the device has said that it had room for everything.
   *
   * @throws {GpuError} when it had not; the message names the tensor and its bytes
   */
  async requireAllocated(): Promise<void> {
    await requireAllocated([...this.#buffers.all, ...this.#tables.buffers]);
  }

  /** Returns a named buffer: `parameters`, `parameters.1`, `gradient`, ... */
  buffer(name: string): BufferRange {
    return { buffer: this.#buffers.get(name) };
  }

  /** Returns the place of a parameter or statistic. */
  parameter(parameter: Parameter): BufferRange {
    const size = 4 * sizeOfParameter(parameter);
    const offset = this.#trainable.offsets.get(parameter);
    if (offset !== undefined) return { ...this.buffer("parameters"), offset: 4 * offset, size };
    return { ...this.buffer("statistics"), offset: 4 * this.#statistics.offsets.get(parameter)!, size };
  }

  /** Returns the place of a parameter's gradient in the flat gradient buffer. */
  gradient(parameter: Parameter): BufferRange {
    const offset = 4 * this.#trainable.offsets.get(parameter)!;
    return { ...this.buffer("gradient"), offset, size: 4 * sizeOfParameter(parameter) };
  }

  /** Returns the windows of a table's weights (slot 0) or of its optimizer state (slots from 1). */
  shards(table: Table, slot: number): readonly TableShard[] {
    return this.#tables.shards(table, slot);
  }

  /** Returns a buffer with the strength of L2 for each block of 64 floats of the flat buffer. */
  regularizers(l2: L2): BufferRange {
    return this.#strengths("l2", l2);
  }

  /** Returns a buffer with the strength of L1 for each block of 64 floats of the flat buffer. */
  shrinkage(l1: L1): BufferRange {
    return this.#strengths("l1", l1);
  }

  #strengths(name: "l1" | "l2", { embedding = 0, net = 0 }: L1): BufferRange {
    const blocks = new Float32Array(this.count / BLOCK);
    for (const [parameter, offset] of this.#trainable.offsets) {
      const strength = { embedding, net, none: 0 }[parameter.regularized];
      blocks.fill(strength, offset / BLOCK, Math.ceil((offset + sizeOfParameter(parameter)) / BLOCK));
    }
    this.#buffers.allocate(name, blocks.length);
    writeBuffer(this.#gpu, this.buffer(name).buffer, blocks);
    return this.buffer(name);
  }

  /** Returns where each parameter is in the flat buffer, for rules that look at one as a whole, and room for its ratio. */
  layers(): DenseLayers {
    const layers = [...this.#trainable.offsets].flatMap(([parameter, offset]) => {
      const blocks = Math.ceil(sizeOfParameter(parameter) / BLOCK);
      // A vector, such as a bias, is no layer.
      const adapts = Number(parameter.shape.length > 1);
      return [offset / 4, blocks * BLOCK / 4, adapts, 0];
    });
    this.#buffers.allocate("layers", layers.length);
    this.#buffers.allocate("trusts", this.count / BLOCK);
    writeBuffer(this.#gpu, this.buffer("layers").buffer, Uint32Array.from(layers));
    return { layers: this.buffer("layers"), trusts: this.buffer("trusts"), count: layers.length / 4 };
  }

  /**
   * Sets an element of a parameter.
   *
   * @throws {TypeError} when there is no such parameter
   */
  setElement(name: string, element: number, value: number): void {
    const parameter = this.#declarations.parameters.get(name);
    if (!parameter) throw new TypeError(`Cannot set a parameter: the model has none of that name, received "${name}"`);
    const { buffer, offset = 0 } = this.parameter(parameter);
    writeBuffer(this.#gpu, buffer, Float32Array.of(value), offset + 4 * element);
  }

  /** Downloads parameters, statistics and tables by name, without padding, all of them in float32. */
  async download(): Promise<Record<string, CheckpointTensor>> {
    return await this.#download((table) => this.#tables.readWeights(table));
  }

  /** Downloads parameters, statistics and tables by name as {@linkcode Store.upload} takes them: as they are stored. */
  async downloadStored(): Promise<Record<string, CheckpointTensor>> {
    return await this.#download((table) => this.#tables.readStored(table));
  }

  async #download(read: (table: Table) => Promise<CheckpointTensor>): Promise<Record<string, CheckpointTensor>> {
    const tensors: Record<string, CheckpointTensor> = {};
    const flats = [["parameters", this.#trainable], ["statistics", this.#statistics]] as const;
    for (const [name, flat] of flats) {
      const all = new Float32Array(await download(this.#gpu, this.buffer(name).buffer, 4 * flat.count));
      for (const [parameter, offset] of flat.offsets) {
        const data = all.slice(offset, offset + sizeOfParameter(parameter));
        tensors[parameter.name] = { shape: parameter.shape, data };
      }
    }
    for (const table of this.#declarations.tables.values()) tensors[table.name] = await read(table);
    return tensors;
  }

  /**
   * Uploads what {@linkcode Store.downloadStored} returned.
   *
   * @throws {TypeError} when a tensor is missing or has another shape; nothing is then changed
   */
  upload(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    const { parameters, tables } = this.#declarations;
    this.set(Object.fromEntries([...parameters.keys(), ...tables.keys()].map((name) => [name, tensors[name]])));
  }

  /**
   * Uploads some of the tensors that {@linkcode Store.downloadStored} returned; the others stay as they are.
   *
   * @throws {TypeError} when there is no tensor of a name, or one of another shape; nothing is then changed
   */
  set(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    const { parameters, tables } = this.#declarations;
    const writes = Object.keys(tensors).map((name) => {
      const [parameter, table] = [parameters.get(name), tables.get(name)];
      if (table) return this.#tables.writerOf(table, tensors);
      if (parameter) {
        const data = pick(tensors, name, parameter.shape);
        return () => this.#writeParameter(parameter, data);
      }
      throw new TypeError(`Cannot set parameters: the model has no tensor of that name, received "${name}"`);
    });
    for (const write of writes) write();
  }

  /** Releases all buffers. */
  destroy(): void {
    this.#buffers.destroy();
    this.#tables.destroy();
  }

  #writeParameter(parameter: Parameter, values: Float32Array<ArrayBuffer>): void {
    const { buffer, offset } = this.parameter(parameter);
    writeBuffer(this.#gpu, buffer, values, offset);
  }
}
