/** Runs table updates on the device, with tables in any number of shards. */
import type { Gpu } from "../../src/gpu/device.ts";
import type { BufferRange } from "../../src/gpu/kernel.ts";
import { createBuffer, download, upload } from "../../src/gpu/memory.ts";
import type { TableGradient } from "../../src/graph/autodiff.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { TableShard } from "../../src/graph/node.ts";
import { strideOf } from "../../src/graph/parameter.ts";
import { Plan, type Storage } from "../../src/graph/plan.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { zeros } from "../../src/initializer.ts";
import { clipScale } from "../../src/ops/train/clip.ts";
import { updateTables } from "../../src/ops/train/table_pair.ts";
import { reduceTable, updateTable } from "../../src/ops/train/table_update.ts";
import { type Optimizer, rowL2Index, rowStrengthIndex, tableSlots } from "../../src/optimizer.ts";
import type { Occurrences } from "../reference/table_update.ts";
import { gpu, noStorage, randomArray, step } from "../support.ts";

/** Row number of occurrences past the valid rows. */
const NO_ROW = 0xffffffff;

/** Sorts occurrences by row, stable, those of padding rows last. */
function sortedPairs({ ids, batch, rows, fields }: Occurrences): Uint32Array<ArrayBuffer> {
  const keys = Array.from({ length: fields * batch }, (_, o) => o % batch < rows ? ids[o] : NO_ROW);
  const order = keys.map((_, o) => o).sort((a, b) => keys[a] - keys[b] || a - b);
  return Uint32Array.from(order.flatMap((o) => [keys[o], o]));
}

/** Which terms a random batch has. */
export interface BatchOptions {
  batch: number;
  rows?: number;
  fields: number;
  dim: number;
  tableRows: number;
  terms: readonly ("values" | "dEmbedding" | "dLinear" | "dFm")[];
  /** Row of occurrence `o`. @default a random row of the table */
  id?: (o: number) => number;
  seed?: number;
}

/** Makes a random batch; upstream gradients of padding rows are zero. */
export function randomBatch(options: BatchOptions): Occurrences {
  const { batch, rows = batch, fields, dim, tableRows, terms, seed = 1 } = options;
  const random = randomArray(fields * batch, seed);
  const id = options.id ?? ((o: number): number => Math.floor((random[o] + 1) / 2 * tableRows));
  const of = (name: (typeof terms)[number], width: number, more: number): Float64Array | undefined =>
    terms.includes(name) ? randomArray(batch * width, seed + more).map(Math.fround).fill(0, rows * width) : undefined;
  return {
    batch,
    rows,
    fields,
    dim,
    ids: Uint32Array.from({ length: fields * batch }, (_, o) => id(o)),
    values: terms.includes("values") ? randomArray(batch * fields, seed + 10).map(Math.fround) : undefined,
    dEmbedding: of("dEmbedding", fields * dim, 11),
    dLinear: of("dLinear", 1, 12),
    dFm: of("dFm", 1, 13),
    fmSum: terms.includes("dFm") ? randomArray(batch * dim, seed + 14).map(Math.fround) : undefined,
  };
}

/** A table on the device under test. */
export interface TableRun {
  optimizer: Optimizer;
  l2?: number;
  /** Strength of L1. */
  l1?: number;
  /** Largest number of the gradient. */
  clipValue?: number;
  /** Strength of L2 by row, for rows of the batch alone. */
  rowL2?: Float64Array;
  /** Coupled L2 by row in place of `l2`, negative for frozen rows. */
  rowStrength?: Float64Array;
  tableRows: number;
  /** First weights, dense. @default random */
  weights?: Float64Array;
  batches: readonly Occurrences[];
  /** Last fields whose gradient by the looked-up rows is a tensor of its own. @default 0 */
  more?: number;
  lr?: number;
  shards?: number;
  /** Limit of the norm of the gradient. */
  clip?: number;
  /** Device. @default the one that tests share */
  device?: Gpu;
}

/** What a table is after the steps, dense in memory, with the bytes behind it. */
export interface TableResult {
  weights: Float32Array;
  states: Float32Array[];
  bytes: Uint8Array;
}

/** A table with its state on the device. */
interface PlacedTable {
  readonly dim: number;
  readonly perRow: readonly boolean[];
  readonly windows: readonly Window[][];
  /** Shards by slot. */
  readonly shards: readonly TableShard[][];
  /** Strengths of L2 by row. */
  readonly rowL2: readonly TableShard[];
  /** Coupled L2 by row. */
  readonly rowStrength: readonly TableShard[];
}

function placeTable(
  device: Gpu,
  { optimizer, tableRows, rowL2, rowStrength, shards: count = 1 }: TableRun,
  dim: number,
  first: ArrayLike<number>,
): PlacedTable {
  const stride = strideOf(dim);
  const slots = [{ perRow: false, initial: 0 }, ...tableSlots(optimizer)];
  const windows = slots.map((slot, i) => {
    const width = slot.perRow ? 1 : dim;
    return makeShards(tableRows, count, (row) => {
      const padded = new Float32Array(slot.perRow ? 1 : stride);
      for (let d = 0; d < width; d++) padded[d] = i === 0 ? first[row * width + d] : slot.initial;
      return padded;
    });
  });
  const shards = windows.map((slot) => slot.map((window) => uploadShard(device, window)));
  const place = (numbers: Float64Array | undefined) =>
    makeShards(tableRows, count, (row) => Float32Array.of(numbers?.[row] ?? 0)).map((window) =>
      uploadShard(device, window)
    );
  return {
    dim,
    perRow: slots.map(({ perRow }) => perRow),
    windows,
    shards,
    rowL2: place(rowL2),
    rowStrength: place(rowStrength),
  };
}

/** Reads a table back and releases it. */
async function readTable(device: Gpu, placed: PlacedTable): Promise<TableResult> {
  const { dim, perRow, windows, shards } = placed;
  const stride = strideOf(dim);
  const read = await Promise.all(
    shards.map((slot) => Promise.all(slot.map(({ range }) => download(device, range.buffer)))),
  );
  for (const slot of [...shards, placed.rowL2, placed.rowStrength]) {
    for (const { range } of slot) range.buffer.destroy();
  }
  const joined = read.map((parts, i) =>
    parts.map((part, j) => new Float32Array(part, 0, windows[i][j].rows * (perRow[i] ? 1 : stride)))
  );
  const dense = joined.map((parts, i) => perRow[i] ? concat(parts) : unpad(concat(parts), dim, stride));
  return {
    weights: dense[0],
    states: dense.slice(1),
    bytes: new Uint8Array(concat(joined.flat()).buffer),
  };
}

/** Runs one step per batch, all in the shape of the first, and reads the table back. */
export async function runTable(run: TableRun): Promise<TableResult> {
  const { dim } = run.batches[0];
  const device = run.device ?? await gpu();
  const placed = placeTable(device, run, dim, run.weights ?? firstWeights(run.tableRows, dim));
  await runSteps(device, run, { table: placed });
  return await readTable(device, placed);
}

/** An embedding table and first-order weights after the steps, and the kernels that updated them. */
export interface TablePairResult {
  embedding: TableResult;
  linear: TableResult;
  kernels: Readonly<Record<string, string>>;
}

/** Runs the steps on an embedding table and on first-order weights, whose gradient is `dLinear` of the batches. */
export async function runTablePair(run: TableRun): Promise<TablePairResult> {
  const device = run.device ?? await gpu();
  const [embedding, linear] = [run.batches[0].dim, 1].map((dim) =>
    placeTable(device, run, dim, firstWeights(run.tableRows, dim))
  );
  const kernels = await runSteps(device, run, { table: embedding, linear });
  return { embedding: await readTable(device, embedding), linear: await readTable(device, linear), kernels };
}

/** Runs one step per batch; returns the kernels of the last one. */
async function runSteps(
  device: Gpu,
  run: TableRun,
  placed: Readonly<Record<string, PlacedTable>>,
): Promise<Readonly<Record<string, string>>> {
  const { optimizer, batches, lr = 0.1 } = run;
  let kernels: Readonly<Record<string, string>> = {};
  for (const [i, occurrences] of batches.entries()) {
    const { plan, buffers } = await planUpdate(device, run, occurrences, placed);
    plan.run([step(occurrences.rows, { index: i + 1, lr, ...optimizer.corrections(i + 1) })]);
    await device.device.queue.onSubmittedWorkDone();
    kernels = plan.describe().kernels;
    plan.destroy();
    for (const buffer of buffers) buffer.destroy();
  }
  return kernels;
}

/** Weights that {@linkcode runTable} starts from. */
export function firstWeights(rows: number, dim: number): Float64Array {
  return randomArray(rows * dim, 77).map((x) => Math.fround(0.5 * x));
}

async function planUpdate(
  device: Gpu,
  { optimizer, l2 = 0, l1, clipValue, rowL2, rowStrength, tableRows, clip, more = 0 }: TableRun,
  o: Occurrences,
  placed: Readonly<Record<string, PlacedTable>>,
): Promise<{ plan: Plan; buffers: GPUBuffer[] }> {
  const graph = new Graph("train");
  const table = graph.table("table", tableRows, o.dim, zeros());
  const inputs: Record<string, BufferRange> = {};
  const input = (name: string, shape: Tensor["shape"], data: Float64Array | undefined): Tensor | undefined => {
    if (!data) return undefined;
    inputs[name] = { buffer: upload(device, name, Float32Array.from(data)) };
    return graph.input(name, shape);
  };
  inputs.pairs = { buffer: upload(device, "pairs", sortedPairs(o)) };
  const pairs = graph.input("pairs", ["B", 2 * o.fields], "u32");
  const lookup = {
    ids: graph.input("ids", [o.fields, "B"], "u32"),
    values: input("values", [o.fields, "B"], o.values),
  };
  const dLinear = input("dLinear", ["B", 1], o.dLinear);
  const gradient: TableGradient = {
    ...lookup,
    dEmbedding: input("dEmbedding", ["B", o.fields - more, o.dim], fieldsOf(o, 0, o.fields - more)),
    dMore: more > 0 ? input("dMore", ["B", more, o.dim], fieldsOf(o, o.fields - more, more)) : undefined,
    dLinear: placed.linear ? undefined : dLinear,
    dFm: input("dFm", ["B", 1], o.dFm),
    fmSum: input("fmSum", ["B", o.dim], o.fmSum),
  };
  const strengths = { rowL2: rowL2 !== undefined, rowStrength: rowStrength !== undefined };
  const rule = { optimizer, l2, l1, clipValue, ...strengths };
  if (placed.linear) {
    const linear = graph.table("linear", tableRows, 1, zeros());
    // In this order, since models may declare first-order weights before embeddings.
    updateTables([
      { leaf: linear, gradient: { ...lookup, dLinear }, pairs, rule },
      { leaf: table, gradient, pairs, rule },
    ]);
  } else if (clip === undefined) updateTable(table, gradient, pairs, rule);
  else {
    const reduced = reduceTable(table, gradient, pairs, rule);
    updateTable(table, gradient, pairs, { ...rule, reduced, clip: clipScale(clip, [reduced]) });
  }
  const storage: Storage = {
    ...noStorage,
    shards: ({ name }, slot) => {
      if (slot === rowStrengthIndex(optimizer)) return placed[name].rowStrength;
      return slot === rowL2Index(optimizer) ? placed[name].rowL2 : placed[name].shards[slot];
    },
  };
  const plan = await Plan.create(device, { name: "update", batch: o.batch, outputs: [pairs], inputs, storage });
  return { plan, buffers: Object.values(inputs).map(({ buffer }) => buffer) };
}

/** Returns the gradient of the rows of some fields. */
function fieldsOf({ dEmbedding, fields, dim }: Occurrences, first: number, count: number): Float64Array | undefined {
  return dEmbedding?.filter((_, i) => {
    const field = Math.floor(i / dim) % fields;
    return field >= first && field < first + count;
  });
}

interface Window {
  first: number;
  rows: number;
  data: Float32Array<ArrayBuffer>;
}

function makeShards(rows: number, count: number, rowAt: (row: number) => Float32Array): Window[] {
  const each = Math.ceil(rows / count);
  const windows: Window[] = [];
  for (let first = 0; first < rows; first += each) {
    const size = Math.min(each, rows - first);
    windows.push({ first, rows: size, data: concat(Array.from({ length: size }, (_, i) => rowAt(first + i))) });
  }
  return windows;
}

function uploadShard(device: Gpu, { first, rows, data }: Window): TableShard {
  const buffer = createBuffer(device, "shard", data.byteLength);
  device.device.queue.writeBuffer(buffer, 0, data);
  return { first, rows, range: { buffer, size: buffer.size } };
}

function concat(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function unpad(padded: Float32Array, dim: number, stride: number): Float32Array {
  padded.forEach((x, i) => {
    if (i % stride >= dim && x !== 0) throw new Error(`padding of row ${Math.floor(i / stride)} holds ${x}`);
  });
  return padded.filter((_, i) => i % stride < dim);
}
