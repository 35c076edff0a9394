import { assert, assertEquals, assertThrows } from "@std/assert";
import { Graph } from "../../../src/graph/graph.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { kernelsOf } from "../../../src/kernels/set.ts";
import { fieldProductKernel } from "../../../src/ops/interaction/field_kernels.ts";
import { cinLayer } from "../../../src/ops/interaction/cin.ts";
import { cropDimensions, padDimensions } from "../../../src/ops/interaction/field_padding.ts";
import { fieldDense } from "../../../src/ops/interaction/field_dense.ts";
import { cinReference, poolReference } from "../../reference/cin.ts";
import { assertClose, checkOp, gpu, type OpResults, runOp } from "../../support.ts";

/** Variants that the tests' device can run. */
const VARIANTS = kernelsOf(await gpu()).fitting(fieldProductKernel, { columns: 1, terms: 1, outs: 1 })
  .map(({ name }) => name);

const shapes = [[37, 5, 3, 6, 4], [5, 3, 4, 17, 17], [1, 1, 1, 1, 1], [3, 7, 5, 9, 10], [2, 9, 9, 33, 8]];

for (const [batch, left, right, outs, dim] of shapes) {
  const sizes = { left, right, outs, dim };
  const inputs = { x: ["B", left, dim], y: ["B", right, dim], w: [left * right, outs], bias: [outs] } as const;
  const layer = (relu: boolean, { x, y, w, bias }: Record<string, Tensor>) =>
    cinLayer(padDimensions(x), padDimensions(y), w, bias, { dim, relu });
  for (const relu of [false, true]) {
    Deno.test(`cin [${batch}, ${left}, ${dim}] x ${right} to ${outs} ${relu ? "with relu " : ""}matches the reference`, () =>
      checkOp({
        inputs,
        batch,
        build: (tensors) => cropDimensions(layer(relu, tensors).next, dim),
        reference: (values) => cinReference(values as Parameters<typeof cinReference>[0], sizes, relu),
      }));
  }
  Deno.test(`cin [${batch}, ${left}, ${dim}] x ${right} to ${outs} pooled over dimensions matches the reference`, () =>
    checkOp({
      inputs,
      batch,
      build: (tensors) => layer(false, tensors).pooled,
      reference: (values) =>
        poolReference(cinReference(values as Parameters<typeof cinReference>[0], sizes, false), dim),
    }));
}

for (const [batch, fields, outs, dim] of [[37, 5, 6, 4], [3, 4, 5, 17], [1, 1, 1, 1], [2, 9, 17, 8]]) {
  const sizes = { left: fields, right: fields, outs, dim };
  Deno.test(`cin of [${batch}, ${fields}, ${dim}] with itself, folded by symmetry, matches the reference`, () =>
    checkOp({
      inputs: { x: ["B", fields, dim], w: [fields * fields, outs], bias: [outs] },
      batch,
      build: ({ x, w, bias }) => {
        const padded = padDimensions(x);
        return cropDimensions(cinLayer(padded, padded, w, bias, { dim, relu: true }).next, dim);
      },
      reference: ({ x, w, bias }) => cinReference({ x, y: x, w, bias }, sizes, true),
    }));
}

for (const [batch, left, right, outs, dim] of [[5, 3, 5, 11, 10], [3, 5, 5, 6, 4]]) {
  Deno.test(`cin of ${left} x ${right} fields matches the reference`, () =>
    checkOp({
      inputs: { x: ["B", left, dim], w: [left * right, outs], bias: [outs], y: ["B", right, dim] },
      batch,
      build: ({ x, y, w, bias }) => {
        const first = padDimensions(x);
        const other = left === right ? first : padDimensions(y);
        return cropDimensions(cinLayer(first, other, w, bias, { dim, relu: false }).next, dim);
      },
      reference: ({ x, y, w, bias }) =>
        cinReference({ x, y: left === right ? x : y, w, bias }, { left, right, outs, dim }, false),
    }));
}

for (const [batch, fields, outs, dim] of [[37, 5, 6, 4], [3, 4, 17, 17], [1, 1, 1, 1]]) {
  Deno.test(`fieldDense of [${batch}, ${fields}, ${dim}] to ${outs} matches the reference`, () =>
    checkOp({
      inputs: { x: ["B", fields, dim], w: [fields, outs] },
      batch,
      build: ({ x, w }) => fieldDense(x, w),
      reference: ({ x, w }) => {
        const ones = { y: new Float64Array(batch * dim).fill(1), bias: new Float64Array(outs) };
        return cinReference({ x, w, ...ones }, { left: fields, right: 1, outs, dim }, false);
      },
    }));
}

for (const [left, right, outs] of [[6, 6, 20], [9, 5, 66]]) {
  Deno.test(`cin of ${left} x ${right} fields to ${outs} maps has the same gradients by tiles and splits of a GPU`, async () => {
    const run = (software: boolean | undefined): Promise<OpResults> =>
      runOp({
        software,
        inputs: { x: ["B", left, 8], w: [left * right, outs], bias: [outs], y: ["B", right, 8] },
        batch: 130,
        build: ({ x, y, w, bias }) => cinLayer(x, left === right ? x : y, w, bias, { dim: 8, relu: false }).next,
      });
    const [expected, actual] = [await run(undefined), await run(false)];
    assertClose(actual.y, expected.y, "y");
    for (const [name, gradient] of expected.gradients) {
      assertClose(actual.gradients.get(name)!, gradient, `d${name}`, { rtol: 2e-5 });
    }
    assert(actual.labels.includes("matmul_splits.sum"));
  });
}

Deno.test("cin refuses weights that do not fit its fields", () => {
  const graph = new Graph("train");
  const x = graph.input("x", ["B", 3, 4]);
  assertThrows(
    () => cinLayer(x, x, graph.input("w", [8, 5]), graph.input("bias", [5]), { dim: 4, relu: false }),
    TypeError,
    "Cannot build cin: weight must have shape [9, H], received [8, 5]",
  );
});

for (const maps of [9, 20]) {
  Deno.test(`cin of ${maps} maps from several images equals cin from buffers, to the bit`, async () => {
    const run = (kernels: string): Promise<OpResults> =>
      runOp({
        inputs: { x: ["B", 6, 8], w: [24, maps], bias: [maps], y: ["B", 4, 8] },
        batch: 60_000,
        kernels,
        build: ({ x, y, w, bias }) => cinLayer(x, y, w, bias, { dim: 8, relu: true }).next,
      });
    const fromBuffers = await run("buffers");
    for (const variant of VARIANTS.filter((name) => /images|shared/.test(name))) {
      const fromImages = await run(variant);
      assertEquals(fromImages.labels.filter((label) => label === "field_product_blocks.product").length, 5);
      assertEquals(fromImages.y, fromBuffers.y, variant);
      assertEquals(fromImages.gradients, fromBuffers.gradients, variant);
    }
  });
}
