import { assertEquals, assertThrows } from "@std/assert";
import { createBuffer, download, upload } from "../../../src/gpu/memory.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { Plan } from "../../../src/graph/plan.ts";
import { type Shape, sizeOf, type Tensor } from "../../../src/graph/tensor.ts";
import { matmul, matmulNt, matmulTn } from "../../../src/ops/dense/matmul.ts";
import { kernelsOf } from "../../../src/kernels/set.ts";
import { productKernel } from "../../../src/ops/dense/matmul_kernels.ts";
import { matmulReference } from "../../reference/matmul.ts";
import { assertClose, checkOp, deviceFor, gpu, randomArray, step } from "../../support.ts";

/** Variants that the tests' device can run. */
const VARIANTS = kernelsOf(await gpu()).fitting(productKernel, { m: 1, n: 1, k: 1 }).map(({ name }) => name);

/** Sizes [M, K, N] whose gradients are checked: rows in fours and not, vectors on either side, a single row. */
const SMALL: readonly (readonly [number, number, number])[] = [
  [37, 8, 12],
  [1, 4, 4],
  [37, 7, 6],
  [5, 1, 9],
  [19, 10, 1],
  [1, 3, 1],
];

/** Sizes past the edges of blocks and tiles, whose products alone are checked. */
const LARGE: readonly (readonly [number, number, number])[] = [
  [130, 68, 72],
  [67, 39, 70],
  [33, 200, 5],
  [1, 390, 17],
  [100, 1, 66],
  [65, 390, 1],
];

async function compute(
  inputs: Record<string, Shape>,
  batch: number,
  build: (tensors: Tensor[]) => Tensor,
  kernels?: string,
): Promise<{ y: Float32Array; values: Float64Array[] }> {
  const device = await deviceFor({ kernels });
  const graph = new Graph("predict");
  const names = Object.keys(inputs);
  const values = names.map((name, i) => randomArray(sizeOf(inputs[name], batch), i + 1));
  const buffers = values.map((numbers, i) => upload(device, names[i], Float32Array.from(numbers)));
  const y = build(names.map((name) => graph.input(name, inputs[name])));
  const result = createBuffer(device, "result", 4 * sizeOf(y.shape, batch));
  const plan = await Plan.create(device, {
    name: "product",
    batch,
    outputs: [y],
    inputs: Object.fromEntries(names.map((name, i) => [name, { buffer: buffers[i] }])),
    pinned: new Map([[y, { buffer: result }]]),
    storage: {
      parameter: ({ name }) => {
        throw new Error(`unexpected parameter ${name}`);
      },
      shards: () => [],
    },
  });
  plan.run([step(batch)]);
  const numbers = new Float32Array(await download(device, result, 4 * sizeOf(y.shape, batch)));
  plan.destroy();
  for (const buffer of [...buffers, result]) buffer.destroy();
  return { y: numbers, values };
}

for (const [m, k, n] of SMALL) {
  const sizes = `${m}x${k}x${n}`;
  Deno.test(`matmul and its gradients match the reference at ${sizes}`, () =>
    checkOp({
      inputs: { a: ["B", k], b: [k, n] },
      batch: m,
      build: ({ a, b }) => matmul(a, b),
      reference: ({ a, b }) => matmulReference(a, b, [m, k, n]),
    }));
  Deno.test(`matmulNt and its gradients match the reference at ${sizes}`, () =>
    checkOp({
      inputs: { a: ["B", k], b: [n, k] },
      batch: m,
      build: ({ a, b }) => matmulNt(a, b),
      reference: ({ a, b }) => matmulReference(a, b, [m, k, n], false, true),
    }));
  Deno.test(`matmulTn and its gradients match the reference at ${sizes}`, () =>
    checkOp({
      inputs: { a: ["B", m], b: ["B", n] },
      batch: k,
      build: ({ a, b }) => matmulTn(a, b),
      reference: ({ a, b }) => matmulReference(a, b, [m, k, n], true),
    }));
}

for (const variant of VARIANTS) {
  for (const [m, k, n] of LARGE) {
    Deno.test(`products past the edges of a block or tile match the reference at ${m}x${k}x${n}, ${variant}`, async () => {
      const nn = await compute({ a: ["B", k], b: [k, n] }, m, ([a, b]) => matmul(a, b), variant);
      assertClose(nn.y, matmulReference(nn.values[0], nn.values[1], [m, k, n]), "nn");
      const nt = await compute({ a: ["B", k], b: [n, k] }, m, ([a, b]) => matmulNt(a, b), variant);
      assertClose(nt.y, matmulReference(nt.values[0], nt.values[1], [m, k, n], false, true), "nt");
      // The batch is the sum's length here.
      const tn = await compute({ a: ["B", k], b: ["B", n] }, m, ([a, b]) => matmulTn(a, b), variant);
      assertClose(tn.y, matmulReference(tn.values[0], tn.values[1], [k, m, n], true), "tn");
    });
  }

  Deno.test(`a sum over 1,600 rows is split into slices and equal bit for bit when repeated, ${variant}`, async () => {
    const run = () => compute({ a: ["B", 12], b: ["B", 20] }, 1600, ([a, b]) => matmulTn(a, b), variant);
    const [first, second] = [await run(), await run()];
    assertClose(first.y, matmulReference(first.values[0], first.values[1], [12, 1600, 20], true), "tn");
    assertEquals(first.y, second.y);
  });

  Deno.test(`all sizes but the last count as rows, ${variant}`, async () => {
    const { y, values } = await compute(
      { a: ["B", 5, 6], b: [6, 8] },
      9,
      ([a, b]) => matmul(a, b),
      variant,
    );
    assertClose(y, matmulReference(values[0], values[1], [45, 6, 8]), "y");
  });
}

for (const variant of VARIANTS.filter((name) => name === "images8" || name.startsWith("shared"))) {
  Deno.test(`products whose factors fill several images match the reference, ${variant}`, async () => {
    const [m, k, n] = [2100, 1028, 8];
    const nn = await compute({ a: ["B", k], b: [k, n] }, m, ([a, b]) => matmul(a, b), variant);
    assertClose(nn.y, matmulReference(nn.values[0], nn.values[1], [m, k, n]), "nn");
    const tn = await compute({ a: ["B", k], b: ["B", n] }, m, ([a, b]) => matmulTn(a, b), variant);
    assertClose(tn.y, matmulReference(tn.values[0], tn.values[1], [k, m, n], true), "tn");
  });
}

Deno.test("all register blocks add in the same order and so give equal bits", async () => {
  const run = (variant: string) => compute({ a: ["B", 37], b: [37, 20] }, 53, ([a, b]) => matmul(a, b), variant);
  const { y } = await run("blocks8");
  const others = VARIANTS.filter((name) => !name.endsWith("tiles"));
  for (const variant of others) assertEquals((await run(variant)).y, y, variant);
});

Deno.test("tiles of both sizes add in the same order and so give equal bits, in splits, too", async () => {
  const plain = (variant: string) => compute({ a: ["B", 37], b: [37, 68] }, 140, ([a, b]) => matmul(a, b), variant);
  assertEquals((await plain("small_tiles")).y, (await plain("tiles")).y);
  const split = (variant: string) => compute({ a: ["B", 36], b: ["B", 20] }, 900, ([a, b]) => matmulTn(a, b), variant);
  assertEquals((await split("small_tiles")).y, (await split("tiles")).y);
});

Deno.test("more than 65,535 tiles fold into a grid that leaves no tile out and none twice", async () => {
  const n = 64 * 65_537;
  const { y, values: [a, b] } = await compute(
    { a: ["B", 2], b: [2, n] },
    1,
    ([a, b]) => matmul(a, b),
    "tiles",
  );
  assertClose(y, b.subarray(0, n).map((value, i) => a[0] * value + a[1] * b[n + i]), "y");
});

Deno.test("the kernels that suit the device compute the same product", async () => {
  const { y, values } = await compute({ a: ["B", 24], b: [24, 20] }, 37, ([a, b]) => matmul(a, b));
  assertClose(y, matmulReference(values[0], values[1], [37, 24, 20]), "y");
});

Deno.test("products refuse operands whose sizes do not meet", () => {
  const graph = new Graph("train");
  const a = graph.input("a", ["B", 4]);
  const b = graph.input("b", [5, 6]);
  assertThrows(() => matmul(a, b), TypeError, "b must have shape [4, N], received [5, 6]");
  assertThrows(() => matmulNt(a, b), TypeError, "b must have shape [N, 4], received [5, 6]");
  assertThrows(() => matmulTn(a, b), TypeError, "b must have the rows of [B, 4], received [5, 6]");
  assertThrows(() => matmul(graph.input("c", [4]), b), TypeError, "inputs must be matrices of known width");
});
