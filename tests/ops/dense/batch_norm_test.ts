import { createBuffer, download, upload } from "../../../src/gpu/memory.ts";
import { Graph, type Mode } from "../../../src/graph/graph.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { batchNorm, type BatchNormOptions } from "../../../src/ops/dense/batch_norm.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { batchNorm as reference, moments, normalize } from "../../reference/batch_norm.ts";
import { run } from "../../run.ts";
import { assertClose, checkOp, gpu, randomArray, step } from "../../support.ts";

interface Case extends BatchNormOptions {
  batch: number;
  columns: number;
  /** Places of a row; the reference takes them for rows. */
  places?: number;
  rows?: number;
  mode?: Mode;
  x?: (values: Float64Array) => Float64Array;
}

function build(options: BatchNormOptions): (inputs: Record<string, Tensor>) => Tensor {
  return ({ x, gamma, beta, mean, variance }) => batchNorm(x, gamma, beta, mean, variance, options);
}

function check({ batch, columns, places, rows = batch, mode = "train", x, ...options }: Case): Promise<void> {
  const positive = (values: Float64Array): Float64Array => values.map((value) => 1.5 + value);
  const expected = { columns, rows: rows * (places ?? 1), ...options };
  return checkOp({
    inputs: {
      x: places ? ["B", places, columns] : ["B", columns],
      gamma: [columns],
      beta: [columns],
      mean: [columns],
      variance: [columns],
    },
    batch,
    rows,
    mode,
    prepare: { gamma: positive, variance: positive, ...(x && { x }) },
    build: build(options),
    reference: (inputs) =>
      mode === "train"
        ? reference(inputs, expected)
        : normalize(inputs, inputs as never, { ...expected, dropout: undefined }),
    rtol: 2e-5,
    atol: 4e-6,
  });
}

for (const [batch, columns, rows] of [[37, 1, 20], [37, 6, 36], [37, 16, 20], [37, 17, 9], [5, 400, 3]]) {
  Deno.test(`batchNorm of [${batch}, ${columns}] matches its reference and central differences`, () =>
    check({ batch, columns }));
  Deno.test(`batchNorm of ${rows} valid rows of [${batch}, ${columns}] ignores padding`, () =>
    check({ batch, columns, rows }));
}

for (const [batch, places, columns, rows] of [[37, 5, 6, 37], [37, 3, 16, 20], [1, 7, 5, 1]]) {
  Deno.test(`batchNorm counts all places of ${rows} valid rows of [${batch}, ${places}, ${columns}]`, () =>
    check({ batch, places, columns, rows }));
}

Deno.test("batchNorm of a batch of one row is beta, with no gradient by the input", () =>
  check({ batch: 1, columns: 6 }));
Deno.test("batchNorm of one valid row in a larger batch is beta", () => check({ batch: 37, columns: 8, rows: 1 }));
Deno.test("batchNorm folds more slices than one share of the merge", () => check({ batch: 300, columns: 5 }));

for (const activation of ["relu", "sigmoid", "tanh", "leaky_relu"] as const) {
  Deno.test(`batchNorm applies ${activation} and dropout in the same kernel`, () =>
    check({ batch: 37, columns: 20, rows: 30, activation, dropout: { rate: 0.25, salt: 7 } }));
}
Deno.test("batchNorm applies relu to a width that four does not divide", () =>
  check({ batch: 37, columns: 17, activation: "relu", dropout: { rate: 0.5, salt: 2 } }));

Deno.test("batchNorm in a predicting trace takes running statistics and drops nothing", () =>
  check({ batch: 37, columns: 16, mode: "predict", activation: "tanh", dropout: { rate: 0.5, salt: 2 } }));
Deno.test("batchNorm in a predicting trace handles a width of 17", () =>
  check({ batch: 5, columns: 17, rows: 4, mode: "predict", activation: "sigmoid" }));

interface Statistics {
  y: Float32Array;
  mean: Float32Array;
  variance: Float32Array;
}

async function runStatistics(x: Float64Array, columns: number, rows: number): Promise<Statistics> {
  const device = await gpu();
  const graph = new Graph("train");
  const size = [columns];
  const statistics = createBuffer(device, "statistics", 256 + 4 * columns);
  device.device.queue.writeBuffer(statistics, 0, new Float32Array(columns).fill(0.5));
  device.device.queue.writeBuffer(statistics, 256, new Float32Array(columns).fill(2));
  const range = (offset: number) => ({ buffer: statistics, offset, size: 4 * columns });
  const y = batchNorm(
    graph.input("x", ["B", columns]),
    graph.input("gamma", size),
    graph.input("beta", size),
    graph.input("mean", size),
    graph.input("variance", size),
  );
  const [bytes] = await run([y], {
    batch: x.length / columns,
    steps: [step(rows)],
    inputs: { x: Float32Array.from(x), gamma: new Float32Array(columns).fill(1), beta: new Float32Array(columns) },
    ranges: { mean: range(0), variance: range(256) },
  });
  const kept = new Float32Array(await download(device, statistics));
  return { y: new Float32Array(bytes), mean: kept.slice(0, columns), variance: kept.slice(64, 64 + columns) };
}

for (const [batch, columns, rows] of [[37, 16, 37], [37, 17, 20], [200, 3, 177]]) {
  Deno.test(`batchNorm moves running statistics by ${rows} valid rows of [${batch}, ${columns}]`, async () => {
    const x = randomArray(batch * columns, 4).map((value) => 3 + 2 * value);
    const { mean, variance } = await runStatistics(x, columns, rows);
    const batchOf = moments(x, columns, rows);
    assertClose(mean, batchOf.mean.map((value) => 0.9 * 0.5 + 0.1 * value), "running mean");
    assertClose(
      variance,
      batchOf.variance.map((value) => 0.9 * 2 + 0.1 * value * rows / (rows - 1)),
      "running variance",
    );
  });
}

Deno.test("batchNorm keeps the running variance when there is one row", async () => {
  const { mean, variance } = await runStatistics(Float64Array.of(1, 2, 3, 4), 4, 1);
  assertClose(mean, [0.55, 0.65, 0.75, 0.85], "running mean");
  assertEquals([...variance], [2, 2, 2, 2]);
});

Deno.test("batchNorm of a constant column is beta, limited by eps", async () => {
  const x = new Float64Array(37 * 4).fill(1234.5);
  const { y, variance } = await runStatistics(x, 4, 37);
  assert(y.every((value) => value === 0), `received ${y.find((value) => value !== 0)}`);
  assertClose(variance, [1.8, 1.8, 1.8, 1.8], "running variance");
});

Deno.test("batchNorm keeps the variance of columns far from 0", async () => {
  const x = randomArray(500 * 4, 6).map((value) => Math.fround(10000 + value));
  const { y } = await runStatistics(x, 4, 500);
  const ones = { x, gamma: new Float64Array(4).fill(1), beta: new Float64Array(4) };
  // The mean itself is rounded to a multiple of 2^-10.
  assertClose(y, reference(ones, { columns: 4, rows: 500 }), "y", { atol: 2e-3 });
});

Deno.test("batchNorm keeps the variance when the first row of a slice is an outlier", async () => {
  const x = randomArray(64 * 4, 6);
  x.fill(1e4, 0, 4);
  const { y } = await runStatistics(x, 4, 64);
  const ones = { x, gamma: new Float64Array(4).fill(1), beta: new Float64Array(4) };
  assertClose(y, reference(ones, { columns: 4, rows: 64 }), "y", { rtol: 1e-5 });
});

Deno.test("batchNorm gives the same bits twice", async () => {
  const x = randomArray(300 * 6, 8);
  const [first, second] = [await runStatistics(x, 6, 290), await runStatistics(x, 6, 290)];
  assertEquals(first, second);
});

Deno.test("batchNorm works on statistics that share one buffer across steps", async () => {
  const device = await gpu();
  const buffer = upload(device, "statistics", new Float32Array(128).fill(1));
  const graph = new Graph("train");
  const names = ["gamma", "beta", "mean", "variance"];
  const [gamma, beta, mean, variance] = names.map((name) => graph.input(name, [4]));
  const y = batchNorm(graph.input("x", ["B", 4]), gamma, beta, mean, variance, { momentum: 0.5 });
  const x = Float32Array.of(0, 0, 0, 0, 2, 4, 6, 8);
  await run([y], {
    batch: 2,
    steps: [step(2), step(2), step(2)],
    inputs: { x, gamma: new Float32Array(4), beta: new Float32Array(4) },
    ranges: { mean: { buffer, size: 16 }, variance: { buffer, offset: 256, size: 16 } },
  });
  const kept = new Float32Array(await download(device, buffer));
  assertClose(kept.subarray(0, 4), [1, 2, 3, 4].map((value) => value + (1 - value) / 8), "running mean");
  assertClose(kept.subarray(64, 68), [2, 8, 18, 32].map((value) => value + (1 - value) / 8), "running variance");
});

Deno.test("batchNorm refuses shapes and rates that do not fit", () => {
  const graph = new Graph("train");
  const [x, flat, six] = [graph.input("x", ["B", 4]), graph.input("flat", [2, 4]), graph.input("six", [6])];
  const four = graph.input("four", [4]);
  assertThrows(() => batchNorm(flat, four, four, four, four), TypeError, "[B, N] or [B, L, N], received [2, 4]");
  assertThrows(() => batchNorm(x, four, six, four, four), TypeError, "shape [4], received [6]");
  const dropout = { rate: 1, salt: 0 };
  assertThrows(() => batchNorm(x, four, four, four, four, { dropout }), RangeError, "received 1");
});
