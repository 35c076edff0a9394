/** Segment reduction with the optimizers' rules at Criteo's shape: verified against float64, then timed. */
import type { Gpu } from "../src/gpu/device.ts";
import type { BufferRange } from "../src/gpu/kernel.ts";
import { createBuffer, download, upload, writeBuffer } from "../src/gpu/memory.ts";
import { Graph } from "../src/graph/graph.ts";
import type { TableShard } from "../src/graph/node.ts";
import { Plan, type StepScalars } from "../src/graph/plan.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { zeros } from "../src/initializer.ts";
import { updateDense } from "../src/ops/train/dense_update.ts";
import { sortOccurrencesOnHost } from "../src/ops/train/sort.ts";
import { updateTable } from "../src/ops/train/table_update.ts";
import { adagrad, adam, ftrl, type Optimizer, rowwiseAdagrad, sgd, tableSlots } from "../src/optimizer.ts";
import { updateRow } from "../tests/reference/optimizer.ts";
import { type Occurrences, reduceGradient } from "../tests/reference/table_update.ts";
import { assertClose, noStorage, randomArray, step } from "../tests/support.ts";
import type { BenchRow } from "./report.ts";
import { timeSteps } from "./timing.ts";
import { zipfIds } from "./zipf.ts";

const BATCH = 4096;
const FIELDS = 39;
const OCCURRENCES = BATCH * FIELDS;
const LR = 0.01;

const TIMING = { atLeastMs: 200, repeats: 3, most: 256 };

/** Bytes of a shard, as stores cut tables. */
const SHARD_BYTES = 2 ** 27;

/** One measured update of a table. */
interface Case {
  readonly name: string;
  readonly optimizer: Optimizer;
  readonly dim: number;
  readonly rows: number;
  readonly terms: readonly ("dEmbedding" | "dLinear" | "dFm")[];
}

const CRITEO = { dim: 16, rows: 1_000_000, terms: ["dEmbedding", "dFm"] } as const;

const CASES: readonly Case[] = [
  { name: "reduce + sgd", optimizer: sgd(), ...CRITEO },
  { name: "reduce + row-wise adagrad", optimizer: rowwiseAdagrad(), ...CRITEO },
  { name: "reduce + adagrad", optimizer: adagrad(), ...CRITEO },
  { name: "reduce + ftrl", optimizer: ftrl(), ...CRITEO },
  { name: "reduce + lazy adam", optimizer: adam(), ...CRITEO },
  { name: "reduce + lazy adam, no FM", optimizer: adam(), ...CRITEO, terms: ["dEmbedding"] },
  { name: "reduce + lazy adam, first order", optimizer: adam(), ...CRITEO, dim: 1, terms: ["dLinear"] },
  { name: "reduce + dense adam", optimizer: adam({ embeddingUpdate: "dense" }), ...CRITEO },
  ...[1e4, 1e5, 4e6].map((rows) => ({ name: "reduce + lazy adam", optimizer: adam(), ...CRITEO, rows })),
];

function drawBatch({ rows, dim, terms }: Case): Occurrences {
  const draw = (size: number, seed: number): Float64Array => randomArray(size, seed).map(Math.fround);
  return {
    ...{ batch: BATCH, rows: BATCH, fields: FIELDS, dim },
    ids: zipfIds(BATCH, FIELDS, rows),
    dEmbedding: terms.includes("dEmbedding") ? draw(OCCURRENCES * dim, 2) : undefined,
    dLinear: terms.includes("dLinear") ? draw(BATCH, 3) : undefined,
    dFm: terms.includes("dFm") ? draw(BATCH, 4) : undefined,
    fmSum: terms.includes("dFm") ? draw(BATCH * dim, 5) : undefined,
  };
}

/** A table and its state in shards. */
interface Store {
  readonly slots: readonly (readonly TableShard[])[];
  readonly weights: Float32Array;
}

function makeStore(gpu: Gpu, { dim, rows, optimizer }: Case): Store {
  const weights = new Float32Array(rows * dim);
  for (let i = 0; i < weights.length; i++) weights[i] = (Math.imul(i, 2654435761) >>> 8) / 2 ** 24 - 0.5;
  const perShard = Math.floor(Math.min(SHARD_BYTES, gpu.device.limits.maxStorageBufferBindingSize) / (4 * dim));
  const slots = [{ name: "weights", perRow: false, initial: 0 }, ...tableSlots(optimizer)].map((slot, i) => {
    const width = slot.perRow ? 1 : dim;
    return Array.from({ length: Math.ceil(rows / perShard) }, (_, j): TableShard => {
      const first = j * perShard;
      const size = Math.min(perShard, rows - first);
      const buffer = createBuffer(gpu, slot.name, 4 * size * width);
      if (i === 0) writeBuffer(gpu, buffer, weights.slice(first * dim, (first + size) * dim));
      return { first, rows: size, range: { buffer } };
    });
  });
  return { slots, weights };
}

function planCase(
  gpu: Gpu,
  { optimizer, dim, rows }: Case,
  batch: Occurrences,
  { slots }: Store,
): { plan: Promise<Plan>; inputs: Record<string, BufferRange> } {
  const graph = new Graph("train");
  const sorted = new Uint32Array(2 * OCCURRENCES);
  sortOccurrencesOnHost(batch.ids, FIELDS, BATCH, BATCH, rows, sorted, new Uint32Array(2 * OCCURRENCES));
  const inputs: Record<string, BufferRange> = { pairs: { buffer: upload(gpu, "pairs", sorted) } };
  const input = (name: string, shape: Tensor["shape"], data: Float64Array | undefined): Tensor | undefined => {
    if (!data) return undefined;
    inputs[name] = { buffer: upload(gpu, name, Float32Array.from(data)) };
    return graph.input(name, shape);
  };
  const pairs = graph.input("pairs", ["B", 2 * FIELDS], "u32");
  updateTable(
    graph.table("table", rows, dim, zeros()),
    {
      ids: graph.input("ids", [FIELDS, "B"], "u32"),
      dEmbedding: input("dEmbedding", ["B", FIELDS, dim], batch.dEmbedding),
      dLinear: input("dLinear", ["B", 1], batch.dLinear),
      dFm: input("dFm", ["B", 1], batch.dFm),
      fmSum: input("fmSum", ["B", dim], batch.fmSum),
    },
    pairs,
    { optimizer, l2: 0 },
  );
  const storage = { ...noStorage, shards: (_: unknown, slot: number) => slots[slot] };
  const options = { name: "bench", batch: BATCH, outputs: [pairs], inputs, storage };
  return { plan: Plan.create(gpu, options), inputs };
}

function scalarsOf(optimizer: Optimizer): StepScalars {
  return step(BATCH, { lr: LR, ...optimizer.corrections(1) });
}

/** Compares the first step's weights, of all rows: those absent from the batch have no gradient. */
async function verify(gpu: Gpu, bench: Case, batch: Occurrences, store: Store): Promise<number> {
  const { optimizer, dim, name } = bench;
  const sums = reduceGradient(batch, store.weights);
  const expected = Float64Array.from(store.weights);
  const at = { optimizer, target: optimizer.embeddingUpdate, lr: LR, t: 1 };
  for (const [row, gradient] of sums) {
    const states = tableSlots(optimizer).filter((slot) => slot.saved).map((slot) =>
      new Float64Array(slot.perRow ? 1 : dim).fill(slot.initial)
    );
    updateRow(at, expected.subarray(row * dim, (row + 1) * dim), gradient, states);
  }
  for (const { first, rows, range } of store.slots[0]) {
    const actual = new Float32Array(await download(gpu, range.buffer, 4 * rows * dim));
    // The first step of these is the gradient's sign: where a sum nearly cancels, its rounding shows.
    const tolerance = optimizer.name === "adam" || optimizer.name.includes("adagrad") ? { atol: 2e-4 } : { rtol: 2e-5 };
    assertClose(actual, expected.subarray(first * dim, (first + rows) * dim), name, tolerance);
  }
  return sums.size;
}

/** Bytes that have to move: gradients and sorted positions, and each updated row with its state twice. */
function bytesOf({ optimizer, dim, rows, terms }: Case, unique: number): number {
  const saved = tableSlots(optimizer).filter((slot) => slot.saved);
  const rowFloats = dim + saved.reduce((sum, slot) => sum + (slot.perRow ? 1 : dim), 0);
  const read = 8 * OCCURRENCES + (terms.includes("dEmbedding") ? 4 * dim * OCCURRENCES : 0);
  if (optimizer.embeddingUpdate === "lazy") return read + 8 * unique * rowFloats;
  return read + 4 * unique * dim + 8 * rows * (rowFloats + dim);
}

async function measureCase(gpu: Gpu, bench: Case): Promise<BenchRow> {
  const { optimizer, dim, rows } = bench;
  const batch = drawBatch(bench);
  const store = makeStore(gpu, bench);
  const planned = planCase(gpu, bench, batch, store);
  const plan = await planned.plan;
  plan.run([scalarsOf(optimizer)]);
  const unique = await verify(gpu, bench, batch, store);
  const timing = await timeSteps(gpu, plan, scalarsOf(optimizer), TIMING);
  plan.destroy();
  for (const { range } of store.slots.flat()) range.buffer.destroy();
  for (const { buffer } of Object.values(planned.inputs)) buffer.destroy();
  return {
    name: bench.name,
    shape: `${BATCH}x${FIELDS}x${dim}, ${rows.toExponential(0)} rows`,
    ...timing,
    gbps: bytesOf(bench, unique) / timing.ms / 1e6,
    note: `${unique} rows occur`,
  };
}

async function measureDense(gpu: Gpu): Promise<BenchRow> {
  const count = 2 ** 20;
  const optimizer = adam();
  const range = (data: Float64Array): BufferRange => ({ buffer: upload(gpu, "dense", Float32Array.from(data)) });
  const [weights, gradient] = [randomArray(count, 1).map(Math.fround), randomArray(count, 2).map(Math.fround)];
  const ranges = {
    parameters: range(weights),
    gradient: range(gradient),
    l2: range(new Float64Array(count / 64)),
    slots: [range(new Float64Array(count)), range(new Float64Array(count))],
  };
  const order = new Graph("train").input("order", [1]);
  updateDense([order], { ...ranges, count, optimizer });
  const storage = { parameter: () => ranges.parameters, shards: () => [] };
  const options = { name: "bench", batch: BATCH, outputs: [order], inputs: { order: ranges.gradient }, storage };
  const plan = await Plan.create(gpu, options);
  plan.run([scalarsOf(optimizer)]);
  const expected = weights.slice();
  const states = [new Float64Array(count), new Float64Array(count)];
  updateRow({ optimizer, target: "parameter", lr: LR, t: 1 }, expected, gradient, states);
  const actual = new Float32Array(await download(gpu, ranges.parameters.buffer));
  assertClose(actual, expected, "updateDense", { rtol: 2e-5 });
  const timing = await timeSteps(gpu, plan, scalarsOf(optimizer), TIMING);
  plan.destroy();
  const { slots, ...others } = ranges;
  for (const { buffer } of [...Object.values(others), ...slots]) buffer.destroy();
  return { name: "adam, dense parameters", shape: `${count}`, ...timing, gbps: 28 * count / timing.ms / 1e6 };
}

/** Measures the updates of tables and of dense parameters; throws when one computes something else than its reference. */
export async function optimizerBench(gpu: Gpu): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bench of CASES) rows.push(await measureCase(gpu, bench));
  rows.push(await measureDense(gpu));
  return rows;
}
