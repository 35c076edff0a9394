/**
 * The numbers that an optimizer keeps of a model's parameters and tables.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { Gpu } from "../gpu/device.ts";
import { download, requireAllocated, writeBuffer } from "../gpu/memory.ts";
import type { Declarations, Table } from "../graph/parameter.ts";
import type { Optimizer } from "../optimizer.ts";
import type { NamedBuffers } from "./buffers.ts";
import { pick } from "./pick.ts";
import { rowL2Of, rowStrengthOf, type Slot, statesOf, type TableBuffers, weightsOf } from "./tables.ts";

/** Where the numbers of a model are. */
export interface StateSpace {
  /** The device. */
  readonly gpu: Gpu;
  /** Parameters and tables. */
  readonly declarations: Declarations;
  /** Buffers of dense numbers; the weights are in `parameters`. */
  readonly buffers: NamedBuffers;
  /** Buffers of tables. */
  readonly tables: TableBuffers;
  /** Floats of the buffer of trainable parameters. */
  readonly count: number;
}

/** Options of {@linkcode OptimizerState.prepare}. */
export interface PrepareOptions {
  /** Whether state that {@linkcode OptimizerState.keep} kept is taken up. @default {false} */
  readonly takeUp?: boolean;
  /** Strengths of L2 by row, which every table gets. */
  readonly rowL2?: Float32Array<ArrayBuffer>;
  /** Coupled L2 by row, of the tables whose rows have their own. @default {none} */
  readonly strengths?: ReadonlyMap<Table, Float32Array<ArrayBuffer>>;
}

/** State of an optimizer on the device: for the time of a `fit`, or kept for the next one. */
export class OptimizerState {
  readonly #space: StateSpace;
  #optimizer: Optimizer | undefined;
  /** Steps behind the state that no `fit` uses at the moment; undefined where there is none. */
  #keptSteps: number | undefined;

  /** Holds nothing until an optimizer is prepared. */
  constructor(space: StateSpace) {
    this.#space = space;
  }

  /**
   * Allocates state for `optimizer` and sets it to its first values, or takes up the state that was kept.
   *
   * @returns the steps behind the state; 0 where it has its first values
   * @throws {TypeError} when the state that was kept is of another kind of optimizer
   * @throws {GpuError} when the device has too little memory
   */
  async prepare(optimizer: Optimizer, { takeUp = false, rowL2, strengths }: PrepareOptions = {}): Promise<number> {
    const { buffers, count } = this.#space;
    const steps = takeUp ? this.#keptSteps : undefined;
    if (steps === undefined) {
      this.release();
      this.#optimizer = optimizer;
      this.#allocate(optimizer);
    } else {
      requireSameState(this.#optimizer!, optimizer);
      this.#optimizer = optimizer;
      this.#keptSteps = undefined;
    }
    buffers.allocate("gradient", count);
    const byRow = this.#numbersByRow(optimizer, { rowL2, strengths });
    for (const [table, slot] of byRow) this.#space.tables.allocate(table, slot);
    await requireAllocated([...buffers.all, ...this.#space.tables.buffers]);
    if (steps === undefined) this.#initialize(optimizer);
    for (const [table, slot, numbers] of byRow) this.#space.tables.write(table, slot, numbers);
    return steps ?? 0;
  }

  /** Keeps the state, with the number of steps behind it, for the next `fit`; the rest of what training needs is released. */
  keep(steps: number): void {
    this.#keptSteps = steps;
    this.#space.buffers.release(["gradient", "l2"]);
    this.#releaseRows();
  }

  /** Releases the state and what else training alone needs. */
  release(): void {
    const { buffers, declarations, tables } = this.#space;
    const optimizer = this.#optimizer;
    if (!optimizer) return;
    this.#releaseRows();
    this.#optimizer = this.#keptSteps = undefined;
    buffers.release(["gradient", "l2", ...namesOf(optimizer)]);
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, optimizer)) tables.release(table, slot);
    }
  }

  /** Gives the prepared optimizer the weights there are, where its rule would compute others from its state alone. */
  async carryWeights(): Promise<void> {
    const { gpu, buffers, declarations, tables, count } = this.#space;
    const { carrier } = this.#optimizer ?? {};
    if (!carrier) return;
    const stateOf = (weights: Float32Array<ArrayBuffer>) => weights.map((weight) => carrier.stateOf(weight));
    const dense = new Float32Array(await download(gpu, buffers.get("parameters"), 4 * count));
    writeBuffer(gpu, buffers.get(`parameters.${carrier.slot + 1}`), stateOf(dense));
    for (const table of declarations.tables.values()) {
      const weights = await tables.read(table, weightsOf(table));
      tables.write(table, statesOf(table, this.#optimizer!)[carrier.slot], stateOf(weights));
    }
  }

  /** Downloads the state by name. */
  async download(): Promise<Record<string, CheckpointTensor>> {
    const { gpu, buffers, declarations, tables, count } = this.#space;
    const tensors: Record<string, CheckpointTensor> = {};
    const optimizer = this.#optimizer;
    if (!optimizer) return tensors;
    for (const name of namesOf(optimizer)) {
      const data = new Float32Array(await download(gpu, buffers.get(name), 4 * count));
      tensors[`optimizer/${name}`] = { shape: [count], data };
    }
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, optimizer)) {
        if (!slot.saved) continue;
        const data = await tables.read(table, slot);
        tensors[`optimizer/${table.name}.${slot.index}`] = { shape: [table.rows, slot.dim], data };
      }
    }
    return tensors;
  }

  /**
   * Uploads what {@linkcode OptimizerState.download} returned.
   *
   * @throws {TypeError} when a tensor is missing or has another shape
   */
  upload(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    const { gpu, buffers, declarations, tables, count } = this.#space;
    const optimizer = this.#optimizer;
    if (!optimizer) throw new TypeError("Cannot restore the optimizer: none was prepared");
    for (const name of namesOf(optimizer)) {
      writeBuffer(gpu, buffers.get(name), pick(tensors, `optimizer/${name}`, [count]));
    }
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, optimizer)) {
        if (!slot.saved) continue;
        tables.write(table, slot, pick(tensors, `optimizer/${table.name}.${slot.index}`, [table.rows, slot.dim]));
      }
    }
  }

  /** Returns the strengths of L2 by row with the slots that they go to. */
  #numbersByRow(
    optimizer: Optimizer,
    { rowL2, strengths }: PrepareOptions,
  ): [Table, Slot, Float32Array<ArrayBuffer>][] {
    const tables = rowL2 ? [...this.#space.declarations.tables.values()] : [];
    return [
      ...tables.map((table): [Table, Slot, Float32Array<ArrayBuffer>] => [table, rowL2Of(optimizer), rowL2!]),
      ...[...strengths ?? []].map(([table, numbers]): [Table, Slot, Float32Array<ArrayBuffer>] => [
        table,
        rowStrengthOf(optimizer),
        numbers,
      ]),
    ];
  }

  #releaseRows(): void {
    const { declarations, tables } = this.#space;
    for (const table of declarations.tables.values()) {
      for (const slot of [rowL2Of(this.#optimizer!), rowStrengthOf(this.#optimizer!)]) tables.release(table, slot);
    }
  }

  #allocate(optimizer: Optimizer): void {
    const { buffers, declarations, tables, count } = this.#space;
    for (const name of namesOf(optimizer)) buffers.allocate(name, count);
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, optimizer)) tables.allocate(table, slot);
    }
  }

  #initialize(optimizer: Optimizer): void {
    const { gpu, buffers, declarations, tables, count } = this.#space;
    namesOf(optimizer).forEach((name, i) => {
      writeBuffer(gpu, buffers.get(name), new Float32Array(count).fill(i === 0 ? optimizer.initialState : 0));
    });
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, optimizer)) if (slot.initial !== 0) tables.fill(table, slot);
    }
  }
}

/** Returns the names of the buffers that an optimizer's state of dense parameters is in. */
function namesOf({ slots }: Optimizer): string[] {
  return Array.from({ length: slots }, (_, i) => `parameters.${i + 1}`);
}

/** Refuses to go on from the state of another kind of optimizer; rates and other constants may differ. */
function requireSameState(kept: Optimizer, wanted: Optimizer): void {
  const describe = ({ name, slots, embeddingUpdate }: Optimizer): string =>
    `${name} with ${slots} numbers of state and ${embeddingUpdate} updates`;
  const [had, has] = [describe(kept), describe(wanted)];
  if (had !== has) {
    throw new TypeError(`Cannot go on from the optimizer's state: it is that of ${had}, received ${has}`);
  }
}
