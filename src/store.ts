/**
 * The numbers behind a model's declarations: parameters, statistics, embedding tables and optimiser state.
 *
 * @module
 */
import type { CheckpointTensor } from "./checkpoint.ts";
import type { Gpu } from "./gpu/device.ts";
import type { BufferRange } from "./gpu/kernel.ts";
import { createBuffer, download, requireAllocated, writeBuffer } from "./gpu/memory.ts";
import type { TableShard } from "./graph/node.ts";
import type { Declarations, Parameter, Table } from "./graph/parameter.ts";
import type { Storage } from "./graph/plan.ts";
import type { Optimizer } from "./optimizer.ts";
import { statesOf, TableBuffers, weightsOf } from "./store/tables.ts";

/** Floats to which each parameter is aligned, since buffer ranges start at multiples of 256 bytes. */
const BLOCK = 64;

/** Strengths of the L2 regulariser: the loss gains (l2 / 2) times the sum of squares. */
export interface L2 {
  /** Over embedding tables and first-order weights. @default {0} */
  embedding?: number;
  /** Over all other trainable parameters, biases included. @default {0} */
  net?: number;
}

/** Dense numbers in one flat buffer, each tensor at an aligned offset. */
interface Flat {
  readonly offsets: ReadonlyMap<Parameter, number>;
  readonly count: number;
}

/** Numbers of a model on the device. */
export class Store implements Storage {
  readonly #gpu: Gpu;
  readonly #declarations: Declarations;
  readonly #trainable: Flat;
  readonly #statistics: Flat;
  readonly #tables: TableBuffers;
  readonly #buffers: Map<string, GPUBuffer> = new Map();
  #optimizer: Optimizer | undefined;

  /**
   * Allocates the parameters, statistics and tables of `declarations`; {@linkcode Store.requireAllocated} tells whether
   * the device had room.
   *
   * @throws {GpuError} when one is past the device's limit
   */
  constructor(gpu: Gpu, declarations: Declarations) {
    this.#gpu = gpu;
    this.#declarations = declarations;
    const parameters = [...declarations.parameters.values()];
    this.#trainable = layOut(parameters.filter((parameter) => parameter.trainable));
    this.#statistics = layOut(parameters.filter((parameter) => !parameter.trainable));
    this.#tables = new TableBuffers(gpu);
    try {
      this.#allocate("parameters", this.#trainable.count);
      this.#allocate("statistics", this.#statistics.count);
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

  /** Fills everything with its first values, which depend on `seed` and the tensor's name alone. */
  initialize(seed: number): void {
    for (const flat of [this.#trainable, this.#statistics]) {
      for (const parameter of flat.offsets.keys()) {
        const values = new Float32Array(sizeOfParameter(parameter));
        const [fanIn, fanOut] = [parameter.shape[0], parameter.shape[parameter.shape.length - 1]];
        parameter.initializer.fill(values, { seed, name: parameter.name, fanIn, fanOut });
        this.#writeParameter(parameter, values);
      }
    }
    for (const table of this.#declarations.tables.values()) this.#tables.initialize(table, seed);
  }

  /**
   * Waits until the device has said that it had room for everything.
   *
   * @throws {GpuError} when it had not; the message names the tensor and its bytes
   */
  async requireAllocated(): Promise<void> {
    await requireAllocated([...this.#buffers.values(), ...this.#tables.buffers]);
  }

  /**
   * Allocates state for `optimizer` and sets it to its first values.
   *
   * @throws {GpuError} when the device has too little memory
   */
  async prepareOptimizer(optimizer: Optimizer): Promise<void> {
    this.#optimizer = optimizer;
    for (let slot = 1; slot <= optimizer.slots; slot++) this.#allocate(`parameters.${slot}`, this.count);
    this.#allocate("gradient", this.count);
    const tables = [...this.#declarations.tables.values()];
    for (const table of tables) for (const slot of statesOf(table, optimizer)) this.#tables.allocate(table, slot);
    await this.requireAllocated();
    for (let slot = 1; slot <= optimizer.slots; slot++) {
      const first = slot === 1 ? optimizer.initialState : 0;
      writeBuffer(this.#gpu, this.buffer(`parameters.${slot}`).buffer, new Float32Array(this.count).fill(first));
    }
    for (const table of tables) {
      for (const slot of statesOf(table, optimizer)) if (slot.initial !== 0) this.#tables.fill(table, slot);
    }
  }

  /** Releases the state of an optimiser and what else training alone needs. */
  releaseOptimizer(): void {
    const optimizer = this.#optimizer;
    if (!optimizer) return;
    this.#optimizer = undefined;
    const states = Array.from({ length: optimizer.slots }, (_, i) => `parameters.${i + 1}`);
    for (const name of ["gradient", "l2", ...states]) {
      this.#buffers.get(name)?.destroy();
      this.#buffers.delete(name);
    }
    for (const table of this.#declarations.tables.values()) {
      for (const slot of statesOf(table, optimizer)) this.#tables.release(table, slot);
    }
  }

  /** Returns a named buffer: `parameters`, `parameters.1`, `gradient`, ... */
  buffer(name: string): BufferRange {
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new TypeError(`Cannot find buffer: no such buffer was allocated, received "${name}"`);
    return { buffer };
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

  /** Returns the windows of a table's weights (slot 0) or of its optimiser state (slots from 1). */
  shards(table: Table, slot: number): readonly TableShard[] {
    return this.#tables.shards(table, slot);
  }

  /** Returns a buffer with the strength of L2 for each block of 64 floats of the flat buffer. */
  regularizers(l2: L2): BufferRange {
    const blocks = new Float32Array(this.count / BLOCK);
    for (const [parameter, offset] of this.#trainable.offsets) {
      const strength = parameter.regularized === "none" ? 0 : l2[parameter.regularized] ?? 0;
      blocks.fill(strength, offset / BLOCK, Math.ceil((offset + sizeOfParameter(parameter)) / BLOCK));
    }
    this.#allocate("l2", blocks.length);
    writeBuffer(this.#gpu, this.buffer("l2").buffer, blocks);
    return this.buffer("l2");
  }

  /**
   * Sets all elements of a parameter to one value.
   *
   * @throws {TypeError} when there is no such parameter
   */
  fill(name: string, value: number): void {
    const parameter = this.#declarations.parameters.get(name);
    if (!parameter) throw new TypeError(`Cannot set a parameter: the model has none of that name, received "${name}"`);
    this.#writeParameter(parameter, new Float32Array(sizeOfParameter(parameter)).fill(value));
  }

  /** Gives the prepared optimiser the weights there are, where its rule would compute others from its state alone. */
  async carryWeights(): Promise<void> {
    const { carrier } = this.#optimizer ?? {};
    if (!carrier) return;
    const stateOf = (weights: Float32Array<ArrayBuffer>) => weights.map((weight) => carrier.stateOf(weight));
    const dense = new Float32Array(await download(this.#gpu, this.buffer("parameters").buffer, 4 * this.count));
    writeBuffer(this.#gpu, this.buffer(`parameters.${carrier.slot + 1}`).buffer, stateOf(dense));
    for (const table of this.#declarations.tables.values()) {
      const weights = await this.#tables.read(table, weightsOf(table));
      this.#tables.write(table, statesOf(table, this.#optimizer!)[carrier.slot], stateOf(weights));
    }
  }

  /** Downloads parameters, statistics and tables by name, without padding. */
  async download(): Promise<Record<string, CheckpointTensor>> {
    const tensors: Record<string, CheckpointTensor> = {};
    const flats = [["parameters", this.#trainable], ["statistics", this.#statistics]] as const;
    for (const [name, flat] of flats) {
      const all = new Float32Array(await download(this.#gpu, this.buffer(name).buffer, 4 * flat.count));
      for (const [parameter, offset] of flat.offsets) {
        const data = all.slice(offset, offset + sizeOfParameter(parameter));
        tensors[parameter.name] = { shape: parameter.shape, data };
      }
    }
    for (const table of this.#declarations.tables.values()) {
      tensors[table.name] = { shape: [table.rows, table.dim], data: await this.#tables.read(table, weightsOf(table)) };
    }
    return tensors;
  }

  /**
   * Uploads what {@linkcode Store.download} returned.
   *
   * @throws {TypeError} when a tensor is missing or has another shape
   */
  upload(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    for (const flat of [this.#trainable, this.#statistics]) {
      for (const parameter of flat.offsets.keys()) {
        this.#writeParameter(parameter, pick(tensors, parameter.name, parameter.shape));
      }
    }
    for (const table of this.#declarations.tables.values()) {
      this.#tables.write(table, weightsOf(table), pick(tensors, table.name, [table.rows, table.dim]));
    }
  }

  /** Downloads the optimiser's state by name. */
  async downloadState(): Promise<Record<string, CheckpointTensor>> {
    const tensors: Record<string, CheckpointTensor> = {};
    const optimizer = this.#optimizer;
    if (!optimizer) return tensors;
    for (let slot = 1; slot <= optimizer.slots; slot++) {
      const data = new Float32Array(
        await download(this.#gpu, this.buffer(`parameters.${slot}`).buffer, 4 * this.count),
      );
      tensors[`optimizer/parameters.${slot}`] = { shape: [this.count], data };
    }
    for (const table of this.#declarations.tables.values()) {
      for (const slot of statesOf(table, optimizer)) {
        if (!slot.saved) continue;
        const data = await this.#tables.read(table, slot);
        tensors[`optimizer/${table.name}.${slot.index}`] = { shape: [table.rows, slot.dim], data };
      }
    }
    return tensors;
  }

  /**
   * Uploads what {@linkcode Store.downloadState} returned.
   *
   * @throws {TypeError} when a tensor is missing or has another shape
   */
  uploadState(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    const optimizer = this.#optimizer;
    if (!optimizer) throw new TypeError("Cannot restore the optimiser: none was prepared");
    for (let slot = 1; slot <= optimizer.slots; slot++) {
      const data = pick(tensors, `optimizer/parameters.${slot}`, [this.count]);
      writeBuffer(this.#gpu, this.buffer(`parameters.${slot}`).buffer, data);
    }
    for (const table of this.#declarations.tables.values()) {
      for (const slot of statesOf(table, optimizer)) {
        if (!slot.saved) continue;
        const data = pick(tensors, `optimizer/${table.name}.${slot.index}`, [table.rows, slot.dim]);
        this.#tables.write(table, slot, data);
      }
    }
  }

  /** Releases all buffers. */
  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
    this.#tables.destroy();
  }

  #allocate(name: string, floats: number): void {
    this.#buffers.get(name)?.destroy();
    this.#buffers.set(name, createBuffer(this.#gpu, name, 4 * floats));
  }

  #writeParameter(parameter: Parameter, values: Float32Array<ArrayBuffer>): void {
    const { buffer, offset } = this.parameter(parameter);
    writeBuffer(this.#gpu, buffer, values, offset);
  }
}

function layOut(parameters: readonly Parameter[]): Flat {
  const offsets = new Map<Parameter, number>();
  let count = 0;
  for (const parameter of parameters) {
    offsets.set(parameter, count);
    count += Math.ceil(sizeOfParameter(parameter) / BLOCK) * BLOCK;
  }
  return { offsets, count: Math.max(count, BLOCK) };
}

function sizeOfParameter(parameter: Parameter): number {
  return parameter.shape.reduce((product, dim) => product * dim, 1);
}

function pick(
  tensors: Readonly<Record<string, CheckpointTensor>>,
  name: string,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const tensor = tensors[name];
  if (!tensor) throw new TypeError(`Cannot load parameters: "${name}" is missing`);
  if (tensor.shape.join() !== shape.join()) {
    throw new TypeError(`Cannot load parameters: "${name}" must have shape [${shape}], received [${tensor.shape}]`);
  }
  return tensor.data as Float32Array<ArrayBuffer>;
}
