import { differentiate } from "../../../src/graph/autodiff.ts";
import { emit } from "../../../src/graph/emission.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { type Shape, sizeOf } from "../../../src/graph/tensor.ts";
import { add } from "../../../src/ops/dense/add.ts";
import { pairDense } from "../../../src/ops/interaction/pair_dense.ts";
import { pairElements } from "../../../src/ops/interaction/pair_elements.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { matrixElementsReference, pairElementsReference } from "../../reference/pairs.ts";
import { matmulReference } from "../../reference/matmul.ts";
import { paperGpu } from "../../paper_device.ts";
import { assertClose, checkOp, noStorage, runOp } from "../../support.ts";

for (const [batch, fields, dim] of [[37, 5, 8], [5, 4, 17], [1, 2, 1], [9, 3, 10], [1, 2, 4]]) {
  const pairs = fields * (fields - 1) / 2;
  const sizes = `batch ${batch}, ${fields} fields, D ${dim}`;

  Deno.test(`element products of pairs and their gradients match the reference at ${sizes}`, () =>
    checkOp({
      inputs: { u: ["B", fields, dim], x: ["B", fields, dim] },
      batch,
      build: ({ u, x }) => pairElements(u, x),
      reference: ({ u, x }) => pairElementsReference(u, x, fields, dim),
    }));

  for (
    const [columns, software] of [[4096, undefined], [3 * dim, undefined], [4096, false], [3 * dim, false]] as const
  ) {
    const where = software === false ? "on a GPU" : "on any device";
    Deno.test(`a dense layer over two sources, ${columns} columns at a time ${where}, matches the reference at ${sizes}`, () =>
      checkOp({
        software,
        inputs: {
          u: ["B", fields, dim],
          x: ["B", fields, dim],
          m: [pairs, dim, dim],
          w: [2 * pairs * dim, 4],
        },
        batch,
        rtol: 5e-5,
        build: ({ u, x, m, w }) => pairDense([{ left: u, right: x }, { e: x, matrices: m }], w, { columns }),
        reference: ({ u, x, m, w }) => {
          const width = pairs * dim;
          const shape = [batch, width, 4] as const;
          const first = matmulReference(pairElementsReference(u, x, fields, dim), w.subarray(0, width * 4), shape);
          const products = matrixElementsReference(x, fields, dim, m);
          const second = matmulReference(products, w.subarray(width * 4), shape);
          return first.map((value, i) => value + second[i]);
        },
      }));
  }
}

Deno.test("a batch of several slices gives in images what it gives in buffers", async () => {
  const run = (kernels: string) =>
    runOp({
      inputs: { u: ["B", 3, 4], x: ["B", 3, 4], w: [12, 8] },
      batch: 2050,
      kernels,
      build: ({ u, x, w }) => pairDense([{ left: u, right: x }], w),
    });
  const [inBuffers, inImages] = [await run("windows"), await run("images")];
  assertClose(inImages.y, inBuffers.y, "y");
  for (const [name, gradient] of inBuffers.gradients) assertClose(inImages.gradients.get(name)!, gradient, `d${name}`);
  assertEquals([...inBuffers.gradients.keys()], ["u", "x", "w"]);
});

Deno.test("the kernels for GPUs compute the same gradient of element products", () =>
  checkOp({
    inputs: { u: ["B", 5, 8], x: ["B", 5, 8] },
    batch: 37,
    software: false,
    build: ({ u, x }) => pairElements(u, x),
    reference: ({ u, x }) => pairElementsReference(u, x, 5, 8),
  }));

Deno.test("tensors that do not fit are refused", () => {
  const graph = new Graph("train");
  const e = graph.input("e", ["B", 4, 8]);
  assertThrows(() => pairElements(e, graph.input("x", ["B", 4, 9])), TypeError, "[B, 4, 8], received [B, 4, 9]");
  assertThrows(
    () => pairDense([{ left: e, right: e }], graph.input("w", [40, 2])),
    TypeError,
    "Cannot build pairDense: weight must have shape [48, N], received [40, 2]",
  );
  const wide = graph.input("x", ["B", 4, 9]);
  assertThrows(
    () => pairDense([{ left: e, right: e }, { left: e, right: wide }], graph.input("v", [96, 2])),
    TypeError,
    "Cannot build pairDense: a source must have shape [B, 4, 8], received [B, 4, 9]",
  );
});

Deno.test("windows of pairs on a GPU are no larger than what it binds", () => {
  const [batch, fields, dim] = [4096, 39, 16];
  for (const bytes of [2 ** 27, 2 ** 31]) {
    const graph = new Graph("train");
    const leaf = (name: string, shape: Shape) => graph.input(name, shape);
    const source = { left: leaf("u", ["B", fields, dim]), right: leaf("x", ["B", fields, dim]) };
    const y = pairDense([source], leaf("w", [fields * (fields - 1) / 2 * dim, 400]));
    const gradients = differentiate(y, leaf("dy", y.shape), add).inputs;
    const options = { name: "check", batch, outputs: [y, ...gradients.values()], storage: noStorage, inputs: {} };
    const { scratch } = emit(paperGpu("gpu", { maxStorageBufferBindingSize: bytes }), options, graph.nodes);
    const largest = Math.max(...[...scratch.values()].flat().map(({ shape }) => 4 * sizeOf(shape, batch)));
    assert(largest <= Math.min(bytes, 2 ** 28) && largest > 2 ** 26, `${largest} bytes`);
  }
});
