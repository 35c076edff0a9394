import { Graph, type Mode } from "../../../src/graph/graph.ts";
import { dice } from "../../../src/ops/dense/dice.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { download, upload } from "../../../src/gpu/memory.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { run } from "../../run.ts";
import { assertClose, checkOp, gpu, randomArray, runOp, step } from "../../support.ts";

const EPS = 1e-9;

interface Case {
  batch: number;
  places?: number;
  columns: number;
  rows?: number;
  mode?: Mode;
}

/** y = x (p + (1 - p) slope) with the statistics of the valid rows, or given ones. */
function reference(
  { x, slope, mean, variance }: Record<string, Float64Array>,
  { places = 1, columns, rows = 0, mode }: Case,
): Float64Array {
  const valid = rows * places;
  const column = (n: number) => Array.from({ length: valid }, (_, row) => x[row * columns + n]);
  const [means, variances] = mode === "predict"
    ? [mean, variance]
    : [new Float64Array(columns), new Float64Array(columns)];
  for (let n = 0; mode !== "predict" && n < columns; n++) {
    means[n] = column(n).reduce((sum, value) => sum + value, 0) / valid;
    variances[n] = column(n).reduce((sum, value) => sum + (value - means[n]) ** 2, 0) / valid;
  }
  return x.map((value, i) => {
    const n = i % columns;
    const p = 1 / (1 + Math.exp(-(value - means[n]) / Math.sqrt(variances[n] + EPS)));
    return value * (p + (1 - p) * slope[n]);
  });
}

function check({ batch, places, columns, rows = batch, mode }: Case): Promise<void> {
  return checkOp({
    inputs: {
      x: places ? ["B", places, columns] : ["B", columns],
      slope: [columns],
      mean: [columns],
      variance: [columns],
    },
    ...{ batch, rows, mode },
    prepare: { variance: (values) => values.map((value) => 1.5 + value) },
    build: ({ x, slope, mean, variance }) => dice(x, slope, mean, variance, { eps: EPS, momentum: 0.01 }),
    reference: (inputs) => reference(inputs, { batch, places, columns, rows, mode }),
    atol: 4e-6,
  });
}

const CASES: Case[] = [
  { batch: 37, columns: 17 },
  { batch: 37, columns: 4, rows: 20 },
  { batch: 9, places: 5, columns: 3, rows: 6 },
  { batch: 5, places: 300, columns: 2 },
  { batch: 3, places: 23, columns: 35, rows: 2 },
  { batch: 37, columns: 6, mode: "predict" },
];

for (const sizes of CASES) {
  Deno.test(`dice matches its reference and central differences: ${JSON.stringify(sizes)}`, () => check(sizes));
}

for (const kernels of ["apart", "merged"]) {
  Deno.test(`dice by ${kernels} kernels moves the running statistics towards those of the valid rows`, async () => {
    const [batch, rows, columns, momentum] = [90, 80, 5, 0.25];
    const x = randomArray(2 * batch * columns, 3);
    const device = await gpu();
    const graph = new Graph("train");
    const inputs = ["slope", "mean", "variance"].map((name) => graph.input(name, [columns]));
    const y = dice(graph.input("x", ["B", 2, columns]), inputs[0], inputs[1], inputs[2], { eps: EPS, momentum });
    const first = randomArray(columns, 4).map((value) => Math.fround(2 + value));
    const ranges = Object.fromEntries(
      ["mean", "variance"].map((name) => [name, { buffer: upload(device, name, Float32Array.from(first)) }]),
    );
    const numbers = { x: Float32Array.from(x), slope: new Float32Array(columns) };
    await run([y], { batch, steps: [step(rows)], inputs: numbers, ranges, kernels });
    const count = 2 * rows;
    const means = first.map((_, n) => x.subarray(0, count * columns).reduce(sumOf(n), 0) / count);
    const variances = first.map((_, n) =>
      x.subarray(0, count * columns).map((value) => (value - means[n]) ** 2).reduce(sumOf(n), 0) / (count - 1)
    );
    for (const [name, of] of [["mean", means], ["variance", variances]] as const) {
      const moved = new Float32Array(await download(device, ranges[name].buffer, 4 * columns));
      assertClose(moved, first.map((value, n) => value + momentum * (of[n] - value)), name);
    }
    function sumOf(n: number): (sum: number, value: number, i: number) => number {
      return (sum, value, i) => i % columns === n ? sum + value : sum;
    }
  });
}

Deno.test("dice by both kernels is the same over more slices than are loaded at a time", async () => {
  const check = {
    inputs: { x: ["B" as const, 9, 3], slope: [3], mean: [3], variance: [3] },
    ...{ batch: 300, rows: 280 },
    build: ({ x, slope, mean, variance }: Record<string, Tensor>) =>
      dice(x, slope, mean, variance, { eps: EPS, momentum: 0.01 }),
  };
  const [apart, merged] = [await runOp({ ...check, kernels: "apart" }), await runOp({ ...check, kernels: "merged" })];
  assertClose(merged.y.subarray(0, merged.valid), Float64Array.from(apart.y.subarray(0, apart.valid)), "y");
  for (const name of ["x", "slope"]) {
    assertClose(merged.gradients.get(name)!, Float64Array.from(apart.gradients.get(name)!), name);
  }
});

Deno.test("on a GPU dice takes two dispatches each way", async () => {
  const { labels } = await runOp({
    inputs: { x: ["B", 6], slope: [6], mean: [6], variance: [6] },
    batch: 9,
    software: false,
    build: ({ x, slope, mean, variance }) => dice(x, slope, mean, variance, { eps: EPS, momentum: 0.01 }),
  });
  assertEquals(labels, ["moments", "apply", "sums", "gradient"].map((entry) => `dice_merged.${entry}`));
});

Deno.test("dice refuses parameters of another width", () => {
  const graph = new Graph("train");
  const [x, six, flat] = [graph.input("x", ["B", 4]), graph.input("six", [6]), graph.input("flat", [2, 4])];
  const settings = { eps: EPS, momentum: 0.01 };
  assertThrows(() => dice(x, six, six, six, settings), TypeError, "shape [4], received [6]");
  assertThrows(() => dice(flat, six, six, six, settings), TypeError, "parameters must have shape [4], received [6]");
});
