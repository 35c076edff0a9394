/** Lookups under test: a small table in shards of any size, random rows, and one run of a plan over them. */
import type { Gpu } from "../../src/gpu/device.ts";
import type { BufferRange } from "../../src/gpu/kernel.ts";
import { createBuffer, download, type Numbers, upload } from "../../src/gpu/memory.ts";
import { Graph } from "../../src/graph/graph.ts";
import { ownerOf } from "../../src/graph/memory.ts";
import type { TableShard } from "../../src/graph/node.ts";
import { strideOf, type Table } from "../../src/graph/parameter.ts";
import { Plan } from "../../src/graph/plan.ts";
import { sizeOf, type Tensor } from "../../src/graph/tensor.ts";
import type { RowStorage, StorageByTable } from "../../src/graph/table_storage.ts";
import { zeros } from "../../src/initializer.ts";
import { encodeRows } from "../../src/store/row_codec.ts";
import { quantizedReference } from "../reference/quantized.ts";
import { deviceFor, noStorage, randomArray, step } from "../support.ts";

/** Sizes of a lookup, and the numbers it works on. */
export interface LookupCase {
  fields: number;
  batch: number;
  rows: number;
  dim: number;
  /** Whether occurrences have values other than 1. @default {true} */
  hasValues?: boolean;
  /** Row of an occurrence. @default pseudo-random rows */
  rowOf?: (o: number) => number;
  /** Rows in a shard. @default all */
  shardRows?: number;
  /** How the table is stored; first-order weights are then `f16`. @default {"f32"} */
  storage?: RowStorage;
}

/** A traced lookup with its numbers. */
export class LookupTrace {
  readonly graph: Graph = new Graph("train");
  readonly ids: Tensor;
  readonly values: Tensor | undefined;
  readonly table: Tensor;
  readonly linear: Tensor;
  readonly numbers: {
    ids: Uint32Array<ArrayBuffer>;
    values: Float32Array<ArrayBuffer> | undefined;
    fields: number;
    batch: number;
  };
  readonly tableNumbers: Float64Array;
  readonly linearNumbers: Float64Array;
  readonly #case: LookupCase;
  readonly #storages: StorageByTable;
  readonly #inputs: Map<string, Numbers> = new Map();

  constructor(shape: LookupCase) {
    const { fields, batch, rows, dim, hasValues = true } = shape;
    this.#case = shape;
    this.ids = this.graph.input("ids", [fields, "B"], "u32");
    this.values = hasValues ? this.graph.input("values", [fields, "B"]) : undefined;
    this.table = this.graph.table("embedding", rows, dim, zeros());
    this.linear = this.graph.table("linear", rows, 1, zeros());
    const random = randomArray(fields * batch, 11);
    const rowOf = shape.rowOf ?? ((o: number) => Math.min(rows - 1, Math.floor((random[o] + 1) / 2 * rows)));
    const ids = Uint32Array.from({ length: fields * batch }, (_, o) => rowOf(o));
    const values = hasValues ? Float32Array.from(randomArray(fields * batch, 12)) : undefined;
    this.numbers = { ids, values, fields, batch };
    const numbers = (count: number, width: number, seed: number, storage: RowStorage = "f32"): Float64Array =>
      storage === "f32"
        ? randomArray(count, seed)
        : quantizedReference(Float32Array.from(randomArray(count, seed)), width, storage).values;
    this.#storages = shape.storage ? { embedding: shape.storage, linear: "f16" } : {};
    this.tableNumbers = numbers(rows * dim, dim, 13, this.#storages.embedding);
    this.linearNumbers = numbers(rows, 1, 14, this.#storages.linear);
    this.#inputs.set("ids", ids);
    if (values) this.#inputs.set("values", values);
  }

  /** Adds a list of row numbers `[fields, B]`. */
  list(name: string, fields: number, rowOf: (o: number) => number): { tensor: Tensor; ids: Uint32Array<ArrayBuffer> } {
    const ids = Uint32Array.from({ length: fields * this.numbers.batch }, (_, o) => rowOf(o));
    this.#inputs.set(name, ids);
    return { tensor: this.graph.input(name, [fields, "B"], "u32"), ids };
  }

  /** Adds an input of random numbers. */
  upstream(name: string, tensor: Tensor, seed: number): { tensor: Tensor; numbers: Float64Array } {
    const numbers = randomArray(sizeOf(tensor.shape, this.numbers.batch), seed);
    this.#inputs.set(name, Float32Array.from(numbers));
    return { tensor: this.graph.input(name, tensor.shape), numbers };
  }

  /** Computes tensors; `software` overrides what the adapter is taken for. */
  async run(
    outputs: readonly Tensor[],
    { software, rows = this.numbers.batch }: { software?: boolean; rows?: number } = {},
  ): Promise<Float32Array[]> {
    const device = await deviceFor({ software });
    const { batch } = this.numbers;
    const inputs: Record<string, BufferRange> = {};
    for (const [name, numbers] of this.#inputs) inputs[name] = { buffer: upload(device, name, numbers) };
    const pinned = new Map<Tensor, BufferRange>();
    for (const tensor of outputs) {
      const owner = ownerOf(tensor);
      const bytes = 4 * sizeOf(owner.shape, batch);
      if (owner.node) pinned.set(owner, { buffer: createBuffer(device, "result", bytes) });
    }
    const plan = await Plan.create(device, {
      name: "lookup",
      batch,
      outputs,
      inputs,
      pinned,
      storage: { ...noStorage, shards: (table) => this.#shards(device, table) },
    });
    plan.run([step(rows)]);
    const results = await Promise.all(outputs.map(async (tensor) => {
      const bytes = 4 * sizeOf(tensor.shape, batch);
      return new Float32Array(await download(device, plan.rangeOf(tensor).buffer, bytes));
    }));
    plan.destroy();
    return results;
  }

  #shards(device: Gpu, table: Table): TableShard[] {
    const storage = this.#storages[table.name] ?? "f32";
    const { rows, dim } = table;
    const [count, seed] = table.name === "linear" ? [rows, 14] : [rows * dim, 13];
    const numbers = Float32Array.from(randomArray(count, seed));
    const shardRows = this.#case.shardRows ?? rows;
    const shards: TableShard[] = [];
    for (let first = 0; first < rows; first += shardRows) {
      const count = Math.min(shardRows, rows - first);
      const part = numbers.subarray(first * dim, (first + count) * dim);
      const stored = storage === "f32" ? padded(part, dim) : encodeRows(table, storage, part);
      shards.push({ first, rows: count, range: { buffer: upload(device, table.name, stored) }, storage });
    }
    return shards;
  }
}

/** Puts rows of `dim` numbers where a table has them. */
function padded(numbers: Float32Array, dim: number): Float32Array<ArrayBuffer> {
  const [rows, stride] = [numbers.length / dim, strideOf(dim)];
  const table = new Float32Array(rows * stride);
  for (let row = 0; row < rows; row++) table.set(numbers.subarray(row * dim, (row + 1) * dim), row * stride);
  return table;
}
