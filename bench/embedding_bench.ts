/** Lookup, first-order sum, FM and the sort of occurrences at Criteo's shape: verified against float64, then timed. */
import type { Gpu } from "../src/gpu/device.ts";
import type { BufferRange } from "../src/gpu/kernel.ts";
import { createBuffer, download, upload } from "../src/gpu/memory.ts";
import { shader } from "../src/gpu/shader.ts";
import { differentiate } from "../src/graph/autodiff.ts";
import { Graph } from "../src/graph/graph.ts";
import { apply, type Op } from "../src/graph/node.ts";
import { Plan } from "../src/graph/plan.ts";
import { sizeOf, type Tensor } from "../src/graph/tensor.ts";
import { zeros } from "../src/initializer.ts";
import { add } from "../src/ops/dense/add.ts";
import { embedding } from "../src/ops/embedding/embedding.ts";
import { embeddingFm } from "../src/ops/embedding/embedding_fm.ts";
import { fm } from "../src/ops/interaction/fm.ts";
import { linearSum } from "../src/ops/embedding/linear_sum.ts";
import { sortOccurrences, sortOccurrencesOnHost } from "../src/ops/train/sort.ts";
import { embeddingReference, linearSumReference } from "../tests/reference/embedding.ts";
import { fieldSumReference, fmReference } from "../tests/reference/fm.ts";
import { assertClose, noStorage, randomArray, step } from "../tests/support.ts";
import type { BenchRow } from "./report.ts";
import { timeSteps, timingOf } from "./timing.ts";
import { zipfIds } from "./zipf.ts";

const BATCH = 4096;
const FIELDS = 39;
const DIM = 16;
const ROWS = 1_000_000;
const OCCURRENCES = BATCH * FIELDS;
const SHAPE = `${BATCH}x${FIELDS}x${DIM}`;

const TIMING = { atLeastMs: 200, repeats: 3, most: 256 };

/** Ids, tables and an input for embeddings, once on the host and once on the device. */
interface Problem {
  readonly ids: Uint32Array<ArrayBuffer>;
  readonly table: Float32Array<ArrayBuffer>;
  readonly linear: Float32Array<ArrayBuffer>;
  readonly embeddings: Float64Array;
  readonly sum: Float64Array;
  readonly firstOrder: Float64Array;
  readonly secondOrder: Float64Array;
  readonly dLogits: Float32Array<ArrayBuffer>;
}

function makeProblem(): Problem {
  const ids = zipfIds(BATCH, FIELDS, ROWS);
  const table = Float32Array.from(randomArray(ROWS * DIM, 2));
  const linear = Float32Array.from(randomArray(ROWS, 3));
  const lookup = { ids, fields: FIELDS, batch: BATCH };
  const embeddings = embeddingReference(lookup, table, DIM);
  return {
    ids,
    table,
    linear,
    embeddings,
    sum: fieldSumReference(embeddings, FIELDS, DIM),
    firstOrder: linearSumReference(lookup, linear),
    secondOrder: fmReference(embeddings, FIELDS, DIM),
    dLogits: Float32Array.from(randomArray(BATCH, 4)),
  };
}

/** One measured plan: what it computes, and what that must be. */
interface Case {
  readonly name: string;
  readonly shape: string;
  readonly bytes: number;
  readonly flops?: number;
  readonly build: (leaves: Leaves) => readonly Tensor[];
  readonly expected: readonly ArrayLike<number>[];
}

interface Leaves {
  readonly graph: Graph;
  readonly ids: Tensor;
  readonly table: Tensor;
  readonly linear: Tensor;
  readonly e: Tensor;
  readonly dLogits: Tensor;
}

function casesOf(problem: Problem): Case[] {
  const { ids, embeddings, sum, firstOrder, secondOrder, dLogits } = problem;
  const rowBytes = 4 * DIM * OCCURRENCES;
  const logits = secondOrder.map((value, b) => value + firstOrder[b]);
  const flops = 3 * DIM * OCCURRENCES;
  const dEmbeddings = embeddings.map((value, i) => {
    const b = Math.floor(i / (FIELDS * DIM));
    return dLogits[b] * (sum[b * DIM + i % DIM] - value);
  });
  const pairs = new Uint32Array(2 * OCCURRENCES);
  sortOccurrencesOnHost(ids, FIELDS, BATCH, BATCH, ROWS, pairs, new Uint32Array(2 * OCCURRENCES));
  return [
    {
      name: "embedding",
      shape: SHAPE,
      bytes: 2 * rowBytes + 4 * OCCURRENCES,
      build: ({ ids, table }) => [embedding(ids, undefined, table)],
      expected: [embeddings],
    },
    {
      name: "embedding + fm + first order, fused",
      shape: SHAPE,
      bytes: 2 * rowBytes + 8 * OCCURRENCES,
      flops,
      build: ({ ids, table, linear }) => {
        const fused = embeddingFm(ids, undefined, table, linear);
        return [fused.embedding, fused.sum, fused.logits];
      },
      expected: [embeddings, sum, logits],
    },
    {
      name: "fm + first order, rows not kept",
      shape: SHAPE,
      bytes: rowBytes + 8 * OCCURRENCES,
      flops,
      build: ({ ids, table, linear }) => [embeddingFm(ids, undefined, table, linear).logits],
      expected: [logits],
    },
    {
      name: "linearSum",
      shape: `${BATCH}x${FIELDS}`,
      bytes: 8 * OCCURRENCES,
      build: ({ ids, linear }) => [linearSum(ids, undefined, linear)],
      expected: [firstOrder],
    },
    { name: "fm", shape: SHAPE, bytes: rowBytes, flops, build: ({ e }) => [fm(e)], expected: [secondOrder] },
    {
      name: "fm and its gradient",
      shape: SHAPE,
      bytes: 3 * rowBytes,
      build: ({ e, dLogits }) => [differentiate(fm(e), dLogits, add).inputs.get(e)!],
      expected: [dEmbeddings],
    },
    {
      name: "sort of occurrences",
      shape: `${OCCURRENCES} of 20 bits`,
      bytes: 5 * 20 * OCCURRENCES,
      build: ({ ids }) => [sortOccurrences(ids, ROWS)],
      expected: [pairs],
    },
  ];
}

const copyOp: Op<null> = {
  name: "copy",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y] }) => {
    const text = `
      @group(0) @binding(0) var<storage, read> x: array<vec4f>;
      @group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
      @compute @workgroup_size(64)
      fn copy(@builtin(global_invocation_id) at: vec3u) { y[at.x] = x[at.x]; }`;
    const invocations = sizeOf(x.shape, k.batch) / 4;
    k.run({ shader: shader("copy", { copy: text }), entry: "copy", bind: { x, y }, grid: invocations / 64 });
  },
};

/** Places of the problem on the device. */
type Places = Readonly<Record<"ids" | "table" | "linear" | "e" | "dLogits", BufferRange>>;

async function planOf(
  gpu: Gpu,
  places: Places,
  build: Case["build"],
): Promise<{ plan: Plan; outputs: readonly Tensor[]; results: Map<Tensor, BufferRange> }> {
  const graph = new Graph("train");
  const outputs = build({
    graph,
    ids: graph.input("ids", [FIELDS, "B"], "u32"),
    table: graph.table("table", ROWS, DIM, zeros()),
    linear: graph.table("linear", ROWS, 1, zeros()),
    e: graph.input("e", ["B", FIELDS, DIM]),
    dLogits: graph.input("dLogits", ["B", 1]),
  });
  const results = new Map(
    outputs.map((tensor) => [tensor, { buffer: createBuffer(gpu, "result", 4 * sizeOf(tensor.shape, BATCH)) }]),
  );
  const plan = await Plan.create(gpu, {
    name: "bench",
    batch: BATCH,
    outputs,
    pinned: results,
    inputs: { ids: places.ids, e: places.e, dLogits: places.dLogits },
    storage: {
      ...noStorage,
      shards: (table) => [{ first: 0, rows: ROWS, range: table.dim === 1 ? places.linear : places.table }],
    },
  });
  return { plan, outputs, results };
}

async function measure(
  gpu: Gpu,
  places: Places,
  bench: Omit<Case, "expected">,
  check: Case["expected"],
): Promise<number> {
  const { plan, outputs, results } = await planOf(gpu, places, bench.build);
  plan.run([step(BATCH)]);
  const { ms } = await timeSteps(gpu, plan, step(BATCH), TIMING);
  for (const [i, expected] of check.entries()) {
    const bytes = await download(gpu, results.get(outputs[i])!.buffer, 4 * expected.length);
    const actual = outputs[i].dtype === "u32" ? new Uint32Array(bytes) : new Float32Array(bytes);
    const tolerance = outputs[i].dtype === "u32" ? { rtol: 0, atol: 0 } : {};
    assertClose(actual, expected, bench.name, tolerance);
  }
  plan.destroy();
  for (const { buffer } of results.values()) buffer.destroy();
  return ms;
}

function timeHostSort(ids: Uint32Array): number {
  const [out, scratch] = [new Uint32Array(2 * OCCURRENCES), new Uint32Array(2 * OCCURRENCES)];
  const times: number[] = [];
  for (let run = 0; run < 4 * TIMING.repeats; run++) {
    const start = performance.now();
    sortOccurrencesOnHost(ids, FIELDS, BATCH, BATCH, ROWS, out, scratch);
    times.push(performance.now() - start);
  }
  return timingOf(times).ms;
}

/** Measures all kernels of lookups; throws when one computes something else than its reference. */
export async function embeddingBench(gpu: Gpu): Promise<BenchRow[]> {
  const problem = makeProblem();
  const places: Places = {
    ids: { buffer: upload(gpu, "ids", problem.ids) },
    table: { buffer: upload(gpu, "table", problem.table) },
    linear: { buffer: upload(gpu, "linear", problem.linear) },
    e: { buffer: upload(gpu, "e", Float32Array.from(problem.embeddings)) },
    dLogits: { buffer: upload(gpu, "dLogits", problem.dLogits) },
  };
  const rowBytes = 4 * DIM * OCCURRENCES;
  const copy = {
    name: "copy",
    shape: SHAPE,
    bytes: 2 * rowBytes,
    build: ({ e }: Leaves) => [apply(copyOp, [e], null)],
  };
  const copyMs = await measure(gpu, places, copy, [problem.embeddings]);
  const ceiling = copy.bytes / copyMs / 1e6;
  const rows: BenchRow[] = [{ name: copy.name, shape: SHAPE, ms: copyMs, gbps: ceiling, ceiling: 1 }];
  for (const bench of casesOf(problem)) {
    const ms = await measure(gpu, places, bench, bench.expected);
    const gbps = bench.bytes / ms / 1e6;
    const gflops = bench.flops && bench.flops / ms / 1e6;
    rows.push({ name: bench.name, shape: bench.shape, ms, gbps, gflops, ceiling: gbps / ceiling });
  }
  rows.push({
    name: "sort of occurrences on the host",
    shape: `${OCCURRENCES} of 20 bits`,
    ms: timeHostSort(problem.ids),
    note: "one thread",
  });
  for (const { buffer } of Object.values(places)) buffer.destroy();
  return rows;
}
