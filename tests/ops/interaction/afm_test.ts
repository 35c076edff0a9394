import { Graph } from "../../../src/graph/graph.ts";
import { attentionalPooling } from "../../../src/ops/interaction/afm.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { afmReference } from "../../reference/afm.ts";
import { dropoutScale } from "../../reference/pointwise.ts";
import { assertClose, checkOp, type OpRun, runOp } from "../../support.ts";

interface Sizes {
  batch: number;
  fields: number;
  dim: number;
  hidden: number;
  rate?: number;
  software?: boolean;
  kernels?: string;
}

function opOf({ batch, fields, dim, hidden, rate = 0, software, kernels }: Sizes): OpRun {
  return {
    inputs: { e: ["B", fields, dim], w: [dim, hidden], c: [hidden], h: [hidden, 1] },
    batch,
    software,
    kernels,
    // The kinks of relu are kept away from: there, central differences mean nothing.
    prepare: {
      e: (values) => values.map((value) => Math.abs(value) + 0.2),
      w: (values) => values.map((value, i) => (i % hidden === 1 ? -1 : 1) * (Math.abs(value) + 0.1)),
      c: (values) => values.map((value, a) => (a === 1 ? -0.1 : 0.1) * Math.abs(value)),
      h: (values) => values.map((value) => 3 * value),
    },
    build: ({ e, w, c, h }) => attentionalPooling(e, { weight: w, bias: c, head: h, dropout: { rate, salt: 7 } }).v,
  };
}

function check(sizes: Sizes): Promise<void> {
  const { rate = 0, fields, dim } = sizes;
  return checkOp({
    ...opOf(sizes),
    rtol: 5e-5,
    // The gradient of c cancels where all units are on.
    atol: 1e-5,
    reference: ({ e, w, c, h }) =>
      afmReference(e, { w, c, h, mask: (i) => (rate ? dropoutScale(rate, 7, i) : 1) }, fields, dim),
  });
}

for (const [batch, fields, dim, hidden] of [[37, 6, 8, 5], [3, 5, 17, 3], [1, 2, 1, 1], [5, 7, 10, 8], [2, 12, 4, 4]]) {
  for (const rate of [0, 0.3]) {
    const sizes = [batch, fields, dim, hidden];
    Deno.test(`attention over pairs matches the reference at ${sizes}, dropout ${rate}`, () =>
      check({ batch, fields, dim, hidden, rate }));
  }
}

for (const [batch, fields, dim, hidden] of [[37, 6, 8, 5], [1, 2, 1, 1], [5, 12, 10, 3]]) {
  Deno.test(`attention over pairs by shares, as on a GPU, matches it at ${[batch, fields, dim, hidden]}`, () =>
    check({ batch, fields, dim, hidden, rate: 0.3, software: false }));
}

for (
  const [batch, fields, dim, hidden] of [[70, 2, 1, 1], [2, 13, 16, 16], [2, 8, 12, 6], [3, 5, 6, 3], [2, 7, 3, 33]]
) {
  Deno.test(`attention over pairs in registers matches it at ${[batch, fields, dim, hidden]}`, () =>
    check({ batch, fields, dim, hidden, rate: 0.3, kernels: "registers" }));
}

Deno.test("attention over pairs from several images equals that from buffers", async () => {
  const sizes = { batch: 10_400, fields: 13, dim: 5, hidden: 18, rate: 0.3 };
  // Kernels that read images are those of a processor's driver, which a GPU can run as well.
  const fromBuffers = await runOp(opOf({ ...sizes, kernels: "gpu", software: true }));
  const fromImages = await runOp(opOf({ ...sizes, kernels: "images", software: true }));
  assertEquals(fromImages.labels.filter((label) => label === "afm_images.forward").length, 2);
  // The gradient of c cancels, here over many samples.
  const tolerance = { rtol: 2e-5, atol: 1e-4 };
  assertClose(fromImages.y, fromBuffers.y, "forward", tolerance);
  for (const [name, gradient] of fromImages.gradients) {
    assertClose(gradient, fromBuffers.gradients.get(name)!, `d${name}`, tolerance);
  }
});

Deno.test("attention over pairs in registers equals that in arrays where slices have several samples", async () => {
  const sizes = { batch: 1_100, fields: 13, dim: 6, hidden: 18, rate: 0.3 };
  const inArrays = await runOp(opOf({ ...sizes, kernels: "gpu", software: true }));
  const inRegisters = await runOp(opOf({ ...sizes, kernels: "registers", software: true }));
  const tolerance = { rtol: 2e-5, atol: 1e-4 };
  assertClose(inRegisters.y, inArrays.y, "forward", tolerance);
  for (const [name, gradient] of inRegisters.gradients) {
    assertClose(gradient, inArrays.gradients.get(name)!, `d${name}`, tolerance);
  }
});

Deno.test("attention over pairs refuses weights of other shapes", () => {
  const graph = new Graph("train");
  const e = graph.input("e", ["B", 4, 8]);
  const [weight, bias] = [graph.input("w", [8, 3]), graph.input("c", [3])];
  assertThrows(
    () => attentionalPooling(e, { weight: graph.input("v", [7, 3]), bias, head: bias }),
    TypeError,
    "weight must have shape [8, A], received [7, 3]",
  );
  assertThrows(
    () => attentionalPooling(e, { weight, bias, head: graph.input("h", [2]) }),
    TypeError,
    "must have shape [3], received [2]",
  );
});
