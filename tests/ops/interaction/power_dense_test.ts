import { emit } from "../../../src/graph/emission.ts";
import { Graph, type Mode } from "../../../src/graph/graph.ts";
import { differentiate } from "../../../src/graph/autodiff.ts";
import { sizeOf, type Tensor } from "../../../src/graph/tensor.ts";
import { add } from "../../../src/ops/dense/add.ts";
import { loadKernels } from "../../../src/kernels/load.ts";
import { powerDense, type PowerDenseOptions } from "../../../src/ops/interaction/power_dense.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { moments } from "../../reference/batch_norm.ts";
import { type PowerCase, powerDenseReference, powersReference } from "../../reference/power_dense.ts";
import { paperGpu } from "../../paper_device.ts";
import { run } from "../../run.ts";
import { assertClose, checkOp, noStorage, randomArray, step } from "../../support.ts";

function shapesOf({ fields, dim, neurons, units }: PowerCase) {
  const size = [neurons];
  return {
    l: ["B" as const, fields, dim],
    w: [fields, neurons],
    gamma: size,
    beta: size,
    mean: size,
    variance: size,
    weight: [neurons * dim, units],
    bias: [units],
  };
}

function build(
  { l, w, gamma, beta, mean, variance, weight, bias }: Record<string, Tensor>,
  options?: PowerDenseOptions,
): Tensor {
  return powerDense(l, w, { gamma, beta, mean, variance }, weight, bias, options);
}

const positive = (values: Float64Array): Float64Array => values.map((value) => 1.5 + value);

function check(sizes: PowerCase, mode: Mode, columns?: number, software?: boolean): Promise<void> {
  return checkOp({
    inputs: shapesOf(sizes),
    batch: sizes.batch,
    rows: sizes.rows,
    mode,
    software,
    prepare: { gamma: positive, variance: positive },
    build: (inputs) => build(inputs, { columns }),
    reference: (inputs) => powerDenseReference(inputs, sizes, mode === "train"),
    rtol: 5e-5,
    atol: 1e-5,
  });
}

const cases: PowerCase[] = [
  { batch: 37, fields: 3, dim: 5, neurons: 6, units: 4 },
  { batch: 70, fields: 2, dim: 4, neurons: 9, units: 3, rows: 69 },
  { batch: 5, fields: 6, dim: 17, neurons: 5, units: 6 },
  { batch: 2, fields: 1, dim: 2, neurons: 1, units: 1 },
];

for (const sizes of cases) {
  const { batch, fields, dim, neurons, units, rows = batch } = sizes;
  const label = `${neurons} neurons of ${fields} fields, D ${dim}, to ${units} units, ${rows} of ${batch} rows`;
  for (const columns of [1024, 4 * dim]) {
    Deno.test(`powerDense of ${label}, ${columns} columns at a time, matches its reference`, () =>
      check(sizes, "train", columns));
  }
  Deno.test(`powerDense of ${label} takes running statistics in prediction`, () => check(sizes, "predict", 4 * dim));
  Deno.test(`powerDense of ${label} has the same result by the kernels for GPUs`, () =>
    check(sizes, "train", 8 * dim, false));
}

Deno.test("powerDense moves running statistics by the batch's", async () => {
  const sizes = { batch: 70, fields: 2, dim: 3, neurons: 6, units: 1 };
  const inputs = Object.fromEntries(
    Object.entries(shapesOf(sizes)).map(([name, shape], i) => {
      const size = shape.reduce<number>((product, side) => product * (side === "B" ? 70 : side), 1);
      return [name, randomArray(size, i + 1)];
    }),
  );
  inputs.gamma.fill(1);
  inputs.beta.fill(0);
  inputs.mean.fill(0.5);
  inputs.variance.fill(2);
  const graph = new Graph("train");
  const tensors = Object.fromEntries(
    Object.entries(shapesOf(sizes)).map(([name, shape]) => [name, graph.input(name, shape)]),
  );
  // Running statistics are inputs here, so a second layer that takes the moved mean for its beta shows them.
  const first = build(tensors);
  const second = build({ ...tensors, beta: tensors.mean });
  const floats = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Float32Array.from(data)]));
  const [before, after] = (await run([first, second], { batch: 70, steps: [step(70)], inputs: floats }))
    .map((bytes) => new Float32Array(bytes));
  const { mean } = moments(powersReference(inputs, sizes), 6, 210);
  let expected = 0;
  // The second layer moves the mean once more before it reads it.
  mean.forEach((value, n) => {
    for (let d = 0; d < 3; d++) expected += (0.81 * 0.5 + 0.19 * value) * inputs.weight[n * 3 + d];
  });
  const moved = after.map((value, i) => value - before[i]);
  assertClose(moved, moved.map(() => expected), "running mean", { rtol: 1e-5, atol: 1e-5 });
});

Deno.test("powerDense has the same bits each time, whatever the windows the same numbers", async () => {
  const sizes = { batch: 33, fields: 3, dim: 5, neurons: 40, units: 8 };
  const measure = async (columns: number): Promise<Float32Array[]> => {
    const graph = new Graph("train");
    const shapes = shapesOf(sizes);
    const tensors = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, graph.input(name, shape)]));
    const inputs = Object.fromEntries(
      Object.entries(shapes).map(([name, shape], i) => {
        const size = shape.reduce<number>((product, side) => product * (side === "B" ? 33 : side), 1);
        return [name, Float32Array.from(randomArray(size, i + 5), (value) => value + Number(name === "variance"))];
      }),
    );
    const y = build(tensors, { columns });
    const gradients = differentiate(y, y, add).inputs;
    const outputs = [y, ...["l", "w", "gamma", "beta", "weight", "bias"].map((name) => gradients.get(tensors[name])!)];
    const bytes = await run(outputs, { batch: 33, steps: [step(33)], inputs });
    return bytes.map((buffer) => new Float32Array(buffer));
  };
  const [wide, again, narrow] = [await measure(1024), await measure(1024), await measure(20)];
  assertEquals(wide, again);
  wide.forEach((numbers, i) => assertClose(narrow[i], numbers, `output ${i}`, { rtol: 1e-5 }));
  assert(wide.every((numbers) => numbers.some((value) => value !== 0)), "gradients must not vanish");
});

for (const kind of ["software", "gpu"] as const) {
  Deno.test(`powerDense binds no more on a device of kind ${kind} than suits it, however many neurons there are`, async () => {
    const [batch, units] = [80_000, 400];
    const sizes = { batch, fields: 10, dim: 10, neurons: 1000, units };
    const graph = new Graph("train");
    const tensors = Object.fromEntries(
      Object.entries(shapesOf(sizes)).map(([name, shape]) => [name, graph.input(name, shape)]),
    );
    const y = build(tensors);
    const gradients = differentiate(y, graph.input("dy", y.shape), add).inputs;
    const options = { name: "check", batch, outputs: [y, ...gradients.values()], storage: noStorage, inputs: {} };
    const device = paperGpu(kind);
    await loadKernels(device);
    const { scratch } = emit(device, options, graph.nodes);
    const all = [...graph.nodes.flatMap((node) => node.outputs), ...[...scratch.values()].flat()];
    const largest = Math.max(...all.map(({ shape }) => sizeOf(shape, batch)));
    if (kind === "software") assertEquals(largest, batch * units);
    else assert(largest > batch * units && 4 * largest <= 3 * 2 ** 27, `${4 * largest} bytes`);
  });
}

Deno.test("powerDense refuses tensors that do not fit", () => {
  const graph = new Graph("train");
  const l = graph.input("l", ["B", 3, 4]);
  const five = graph.input("five", [5]);
  const norm = { gamma: five, beta: five, mean: five, variance: five };
  const powers = graph.input("w", [3, 5]);
  const weight = graph.input("weight", [20, 2]);
  const bias = graph.input("bias", [2]);
  assertThrows(
    () => powerDense(l, graph.input("v", [4, 5]), norm, weight, bias),
    TypeError,
    "powers must have shape [3, N], received [4, 5]",
  );
  assertThrows(
    () => powerDense(l, powers, { ...norm, mean: graph.input("m", [4]) }, weight, bias),
    TypeError,
    "the norm must have shapes [5], received [4]",
  );
  assertThrows(
    () => powerDense(l, powers, norm, graph.input("u", [15, 2]), bias),
    TypeError,
    "weight must have shape [20, H], received [15, 2]",
  );
  assertThrows(
    () => powerDense(l, powers, norm, weight, five),
    TypeError,
    "bias must have shape [2], received [5]",
  );
});
