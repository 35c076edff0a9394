import {
  emitMatrices,
  emitMatrixBackward,
  emitMatrixProducts,
  matrixElements,
  matrixProduct,
  matrixSum,
  partialMatrices,
} from "../../../src/ops/interaction/pair_matrix.ts";
import { createBuffer, download, upload } from "../../../src/gpu/memory.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { applyAll } from "../../../src/graph/node.ts";
import { Plan } from "../../../src/graph/plan.ts";
import { type Shape, sizeOf } from "../../../src/graph/tensor.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { groupSums, matrixElementsReference } from "../../reference/pairs.ts";
import { assertClose, checkOp, deviceFor, noStorage, randomArray, step } from "../../support.ts";

Deno.test("the kernels for GPUs compute the same gradient of products through matrices", () =>
  checkOp({
    inputs: { e: ["B", 5, 8], w: [10, 8, 8] },
    batch: 37,
    software: false,
    build: ({ e, w }) => matrixElements(e, w),
    reference: ({ e, w }) => matrixElementsReference(e, 5, 8, w),
  }));

const shapes = [[37, 5, 8], [5, 3, 17], [1, 2, 1], [9, 4, 10], [2, 12, 4]];

for (const [batch, fields, dim] of [...shapes, [37, 2, 16], [70, 3, 5], [3, 3, 20]]) {
  const pairs = fields * (fields - 1) / 2;
  const sizes = `batch ${batch}, ${fields} fields, D ${dim}`;
  const inputs = { e: ["B", fields, dim] as const, w: [pairs, dim, dim] };

  Deno.test(`products through matrices and their gradients match the reference at ${sizes}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ e, w }) => matrixProduct(e, w),
      reference: ({ e, w }) => groupSums(matrixElementsReference(e, fields, dim, w), dim),
    }));

  Deno.test(`the sum of products through matrices matches the reference at ${sizes}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ e, w }) => matrixSum(e, w),
      reference: ({ e, w }) => groupSums(matrixElementsReference(e, fields, dim, w), dim * pairs),
    }));

  Deno.test(`element products through matrices match the reference at ${sizes}`, () =>
    checkOp({
      inputs,
      batch,
      build: ({ e, w }) => matrixElements(e, w),
      reference: ({ e, w }) => matrixElementsReference(e, fields, dim, w),
    }));
}

Deno.test("the sum of products of more samples than a tile has and of three lanes matches the reference", () =>
  checkOp({
    inputs: { e: ["B", 4, 12], w: [6, 12, 12] },
    ...{ batch: 150, sampled: 40 },
    build: ({ e, w }) => matrixSum(e, w),
    reference: ({ e, w }) => groupSums(matrixElementsReference(e, 4, 12, w), 6 * 12),
  }));

/** Computes element products and both gradients, some pairs at a time, from images or buffers. */
async function windows([batch, fields, dim, pairs]: number[], kernels: string) {
  // Kernels that read images are those of a processor's driver, which a GPU can run as well.
  const device = await deviceFor({ kernels, software: true });
  const graph = new Graph("train");
  const all = fields * (fields - 1) / 2;
  const count = Math.ceil(all / pairs);
  const inputs = { e: ["B", fields, dim], w: [all, dim, dim], g: ["B", pairs * dim] } satisfies Record<string, Shape>;
  const tensors = Object.entries(inputs).map(([name, shape]) => graph.input(name, shape));
  const values = Object.values(inputs).map((shape, i) => Float32Array.from(randomArray(sizeOf(shape, batch), i + 1)));
  const outputs = applyAll(
    {
      name: "windows",
      outputs: ([e, w, g]) => [e.shape, w.shape, partialMatrices({ fields, dim, first: 0, pairs }), g.shape],
      emit: (k, { inputs: [e, weight, g], outputs: [de, dweight, partial, r] }) => {
        for (let i = 0; i < count; i++) {
          const window = { fields, dim, first: i * pairs, pairs };
          emitMatrixProducts(k, window, { e, weight, r });
          emitMatrixBackward(k, window, { e, weight, g, de }, i > 0);
          emitMatrices(k, window, { e, g, dweight, partial });
        }
      },
    },
    tensors,
    null,
  ).filter((_, i) => i !== 2);
  const bytes = outputs.map(({ shape }) => 4 * sizeOf(shape, batch));
  const buffers = bytes.map((size, i) => createBuffer(device, `output${i}`, size));
  const plan = await Plan.create(device, {
    name: "windows",
    batch,
    outputs,
    inputs: Object.fromEntries(
      Object.keys(inputs).map((name, i) => [name, { buffer: upload(device, name, values[i]) }]),
    ),
    pinned: new Map(outputs.map((output, i) => [output, { buffer: buffers[i] }])),
    storage: noStorage,
  });
  plan.run([step(batch)]);
  const results = await Promise.all(buffers.map((buffer, i) => download(device, buffer, bytes[i])));
  const { labels } = plan.describe();
  plan.destroy();
  return { results: results.map((result) => new Float32Array(result)), labels };
}

for (const shape of [[37, 5, 8, 4], [19, 6, 3, 7], [16_500, 4, 16, 4]]) {
  const [batch, fields, dim, pairs] = shape;
  Deno.test(`windows of ${pairs} pairs from images equal those from buffers at batch ${batch}, ${fields} fields, D ${dim}`, async () => {
    const [fromBuffers, fromImages] = [await windows(shape, "gpu"), await windows(shape, "images")];
    assert(fromImages.labels.includes("pair_matrix_images.slices"));
    ["de", "dweight", "r"].forEach((name, i) => assertClose(fromImages.results[i], fromBuffers.results[i], name));
    assertEquals((await windows(shape, "images")).results, fromImages.results);
  });
}

Deno.test("matrices too wide for the kernels that read images are read from buffers", async () => {
  const { labels } = await windows([3, 3, 21, 3], "images");
  assertEquals(labels.filter((label) => label.startsWith("pair_matrix_images")), []);
});

Deno.test("matrices of another shape are refused", () => {
  const graph = new Graph("train");
  const e = graph.input("e", ["B", 4, 8]);
  assertThrows(
    () => matrixSum(e, graph.input("w", [6, 8])),
    TypeError,
    "Cannot build matrixSum: matrices must have shape [6, 8, 8], received [6, 8]",
  );
});
