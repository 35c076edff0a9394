/**
 * A graph turned once into functions over typed arrays, for the processor.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import { ownerOf, planMemory } from "../graph/memory.ts";
import type { Node } from "../graph/node.ts";
import type { Parameter, Table } from "../graph/parameter.ts";
import { sizeOf, type Tensor } from "../graph/tensor.ts";
import {
  type ChangingWeights,
  FormError,
  type Forms,
  type Product,
  type RowsOfData,
  type Run,
  type Site,
  type Weights,
} from "./form.ts";
import type { Memory } from "./memory.ts";
import { pick } from "../store/pick.ts";
import { pack, packedSize, paddedOuter, type ProductFunction, type WeightSizes } from "./product.ts";

/** What a pass is compiled from. */
export interface CompileOptions {
  /** Nodes in order of execution. */
  readonly nodes: readonly Node[];
  /** Tensors that are read after the last node. */
  readonly outputs: readonly Tensor[];
  /** Rows of a full batch. */
  readonly batch: number;
  /** Forms by the names of ops. */
  readonly forms: Forms;
  /** Where arrays are taken from. */
  readonly memory: Memory;
  /** The product over that memory. */
  readonly multiply: ProductFunction;
}

/** Parameters, statistics and tables by name, as a store downloads them. */
export type Numbers = Readonly<Record<string, CheckpointTensor>>;

/** A table and its rows, which a later load exchanges. */
interface LoadedTable {
  readonly table: Table;
  rows: Float32Array;
}

/** A compiled pass. */
export class Compiled implements Site {
  readonly batch: number;
  readonly #memory: Memory;
  readonly #multiply: ProductFunction;
  readonly #arrays = new Map<Tensor, Float32Array>();
  readonly #parameters = new Map<Parameter, Float32Array>();
  readonly #tables = new Map<Table, LoadedTable>();
  /** What is done when the parameters have changed, in the order of the nodes. */
  readonly #prepare: (() => void)[] = [];
  readonly #runs: Run[] = [];
  #rows: RowsOfData | undefined;

  /**
   * Prepares all nodes.
   *
   * @throws {FormError} when an op has no form
   */
  constructor({ nodes, outputs, batch, forms, memory, multiply }: CompileOptions) {
    this.batch = batch;
    this.#memory = memory;
    this.#multiply = multiply;
    const lacking = missingForms(nodes, forms);
    if (lacking.length > 0) {
      throw new FormError(`Cannot compute on the processor: no form of the ops ${lacking.join(", ")}`);
    }
    const constants = constantNodes(nodes);
    const pinned = new Set([...constants].flatMap((node) => node.outputs));
    for (const tensor of pinned) this.#arrays.set(tensor, memory.take(sizeOf(tensor.shape, batch)));
    const { slots, bytes } = planMemory(nodes, batch, pinned, outputs);
    const shared = bytes.map((count) => memory.take(count / 4));
    for (const [tensor, slot] of slots) this.#arrays.set(tensor, shared[slot].subarray(0, sizeOf(tensor.shape, batch)));
    for (const node of nodes) {
      if (node.op.alias) continue;
      const run = forms[node.op.name](this, node);
      if (constants.has(node)) this.#prepare.push(() => run(batch));
      else this.#runs.push(run);
    }
  }

  /**
   * Takes parameters over; tables are not copied.
   *
   * @throws {TypeError} when a tensor is missing or has another shape; nothing is then changed
   */
  load(numbers: Numbers): void {
    const arrays = [...this.#parameters].map(([{ name, shape }, array]) => ({
      array,
      data: pick(numbers, name, shape),
    }));
    const tables = [...this.#tables.values()].map((loaded) => {
      const { name, rows, dim } = loaded.table;
      return { loaded, data: pick(numbers, name, [rows, dim]) };
    });
    for (const { array, data } of arrays) array.set(data);
    for (const { loaded, data } of tables) loaded.rows = data;
    for (const prepare of this.#prepare) prepare();
  }

  /** Computes `count` rows, at most those of a batch. */
  run(rows: RowsOfData, count: number): void {
    this.#rows = rows;
    for (const run of this.#runs) run(count);
    this.#rows = undefined;
  }

  floats(tensor: Tensor): Float32Array {
    const owner = ownerOf(tensor);
    if (owner.origin.kind === "parameter") return this.#parameter(owner.origin.parameter);
    const array = this.#arrays.get(owner);
    if (!array) throw new FormError(`Cannot compute on the processor: a tensor is read that is ${owner.origin.kind}`);
    return array;
  }

  integers(tensor: Tensor): Uint32Array {
    const { buffer, byteOffset, length } = this.floats(tensor);
    return new Uint32Array(buffer, byteOffset, length);
  }

  table({ origin }: Tensor): { readonly table: Table; readonly rows: Float32Array } {
    if (origin.kind !== "table") throw new FormError(`Cannot compute on the processor: a table is a ${origin.kind}`);
    const { table } = origin;
    const known = this.#tables.get(table) ?? { table, rows: new Float32Array(0) };
    this.#tables.set(table, known);
    return known;
  }

  scratch(count: number): Float32Array {
    return this.#memory.take(count);
  }

  prepared(count: number, fill: (numbers: Float32Array) => void): Float32Array {
    const numbers = this.#memory.take(count);
    this.#prepare.push(() => fill(numbers));
    return numbers;
  }

  product({ inner, outer, at, bias }: Weights): Product {
    const packed = this.prepared(packedSize({ inner, outer }), (numbers) => pack(numbers, { inner, outer }, at));
    const added = this.prepared(paddedOuter(outer), (numbers) => {
      for (let n = 0; bias && n < outer; n++) numbers[n] = bias(n);
    });
    return this.#productBy(packed, added, { inner, outer });
  }

  changing({ inner, outer }: WeightSizes): ChangingWeights {
    const packed = this.scratch(packedSize({ inner, outer }));
    return { packed, multiply: this.#productBy(packed, this.scratch(paddedOuter(outer)), { inner, outer }) };
  }

  rows(): RowsOfData {
    return this.#rows!;
  }

  #productBy(packed: Float32Array, bias: Float32Array, { inner, outer }: WeightSizes): Product {
    const [multiply, w, b] = [this.#multiply, packed.byteOffset, bias.byteOffset];
    return (x, y, rows, low = -Infinity) => {
      const from = x.array.byteOffset + 4 * (x.first ?? 0);
      const to = y.array.byteOffset + 4 * (y.first ?? 0);
      const [xStride, yStride] = [4 * (x.stride ?? inner), 4 * (y.stride ?? outer)];
      if (rows > 0) multiply(from, w, b, to, rows, inner, outer, xStride, yStride, low);
    };
  }

  #parameter(parameter: Parameter): Float32Array {
    const known = this.#parameters.get(parameter);
    if (known) return known;
    const array = this.#memory.take(sizeOf(parameter.shape, 1));
    this.#parameters.set(parameter, array);
    return array;
  }
}

/** Returns the names of the ops that have no form, each once. */
function missingForms(nodes: readonly Node[], forms: Forms): string[] {
  const names = nodes.filter(({ op }) => !op.alias && !Object.hasOwn(forms, op.name)).map(({ op }) => op.name);
  return [...new Set(names)];
}

/** Returns the nodes that depend on parameters alone: they are computed when these have changed. */
function constantNodes(nodes: readonly Node[]): Set<Node> {
  const constants = new Set<Node>();
  for (const node of nodes) {
    const isConstant = (tensor: Tensor) => {
      const { origin } = ownerOf(tensor);
      return origin.kind === "parameter" || (origin.kind === "node" && constants.has(origin.node));
    };
    const isWhole = node.outputs.every(({ shape }) => !shape.includes("B"));
    if (!node.op.alias && isWhole && node.inputs.every(isConstant)) constants.add(node);
  }
  return constants;
}
