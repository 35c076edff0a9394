/**
 * The numbers that an optimizer keeps of a model's parameters and tables.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { Gpu } from "../gpu/device.ts";
import { download, requireAllocated, writeBuffer } from "../gpu/memory.ts";
import type { Declarations, Table } from "../graph/parameter.ts";
import { schemaRows } from "../graph/row_spans.ts";
import type { Optimizer } from "../optimizer.ts";
import { type AnyOptimizer, OPTIMIZER_PARTS, ruleOf, type Rules, rulesOf } from "../optimizer/parts.ts";
import type { NamedBuffers } from "./buffers.ts";
import { type EarlierState, kindsOf } from "./earlier_state.ts";
import { pick } from "./pick.ts";
import { rowL2Of, rowStrengthOf, type Slot, statesOf, type TableBuffers, weightsOf } from "./tables.ts";

/** Buffers that a training alone needs. */
const OF_TRAINING: readonly string[] = ["gradient", "l2", "l1", "layers", "trusts"];

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
  /** Strengths of L2 by row of the schema, which every table gets. */
  readonly rowL2?: Float32Array<ArrayBuffer>;
  /** Coupled L2 by row, of the tables whose rows have their own. @default {none} */
  readonly strengths?: ReadonlyMap<Table, Float32Array<ArrayBuffer>>;
}

/** State of an optimizer on the device: for the time of a `fit`, or kept for the next one. */
export class OptimizerState {
  readonly #space: StateSpace;
  #rules: Rules | undefined;
  /** Steps behind the state that no `fit` uses at the moment; undefined where there is none. */
  #keptSteps: number | undefined;
  /** State from elsewhere that no `fit` has taken up or passed over. */
  #offered: EarlierState | undefined;

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
  async prepare(optimizer: AnyOptimizer, { takeUp = false, rowL2, strengths }: PrepareOptions = {}): Promise<number> {
    const { buffers, count } = this.#space;
    const rules = rulesOf(optimizer);
    const steps = takeUp ? this.#keptSteps : undefined;
    const offered = takeUp && steps === undefined ? this.#offered : undefined;
    if (offered) requireSameKinds(offered.kinds, kindsOf(rules));
    if (steps === undefined) {
      this.release();
      this.#rules = rules;
      this.#allocate(rules);
    } else {
      requireSameState(this.#rules!, rules);
      this.#rules = rules;
      this.#keptSteps = undefined;
    }
    buffers.allocate("gradient", count);
    const byRow = this.#numbersByRow(rules, { rowL2, strengths });
    for (const [table, slot] of byRow) this.#space.tables.allocate(table, slot);
    await requireAllocated([...buffers.all, ...this.#space.tables.buffers]);
    if (steps === undefined) this.#initialize(rules);
    for (const [table, slot, numbers] of byRow) this.#space.tables.write(table, slot, numbers);
    if (offered) await this.#takeUp(rules, offered);
    return steps ?? offered?.steps ?? 0;
  }

  /** Offers state from elsewhere to the next `fit` that takes up what was kept. */
  offer(state: EarlierState | undefined): void {
    this.#offered = state;
  }

  /** Returns the state that the next `fit` could take up. */
  async kept(): Promise<EarlierState | undefined> {
    if (this.#keptSteps === undefined) return this.#offered;
    return { tensors: await this.download(), steps: this.#keptSteps, kinds: kindsOf(this.#rules!) };
  }

  /** Keeps the state, with the number of steps behind it, for the next `fit`; the rest of what training needs is released. */
  keep(steps: number): void {
    this.#keptSteps = steps;
    this.#space.buffers.release(OF_TRAINING);
    this.#releaseRows();
  }

  /** Releases the state and what else training alone needs. */
  release(): void {
    const { buffers, declarations, tables } = this.#space;
    const rules = this.#rules;
    this.#offered = undefined;
    if (!rules) return;
    this.#releaseRows();
    this.#rules = this.#keptSteps = undefined;
    buffers.release([...OF_TRAINING, ...namesOf(rules.network)]);
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, ruleOf(rules, table).optimizer)) tables.release(table, slot);
    }
  }

  /** Gives the prepared optimizer the weights there are, where its rule would compute others from its state alone. */
  async carryWeights(): Promise<void> {
    const { gpu, buffers, declarations, tables, count } = this.#space;
    const rules = this.#rules;
    if (!rules) return;
    const { carrier } = rules.network;
    if (carrier) {
      const dense = new Float32Array(await download(gpu, buffers.get("parameters"), 4 * count));
      writeBuffer(gpu, buffers.get(`parameters.${carrier.slot + 1}`), dense.map((weight) => carrier.stateOf(weight)));
    }
    for (const table of declarations.tables.values()) {
      const { optimizer } = ruleOf(rules, table);
      const { carrier } = optimizer;
      if (!carrier) continue;
      const weights = await tables.read(table, weightsOf(table));
      tables.write(table, statesOf(table, optimizer)[carrier.slot], weights.map((weight) => carrier.stateOf(weight)));
    }
  }

  /** Downloads the state by name. */
  async download(): Promise<Record<string, CheckpointTensor>> {
    const { gpu, buffers, declarations, tables, count } = this.#space;
    const tensors: Record<string, CheckpointTensor> = {};
    const rules = this.#rules;
    if (!rules) return tensors;
    for (const name of namesOf(rules.network)) {
      const data = new Float32Array(await download(gpu, buffers.get(name), 4 * count));
      tensors[`optimizer/${name}`] = { shape: [count], data };
    }
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, ruleOf(rules, table).optimizer)) {
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
    const rules = this.#rules;
    if (!rules) throw new TypeError("Cannot restore the optimizer: none was prepared");
    for (const name of namesOf(rules.network)) {
      writeBuffer(gpu, buffers.get(name), pick(tensors, `optimizer/${name}`, [count]));
    }
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, ruleOf(rules, table).optimizer)) {
        if (!slot.saved) continue;
        tables.write(table, slot, pick(tensors, `optimizer/${table.name}.${slot.index}`, [table.rows, slot.dim]));
      }
    }
  }

  /** Takes up state from elsewhere; rows that it does not have keep their first values. */
  async #takeUp(rules: Rules, { tensors, from }: EarlierState): Promise<void> {
    if (!from) return this.upload(tensors);
    const { gpu, buffers, declarations, tables, count } = this.#space;
    for (const name of namesOf(rules.network)) {
      writeBuffer(gpu, buffers.get(name), pick(tensors, `optimizer/${name}`, [count]));
    }
    for (const table of declarations.tables.values()) {
      const { optimizer } = ruleOf(rules, table);
      const rows = from[table.name];
      for (const slot of statesOf(table, optimizer).filter(({ saved }) => saved)) {
        const name = `optimizer/${table.name}.${slot.index}`;
        const earlier = pick(tensors, name, [tensors[name]?.shape[0], slot.dim]);
        const values = await tables.read(table, slot);
        rows.forEach((row, to) => {
          if (row >= 0) values.set(earlier.subarray(row * slot.dim, (row + 1) * slot.dim), to * slot.dim);
        });
        const { carrier } = optimizer;
        if (carrier && slot.index === carrier.slot + 1) {
          const weights = await tables.read(table, weightsOf(table));
          weights.forEach((weight, i) => {
            if (rows[Math.floor(i / table.dim)] < 0) values[i] = carrier.stateOf(weight);
          });
        }
        tables.write(table, slot, values);
      }
    }
  }

  /** Returns the strengths of L2 by row with the slots that they go to. */
  #numbersByRow(rules: Rules, { rowL2, strengths }: PrepareOptions): [Table, Slot, Float32Array<ArrayBuffer>][] {
    const tables = rowL2 ? [...this.#space.declarations.tables.values()] : [];
    const optimizerOf = (table: Table): Optimizer => ruleOf(rules, table).optimizer;
    return [
      ...tables.map((table): [Table, Slot, Float32Array<ArrayBuffer>] => [
        table,
        rowL2Of(optimizerOf(table)),
        Float32Array.from(schemaRows(table), (row) => rowL2![row]),
      ]),
      ...[...strengths ?? []].map(([table, numbers]): [Table, Slot, Float32Array<ArrayBuffer>] => [
        table,
        rowStrengthOf(optimizerOf(table)),
        numbers,
      ]),
    ];
  }

  #releaseRows(): void {
    const { declarations, tables } = this.#space;
    for (const table of declarations.tables.values()) {
      const { optimizer } = ruleOf(this.#rules!, table);
      for (const slot of [rowL2Of(optimizer), rowStrengthOf(optimizer)]) tables.release(table, slot);
    }
  }

  #allocate(rules: Rules): void {
    const { buffers, declarations, tables, count } = this.#space;
    for (const name of namesOf(rules.network)) buffers.allocate(name, count);
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, ruleOf(rules, table).optimizer)) tables.allocate(table, slot);
    }
  }

  #initialize(rules: Rules): void {
    const { gpu, buffers, declarations, tables, count } = this.#space;
    namesOf(rules.network).forEach((name, i) => {
      writeBuffer(gpu, buffers.get(name), new Float32Array(count).fill(i === 0 ? rules.network.initialState : 0));
    });
    for (const table of declarations.tables.values()) {
      for (const slot of statesOf(table, ruleOf(rules, table).optimizer)) {
        if (slot.initial !== 0) tables.fill(table, slot);
      }
    }
  }
}

/** Returns the names of the buffers that an optimizer's state of dense parameters is in. */
function namesOf({ slots }: Optimizer): string[] {
  return Array.from({ length: slots }, (_, i) => `parameters.${i + 1}`);
}

/** Refuses state from elsewhere of other kinds of optimizers. */
function requireSameKinds(had: string, has: string): void {
  if (had === has) return;
  throw new TypeError(`Cannot go on from the optimizer's state: it is that of ${had}, received ${has}`);
}

/** Refuses to go on from the state of another kind of optimizer; rates and other constants may differ. */
function requireSameState(kept: Rules, wanted: Rules): void {
  const describeOne = ({ name, slots, embeddingUpdate }: Optimizer): string =>
    `${name} with ${slots} numbers of state and ${embeddingUpdate} updates`;
  const describe = (rules: Rules): string => {
    const parts = OPTIMIZER_PARTS.map((part) => [part, describeOne(rules[part])]);
    const isOne = parts.every(([, text]) => text === parts[0][1]);
    return isOne ? parts[0][1] : parts.map(([part, text]) => `${text} for ${part}`).join(", ");
  };
  const [had, has] = [describe(kept), describe(wanted)];
  if (had !== has) {
    throw new TypeError(`Cannot go on from the optimizer's state: it is that of ${had}, received ${has}`);
  }
}
